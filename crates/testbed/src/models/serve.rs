//! The doors: who is let in, what is refused, and which answer goes out.

mod reply;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use serde_json::Value;

use self::reply::{Reply, for_status, json, refuse};
use super::asking::Asking;
use super::play::{Cue, Mismatch};
use super::record::{Outcome, RecordedRequest, Shape};
use super::refusal::Refusal;
use super::spoken::Spoken;
use super::{Shared, anthropic, openai};

/// How large a request may be, in bytes; Anthropic's own limit.
const REQUEST_LIMIT: usize = 32 * 1024 * 1024;

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
    let body: Value = serde_json::from_slice(sent).unwrap_or_default();
    let checked = admit(shared, shape, head).and_then(|()| check(shared, shape, deployment, head, &body));
    let (outcome, reply) = match checked {
        Ok(asking) => play(shared, shape, &asking, &String::from_utf8_lossy(sent)),
        Err(refusal) => {
            let outcome = Outcome::Refused { status: refusal.status, message: refusal.message() };
            (outcome, Reply::Refusal(refusal))
        }
    };
    let path = head.uri.path().to_owned();
    shared.record.add(RecordedRequest { shape, path, body, outcome });
    reply.send(shape).await
}

/// What the script answers to a request that is in order.
fn play(shared: &Shared, shape: Shape, asking: &Asking, sent: &str) -> (Outcome, Reply) {
    let cued = shared.play().cue(asking, sent);
    match cued {
        Ok(Cue { place, answer, usage }) => {
            let outcome = Outcome::Played { conversation: place.conversation, turn: place.turn };
            let reply = match Spoken::new(&answer, usage, asking, sent) {
                Some(spoken) => Reply::Spoken(spoken, asking.delivery),
                None => Reply::Failure(answer),
            };
            (outcome, reply)
        }
        Err(mismatch) => {
            let problem = in_words(&mismatch);
            tracing::warn!(problem, "a request does not fit the script");
            let refusal = for_status(shape, 500, Some(&problem));
            (Outcome::Mismatch(problem), Reply::Mismatch(refusal))
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
            let version = query.split('&').find_map(|pair| pair.strip_prefix("api-version="));
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

fn in_words(mismatch: &Mismatch) -> String {
    match &mismatch.place {
        Some(place) => {
            format!("the script's {:?}, turn {}: {}", place.conversation, place.turn, mismatch.problem)
        }
        None => mismatch.problem.clone(),
    }
}
