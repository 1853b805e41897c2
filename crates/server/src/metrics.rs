//! `GET /metrics`: counts for Prometheus, open to all, since nothing in them comes from outside: every label is a fixed name, or one of
//! the file's own.

mod figures;
mod reloads;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ports::Insight;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::house::House;
use crate::refusal::Refusal;
use figures::Shown;
pub use reloads::Reloads;

/// The content type of what Prometheus reads: `OpenMetrics` 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the doors count, and what they show of the daemon.
#[derive(Debug)]
pub(crate) struct Measures {
    registry: Registry,
    answers: Family<Answer, Counter>,
}

/// An answer that left.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    door: &'static str,
    status: u16,
}

impl Measures {
    pub(crate) fn of(insight: Arc<dyn Insight>, reloads: &Reloads) -> Self {
        let mut registry = Registry::with_prefix("rollmend");
        let answers = Family::default();
        registry.register("answers", "HTTP answers by door and status", answers.clone());
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        reloads.register(&mut registry);
        registry.register_collector(Box::new(Shown(insight)));
        Self { registry, answers }
    }
}

pub(crate) async fn metrics(State(house): State<House>) -> Result<impl IntoResponse, Refusal> {
    let mut text = String::new();
    encode(&mut text, &house.measures.registry).map_err(|_| Refusal::TookTooLong)?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text))
}

/// Counts the answers of every door.
pub(crate) async fn count(
    State(house): State<House>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if let Some(door) = path.as_ref().and_then(|path| name(path.as_str())) {
        let answer = Answer { door, status: response.status().as_u16() };
        house.measures.answers.get_or_create(&answer).inc();
    }
    response
}

/// A door's name; none for what is no door.
fn name(route: &str) -> Option<&'static str> {
    let route = route.strip_prefix("/t/{gate_token}").unwrap_or(route);
    Some(match route {
        "" | "/" => "greeting",
        "/a2a/analyze" => "analyze",
        "/a2a/health" => "health",
        "/a2a/events" => "events",
        "/a2a/events/stream" => "stream",
        "/a2a/rollout/summary" => "summary",
        "/v1/verdict/{namespace}/{rollout}" => "verdict",
        "/healthz" => "healthz",
        "/readyz" => "readyz",
        "/metrics" => "metrics",
        _ => return None,
    })
}
