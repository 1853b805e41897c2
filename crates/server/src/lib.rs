//! The daemon's HTTP doors.
//!
//! - *the gate*: `POST /a2a/analyze`, the contract of the metric plugin `argoproj-labs/metric-ai`, and `GET /v1/verdict/…` for the Rollouts
//!   controller's built-in web provider, which cannot wait;
//! - *what happens*: `/a2a/health`, `/a2a/events`, its stream and `/a2a/rollout/summary`, in the shapes that dashboards of such agents poll;
//! - *operation*: `/healthz`, `/readyz` and `/metrics`, open to all, since they show counts and fixed words alone.
//!
//! Everything that comes in is hostile: bounded in size, time and number, parsed here, and answered with what is wrong, where and
//! what to do. Refuses to know agents and tools: it asks the [`Gate`] and the [`Insight`] and nothing else.

#![forbid(unsafe_code)]

mod analyze;
mod auth;
mod connections;
mod events;
mod health;
mod house;
mod metrics;
mod patience;
mod query;
mod refusal;
mod summary;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use domain::ports::{Gate, Insight};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::Auth;
use house::House;
pub use metrics::Reloads;
use refusal::Refusal;

/// The largest body that is read, 4 MiB: older callers send a pod's log along.
pub const LARGEST_BODY: usize = 4 << 20;

/// What the doors need.
#[derive(Clone)]
pub struct Doors {
    /// Who answers.
    pub gate: Arc<dyn Gate>,
    /// Who shows what happens.
    pub insight: Arc<dyn Insight>,
    /// Who may ask.
    pub auth: Auth,
    /// Limits in time and number.
    pub limits: Limits,
    /// How changed configurations fared.
    pub reloads: Reloads,
}

/// Limits in time and number.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the head of a request to arrive, also the first one: 10 s.
    pub head: Duration,
    /// For a body to arrive: 10 s.
    pub body: Duration,
    /// For the gate to answer; below the metric plugin's own five minutes: 285 s.
    pub answer: Duration,
    /// For a caller to take some of what is written to it: 30 s.
    pub stall: Duration,
    /// For requests in work after the order to stop: 10 s.
    pub drain: Duration,
    /// Connections at once; further ones wait in the kernel's queue: 512.
    pub connections: usize,
    /// Of them, readers of the event stream: 32.
    pub listeners: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            answer: Duration::from_secs(285),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            connections: 512,
            listeners: 32,
        }
    }
}

/// Serves until cancelled; requests in work are answered first, within [`Limits::drain`].
pub async fn serve(listener: TcpListener, doors: Doors, cancel: CancellationToken) -> std::io::Result<()> {
    let limits = doors.limits;
    let router = router(House::new(doors, cancel.clone()));
    connections::serve(listener, router, limits, cancel).await;
    Ok(())
}

fn router(house: House) -> Router {
    let auth = house.doors.auth.clone();
    let by_header = Router::new()
        .route("/", get(health::greeting))
        .route("/a2a/analyze", post(analyze::analyze))
        .route("/a2a/health", get(health::agent))
        .route("/a2a/events", get(events::list))
        .route("/a2a/events/stream", get(events::stream))
        .route("/a2a/rollout/summary", get(summary::summary))
        .route("/v1/verdict/{namespace}/{rollout}", get(verdict::verdict))
        .route_layer(middleware::from_fn(move |request: Request, next: Next| {
            let admitted = auth.admits_header(request.headers());
            async move { admit(admitted, request, next).await }
        }));
    let auth = house.doors.auth.clone();
    let by_path = Router::new()
        .route("/t/{gate_token}", get(health::greeting))
        .route("/t/{gate_token}/", get(health::greeting))
        .route("/t/{gate_token}/a2a/analyze", post(analyze::analyze))
        .route("/t/{gate_token}/a2a/health", get(health::agent))
        .route_layer(middleware::from_fn(move |request: Request, next: Next| {
            let admitted = auth.admits_path(request.uri().path());
            async move { admit(admitted, request, next).await }
        }));
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .merge(by_header)
        .merge(by_path)
        .layer(middleware::from_fn_with_state(house.clone(), metrics::count))
        .fallback(|| async { Refusal::NoSuchDoor })
        .method_not_allowed_fallback(|| async { Refusal::WrongMethod })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(house)
}

async fn admit(admitted: Result<(), Refusal>, request: Request, next: Next) -> Response {
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => axum::response::IntoResponse::into_response(refusal),
    }
}
