//! Whether the daemon is there, alive, and ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ports::Startup;
use serde_json::{Value, json};

use crate::house::House;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The metric plugin asks `GET /` first and takes any answer as reachable.
pub(crate) async fn greeting() -> Json<Value> {
    Json(json!({ "agent": "rollmend", "version": VERSION }))
}

/// `GET /a2a/health`, as the agents behind the metric plugin answer it.
pub(crate) async fn agent() -> Json<Value> {
    Json(json!({ "status": "healthy", "agent": "rollmend", "version": VERSION }))
}

/// `GET /healthz`: the process is alive, whatever it waits for.
pub(crate) async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

/// `GET /readyz`: 503 with what is waited for.
pub(crate) async fn ready(State(house): State<House>) -> (StatusCode, Json<Value>) {
    let waits_for = match house.doors.insight.startup() {
        Startup::Ready => return (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Startup::Passive { holder: Some(holder) } => format!("the lease: passive, {holder} holds it"),
        Startup::Passive { holder: None } => "the lease: passive, the log says why".to_owned(),
        Startup::ReadingJournal => "the journal to be read".to_owned(),
        Startup::Listing => "the first list of Rollouts and AnalysisRuns from the API server".to_owned(),
        Startup::Stopping => "nothing: the daemon is stopping".to_owned(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "waitsFor": waits_for })))
}
