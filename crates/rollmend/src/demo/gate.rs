//! Asks at the daemon's gate what the metric plugin asks (argoproj-labs/rollouts-plugin-metric-ai), in the same shape.

use std::net::SocketAddr;

use miette::{Context, IntoDiagnostic};
use serde_json::{Value, json};

use super::happening::Happening;
use super::object::{holds, text};
use super::stage::{NAMESPACE, ROLLOUT};

/// Asks about the shop's Rollout; the answer, whatever it is.
pub(super) async fn ask(daemon: SocketAddr) -> miette::Result<Happening> {
    let client = reqwest::Client::builder().no_proxy().build().into_diagnostic()?;
    let question = json!({
        "userId": "argo-rollouts",
        "memoryId": format!("rollout:{NAMESPACE}/{ROLLOUT}"),
        "prompt": format!("Analyze canary deployment for rollout '{ROLLOUT}'. Namespace: {NAMESPACE}."),
        "context": {
            "namespace": NAMESPACE, "rolloutName": ROLLOUT,
            "stableSelector": "role=stable", "canarySelector": "role=canary",
        },
    });
    let answer = client.post(format!("http://{daemon}/a2a/analyze")).json(&question).send().await;
    let answer = answer.into_diagnostic().wrap_err("failed to ask at the gate")?;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.into_diagnostic().wrap_err("failed to read the gate's answer")?;
    let words = ["/analysis", "/error"].map(|pointer| text(&body, pointer));
    Ok(Happening::GateAnswered {
        status,
        promote: holds(&body, "/promote"),
        confidence: body.pointer("/confidence").and_then(Value::as_u64).unwrap_or(0),
        analysis: words.concat(),
    })
}
