//! Every "no" of a door: its status tells the cause, since the metric plugin shows only the number; its body says what,
//! where and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::GateRefusal;
use serde_json::{Value, json};

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) enum Refusal {
    NoToken,
    WrongToken,
    NoSuchDoor,
    WrongMethod,
    TooLarge,
    TooSlow,
    Unreadable(String),
    Gate(GateRefusal),
    TookTooLong,
    NotYet,
    TooManyListeners,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::NoSuchDoor => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TookTooLong | Self::NotYet | Self::TooManyListeners => StatusCode::SERVICE_UNAVAILABLE,
            Self::Gate(refusal) => match refusal {
                GateRefusal::NamespaceNotWatched(_) | GateRefusal::RepositoryNotAllowed(_) => {
                    StatusCode::FORBIDDEN
                }
                GateRefusal::NoSuchRollout(_) | GateRefusal::NoCanary(_) => StatusCode::NOT_FOUND,
                GateRefusal::SameOnStable { .. } => StatusCode::CONFLICT,
                GateRefusal::TooLittle { .. } => StatusCode::TOO_EARLY,
                GateRefusal::Ours(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoToken => {
                "no token: send `Authorization: Bearer <token>`, or, for the metric plugin, use /t/<gate token> as agentUrl's path"
                    .to_owned()
            }
            Self::WrongToken => "wrong token: compare it with the one that [daemon] auth names".to_owned(),
            Self::NoSuchDoor => "no such path: POST /a2a/analyze or GET /v1/verdict/<namespace>/<rollout> asks about a canary".to_owned(),
            Self::WrongMethod => "wrong method: /a2a/analyze takes POST, every other path GET".to_owned(),
            Self::TooLarge => format!(
                "the body is larger than {} MiB: leave out the logs, they are read here",
                crate::LARGEST_BODY >> 20
            ),
            Self::TooSlow => "the body did not arrive in time: send it at once".to_owned(),
            Self::Unreadable(why) => why.clone(),
            Self::Gate(refusal) => format!("failed to {refusal}"),
            Self::TookTooLong => {
                "no answer in time: ask again; see the daemon's log for what it waits for".to_owned()
            }
            Self::NotYet => "no verdict yet: it is being worked on; ask again".to_owned(),
            Self::TooManyListeners => {
                "too many listen already: close a stream, or poll /a2a/events".to_owned()
            }
        }
    }
}

impl Refusal {
    /// Seconds after which it is worth asking again.
    fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::NotYet => Some("10"),
            Self::TooManyListeners => Some("30"),
            _ => None,
        }
    }

    fn body(&self, status: StatusCode) -> Value {
        let mut body = json!({ "error": self.sentence(), "status": status.as_u16() });
        if let (Self::NotYet, Some(body)) = (self, body.as_object_mut()) {
            body.insert("ready".to_owned(), Value::Bool(false));
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self.body(status))).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"rollmend\""));
        }
        response
    }
}
