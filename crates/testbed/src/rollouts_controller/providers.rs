//! What takes a measurement: Prometheus, a web address, or the metric plugin `argoproj-labs/metric-ai`.

mod metric_ai;
mod prometheus;
mod web;

use std::time::Duration;

use serde_json::{Value, json};

use super::expression::{Judgement, Operand, judge};
use crate::{
    kubelet::PodLogs,
    kubernetes::{Store, text},
    outbound,
};

/// The name under which a template names the plugin.
const PLUGIN: &str = "argoproj-labs/metric-ai";
/// How much of an answer is read, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A measurement that was taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) phase: &'static str,
    pub(super) value: Option<String>,
    pub(super) message: Option<String>,
    pub(super) metadata: Value,
    pub(super) started_at: String,
}

/// What a provider can see of the cluster and of the run.
pub(super) struct Surroundings {
    store: Store,
    logs: PodLogs,
    namespace: String,
    rollout: String,
}

/// A measurement without its times.
struct Finding {
    phase: &'static str,
    value: Option<String>,
    metadata: Value,
}

impl Surroundings {
    pub(super) fn new(store: &Store, logs: &PodLogs, run: &Value) -> Self {
        let owner = text(run, "/metadata/ownerReferences/0/name");
        let rollout = if owner.is_empty() { text(run, "/metadata/name") } else { owner };
        Surroundings {
            store: store.clone(),
            logs: logs.clone(),
            namespace: text(run, "/metadata/namespace").to_owned(),
            rollout: rollout.to_owned(),
        }
    }

    /// Takes one measurement; every failure on the way is a measurement in the phase `Error`.
    pub(super) async fn measure(&self, metric: &Value) -> Measured {
        let started_at = self.store.clock().seconds();
        let provider = metric.get("provider").unwrap_or(&Value::Null);
        let found = if let Some(settings) = provider.get("prometheus") {
            prometheus::measure(metric, settings).await
        } else if let Some(settings) = provider.get("web") {
            web::measure(metric, settings).await
        } else if let Some(settings) = provider.get("plugin").and_then(|plugins| plugins.get(PLUGIN)) {
            let measured = metric_ai::measure(self, settings).await;
            measured.map_err(|problem| format!("failed to run via plugin: {problem}"))
        } else {
            Err("no valid provider in metric".to_owned())
        };
        match found {
            Ok(Finding { phase, value, metadata }) => {
                Measured { phase, value, message: None, metadata, started_at }
            }
            Err(message) => Measured {
                phase: "Error",
                value: None,
                message: Some(message),
                metadata: Value::Null,
                started_at,
            },
        }
    }
}

/// What is kept with a metric's result beside its measurements.
pub(super) fn metadata(metric: &Value) -> Value {
    let provider = metric.get("provider").unwrap_or(&Value::Null);
    if let Some(query) = provider.pointer("/prometheus/query") {
        return json!({"ResolvedPrometheusQuery": query});
    }
    match provider.get("plugin").and_then(|plugins| plugins.get(PLUGIN)) {
        Some(settings) => metric_ai::metadata(settings),
        None => Value::Null,
    }
}

/// Judges a result by the metric's conditions.
fn judged(metric: &Value, result: &Operand, value: String) -> Result<Finding, String> {
    let judgement = judge(result, text(metric, "/successCondition"), text(metric, "/failureCondition"))?;
    let phase = match judgement {
        Judgement::Successful => "Successful",
        Judgement::Failed => "Failed",
        Judgement::Inconclusive => "Inconclusive",
    };
    Ok(Finding { phase, value: Some(value), metadata: Value::Null })
}

/// Sends a request and reads the answer: status and body.
async fn ask(request: reqwest::RequestBuilder) -> Result<(u16, Vec<u8>), String> {
    let answer = request.send().await.map_err(|error| chain(&error))?;
    let status = answer.status().as_u16();
    Ok((status, outbound::bounded_body(answer, BODY_LIMIT).await?))
}

fn client(timeout: Duration) -> Result<reqwest::Client, String> {
    outbound::client(timeout).map_err(|error| chain(&error))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}
