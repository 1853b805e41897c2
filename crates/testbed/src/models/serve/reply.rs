//! How an answer goes out over the wire.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::models::asking::Delivery;
use crate::models::record::Shape;
use crate::models::refusal::Refusal;
use crate::models::script::Answer;
use crate::models::spoken::Spoken;
use crate::models::{anthropic, openai};
use crate::wire::hang_up;

/// How large the pieces of a long answer are, in bytes.
const PIECE: usize = 64 * 1024;

/// An answer.
pub(super) enum Reply {
    /// A model's.
    Spoken(Spoken, Delivery),
    /// A scripted failure.
    Failure(Answer),
    /// The provider's refusal.
    Refusal(Refusal),
    /// The request does not fit the script.
    Mismatch(Refusal),
}

impl Reply {
    /// Makes the HTTP answer; never resolves where the script says to hang.
    pub(super) async fn send(self, shape: Shape) -> Response {
        match self {
            Self::Spoken(spoken, delivery) => speak(shape, &spoken, delivery),
            Self::Failure(answer) => fail(shape, &answer).await,
            Self::Refusal(refusal) => refuse(&refusal),
            Self::Mismatch(refusal) => {
                let mut response = refuse(&refusal);
                // The providers' own clients do not repeat what is answered with this; nor would it help.
                response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
                response
            }
        }
    }
}

fn speak(shape: Shape, spoken: &Spoken, delivery: Delivery) -> Response {
    let id = ("request-id", "x-request-id");
    let id = if shape == Shape::Anthropic { id.0 } else { id.1 };
    let mut response = match (delivery, shape) {
        (Delivery::Whole, Shape::Anthropic) => json(StatusCode::OK, &anthropic::whole(spoken)),
        (Delivery::Whole, Shape::OpenAi | Shape::Azure) => json(StatusCode::OK, &openai::whole(spoken)),
        (_, Shape::Anthropic) => events(anthropic::stream(spoken)),
        (_, Shape::OpenAi | Shape::Azure) => events(openai::stream(spoken, delivery)),
    };
    if let Ok(value) = HeaderValue::try_from(format!("req_{}", spoken.id)) {
        response.headers_mut().insert(HeaderName::from_static(id), value);
    }
    response
}

/// An answer that no model makes.
async fn fail(shape: Shape, answer: &Answer) -> Response {
    match answer {
        Answer::Hang => std::future::pending().await,
        Answer::Status { code, headers, body } => {
            let mut response = match body {
                Some(Value::String(text)) => {
                    (status(*code), [(header::CONTENT_TYPE, "text/html")], text.clone()).into_response()
                }
                Some(body) => json(status(*code), body),
                None => refuse(&for_status(shape, *code, None)),
            };
            for (name, value) in headers {
                // The script was checked, so that each header can be carried.
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        _ => hang_up(),
    }
}

pub(super) fn for_status(shape: Shape, status: u16, message: Option<&str>) -> Refusal {
    match shape {
        Shape::OpenAi | Shape::Azure => openai::for_status(status, message),
        Shape::Anthropic => anthropic::for_status(status, message),
    }
}

pub(super) fn refuse(refusal: &Refusal) -> Response {
    json(status(refusal.status), &refusal.body)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// JSON in pieces without a length before it, so that a caller must count for itself.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let body = Bytes::from(body.to_string());
    let pieces: Vec<Bytes> = (0..body.len())
        .step_by(PIECE)
        .map(|start| body.slice(start..body.len().min(start + PIECE)))
        .collect();
    answer(status, "application/json", pieces)
}

fn events(events: Vec<String>) -> Response {
    answer(StatusCode::OK, "text/event-stream; charset=utf-8", events.into_iter().map(Bytes::from).collect())
}

fn answer(status: StatusCode, kind: &'static str, pieces: Vec<Bytes>) -> Response {
    let pieces = pieces.into_iter().map(Ok::<_, std::convert::Infallible>);
    (status, [(header::CONTENT_TYPE, kind)], Body::from_stream(futures::stream::iter(pieces))).into_response()
}
