//! The daemon's HTTP doors: in this version `GET /` and `POST /a2a/analyze`, the contract of the metric plugin
//! `argoproj-labs/metric-ai`, with both forms of authentication.
//!
//! Everything that comes in is hostile: bounded in size and time, parsed here, and answered with what is wrong, where and
//! what to do. Refuses to know agents and tools: it asks the [`Gate`](domain::ports::Gate) and nothing else.

#![forbid(unsafe_code)]

mod analyze;
mod auth;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use domain::ports::Gate;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::Auth;
use refusal::Refusal;

/// The largest body that is read, 4 MiB: older callers send a pod's log along.
pub const LARGEST_BODY: usize = 4 << 20;

/// What the doors need.
#[derive(Clone)]
pub struct Doors {
    /// Who answers.
    pub gate: Arc<dyn Gate>,
    /// Who may ask.
    pub auth: Auth,
    /// How long a body may take to arrive; [`Limits::default`] says 10 s.
    pub limits: Limits,
}

/// Limits in time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a body to arrive.
    pub body: Duration,
    /// For the gate to answer; below the metric plugin's own five minutes.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: Duration::from_secs(10), answer: Duration::from_secs(285) }
    }
}

/// The doors as a router.
pub fn router(doors: Doors) -> Router {
    let by_header = Router::new().route("/", get(greeting)).route("/a2a/analyze", post(analyze::analyze));
    let by_path = Router::new()
        .route("/t/{gate_token}", get(greeting))
        .route("/t/{gate_token}/", get(greeting))
        .route("/t/{gate_token}/a2a/analyze", post(analyze::analyze));
    let auth = doors.auth.clone();
    let by_header = by_header.route_layer(middleware::from_fn(move |request: Request, next: Next| {
        let admitted = auth.admits_header(request.headers());
        async move { admit(admitted, request, next).await }
    }));
    let auth = doors.auth.clone();
    let by_path = by_path.route_layer(middleware::from_fn(move |request: Request, next: Next| {
        let admitted = auth.admits_path(request.uri().path());
        async move { admit(admitted, request, next).await }
    }));
    Router::new()
        .merge(by_header)
        .merge(by_path)
        .fallback(|| async { Refusal::NoSuchDoor })
        .method_not_allowed_fallback(|| async { Refusal::WrongMethod })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(doors)
}

/// Serves until cancelled; requests in work are answered first.
pub async fn serve(listener: TcpListener, doors: Doors, cancel: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router(doors)).with_graceful_shutdown(cancel.cancelled_owned()).await
}

async fn admit(admitted: Result<(), Refusal>, request: Request, next: Next) -> Response {
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => axum::response::IntoResponse::into_response(refusal),
    }
}

/// The metric plugin asks `GET /` first and takes any answer as reachable.
async fn greeting() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "agent": "rollmend", "version": env!("CARGO_PKG_VERSION") }))
}
