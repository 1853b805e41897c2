//! The doors: who is let in, what is refused, and which answer goes out.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::Value;

use super::asking::{Asking, Delivery};
use super::play::{Cue, Mismatch};
use super::record::{Outcome, RecordedRequest, Shape};
use super::refusal::Refusal;
use super::script::Answer;
use super::spoken::Spoken;
use super::{Shared, anthropic, openai};
use crate::wire::hang_up;

/// How large a request may be, in bytes; Anthropic's own limit.
const REQUEST_LIMIT: usize = 32 * 1024 * 1024;

/// How large the pieces of a long answer are, in bytes.
const PIECE: usize = 64 * 1024;

/// What a path leads to.
enum Door {
    Talk { shape: Shape, deployment: Option<String> },
    Models(Shape),
}

/// The router: any prefix may stand before the paths, as behind a gateway.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(door) = Door::of(&head) else {
        return refuse(&openai::unknown_path(&head.method, head.uri.path()));
    };
    match door {
        Door::Models(shape) => match admit(&shared, shape, &head) {
            Ok(()) => list(&shared, shape),
            Err(refusal) => refuse(&refusal),
        },
        Door::Talk { shape, deployment } => match axum::body::to_bytes(body, REQUEST_LIMIT).await {
            Ok(sent) => talk(&shared, shape, deployment.as_deref(), &head, &sent).await,
            Err(_) => refuse(&for_status(shape, 413, None)),
        },
    }
}

impl Door {
    fn of(head: &Parts) -> Option<Self> {
        let path = head.uri.path();
        if head.method == Method::GET && path.ends_with("/v1/models") {
            let version = head.headers.contains_key("anthropic-version");
            return Some(Self::Models(if version { Shape::Anthropic } else { Shape::OpenAi }));
        }
        if head.method != Method::POST {
            return None;
        }
        if path.ends_with("/v1/messages") {
            return Some(Self::Talk { shape: Shape::Anthropic, deployment: None });
        }
        if path.ends_with("/v1/chat/completions") {
            return Some(Self::Talk { shape: Shape::OpenAi, deployment: None });
        }
        let (_, deployment) = path.strip_suffix("/chat/completions")?.rsplit_once("/openai/deployments/")?;
        let deployment = Some(deployment).filter(|name| !name.is_empty() && !name.contains('/'))?;
        Some(Self::Talk { shape: Shape::Azure, deployment: Some(deployment.to_owned()) })
    }
}

async fn talk(
    shared: &Shared,
    shape: Shape,
    deployment: Option<&str>,
    head: &Parts,
    sent: &Bytes,
) -> Response {
    let sent = String::from_utf8_lossy(sent);
    let body: Value = serde_json::from_str(&sent).unwrap_or_default();
    let checked = admit(shared, shape, head).and_then(|()| check(shared, shape, deployment, head, &body));
    let note = |outcome| {
        let path = head.uri.path().to_owned();
        shared.record.add(RecordedRequest { shape, path, body: body.clone(), outcome });
    };
    let asking = match checked {
        Ok(asking) => asking,
        Err(refusal) => {
            note(Outcome::Refused { status: refusal.status, message: refusal.message() });
            return refuse(&refusal);
        }
    };
    let cued = shared.play().cue(&asking, &sent);
    match cued {
        Ok(Cue { place, answer, usage }) => {
            note(Outcome::Played { conversation: place.conversation, turn: place.turn });
            match Spoken::new(&answer, usage, &asking, &sent) {
                Some(spoken) => speak(shape, &spoken, asking.delivery),
                None => fail(shape, &answer).await,
            }
        }
        Err(mismatch) => {
            let problem = in_words(&mismatch);
            tracing::warn!(problem, "a request does not fit the script");
            note(Outcome::Mismatch(problem.clone()));
            let mut response = refuse(&for_status(shape, 500, Some(&problem)));
            // The providers' own clients do not repeat what is answered with this; nor would it help.
            response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
            response
        }
    }
}

/// Whether the key is right, and what else the head must have.
fn admit(shared: &Shared, shape: Shape, head: &Parts) -> Result<(), Refusal> {
    let given = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_key = |key: &str| key == shared.token;
    let bears = given("authorization").and_then(|value| value.strip_prefix("Bearer ")).is_some_and(is_key);
    match shape {
        Shape::OpenAi if bears => Ok(()),
        Shape::Azure if bears || given("api-key").is_some_and(is_key) => {
            let query = head.uri.query().unwrap_or_default();
            let version = query.split('&').filter_map(|pair| pair.strip_prefix("api-version=")).next();
            version.filter(|version| !version.is_empty()).map(|_| ()).ok_or_else(openai::no_azure_version)
        }
        Shape::Anthropic if given("x-api-key").is_some_and(is_key) => {
            anthropic::check_version(given("anthropic-version"))
        }
        Shape::OpenAi | Shape::Azure => Err(openai::wrong_key(shape)),
        Shape::Anthropic => Err(anthropic::wrong_key()),
    }
}

fn check(
    shared: &Shared,
    shape: Shape,
    deployment: Option<&str>,
    head: &Parts,
    body: &Value,
) -> Result<Asking, Refusal> {
    if !is_json(&head.headers) {
        return Err(match shape {
            Shape::OpenAi | Shape::Azure => openai::unreadable(),
            Shape::Anthropic => anthropic::unreadable(),
        });
    }
    let asking = match shape {
        Shape::OpenAi | Shape::Azure => openai::check(body, deployment)?,
        Shape::Anthropic => anthropic::check(body)?,
    };
    if shared.play().knows(&asking.model) {
        return Ok(asking);
    }
    Err(match shape {
        Shape::OpenAi | Shape::Azure => openai::unknown_model(shape, &asking.model),
        Shape::Anthropic => anthropic::unknown_model(&asking.model),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.split(';').next().map(str::trim) == Some("application/json"))
}

fn list(shared: &Shared, shape: Shape) -> Response {
    let play = shared.play();
    let body = match shape {
        Shape::OpenAi | Shape::Azure => openai::models(play.models()),
        Shape::Anthropic => anthropic::models(play.models()),
    };
    drop(play);
    json(StatusCode::OK, &body)
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

fn for_status(shape: Shape, status: u16, message: Option<&str>) -> Refusal {
    match shape {
        Shape::OpenAi | Shape::Azure => openai::for_status(status, message),
        Shape::Anthropic => anthropic::for_status(status, message),
    }
}

fn in_words(mismatch: &Mismatch) -> String {
    match &mismatch.place {
        Some(place) => {
            format!("the script's {:?}, turn {}: {}", place.conversation, place.turn, mismatch.problem)
        }
        None => mismatch.problem.clone(),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    json(status(refusal.status), &refusal.body)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// JSON in pieces without a length before it, so that a caller must count for itself.
fn json(status: StatusCode, body: &Value) -> Response {
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
