//! Asks at the gate what the metric plugin asks (argoproj-labs/rollouts-plugin-metric-ai), in the same shape.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::remains::GateAnswer;

/// How long the gate may take: longer than the demo's own `max_wait`, shorter than a demo.
const LIMIT: Duration = Duration::from_secs(40);
/// Bytes of an answer at most.
const LARGEST: u64 = 1 << 20;

/// The answer about the demo's Rollout; none where the daemon gave none.
pub(super) async fn ask(daemon: SocketAddr) -> Option<GateAnswer> {
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().ok()?;
    let question = json!({
        "userId": "argo-rollouts",
        "memoryId": "rollout:shop/checkout",
        "prompt": "Analyze canary deployment for rollout 'checkout'. Namespace: shop.",
        "context": {
            "namespace": "shop", "rolloutName": "checkout",
            "stableSelector": "role=stable", "canarySelector": "role=canary",
        },
    });
    let answer = client.post(format!("http://{daemon}/a2a/analyze")).json(&question).send().await.ok()?;
    let status = answer.status().as_u16();
    if answer.content_length().is_some_and(|length| length > LARGEST) {
        return None;
    }
    let body: Value = answer.json().await.ok()?;
    Some(GateAnswer { status, promote: body.get("promote").and_then(Value::as_bool) })
}
