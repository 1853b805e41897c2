//! The metric plugin's two requests and its treatment of the answer (argoproj-labs/rollouts-plugin-metric-ai).

use std::time::Duration;

use serde_json::{Value, json};

use super::{Finding, Surroundings, ask, client};
use crate::kubernetes::{Kind, number, set, text};

/// How long the agent may take.
const TIMEOUT: Duration = Duration::from_secs(300);
/// How long the first request may take, which only asks whether somebody is there.
const REACH_TIMEOUT: Duration = Duration::from_secs(10);
/// What a client written in Go calls itself.
const USER_AGENT: &str = "Go-http-client/1.1";

pub(super) async fn measure(around: &Surroundings, settings: &Value) -> Result<Finding, String> {
    let selectors = Selectors::of(settings);
    let canary = around.first_pod(selectors.canary);
    if canary.is_none() {
        return Ok(Finding { phase: "Successful", value: Some("1".to_owned()), metadata: Value::Null });
    }
    for pod in [around.first_pod(selectors.stable), canary].into_iter().flatten() {
        around.can_read_log(&pod)?;
    }
    let agent = text(settings, "/agentUrl");
    ask(client(REACH_TIMEOUT)?.get(format!("{agent}/")).header("User-Agent", USER_AGENT)).await?;
    let request = client(TIMEOUT)?
        .post(format!("{agent}/a2a/analyze"))
        .header("User-Agent", USER_AGENT)
        .json(&around.request(settings, &selectors));
    let (status, body) = ask(request).await?;
    if status != 200 {
        return Err(format!("agent returned status {status}"));
    }
    let answer: Value = serde_json::from_slice(&body)
        .map_err(|error| format!("failed to decode the agent's answer: {error}"))?;
    verdict(&answer)
}

pub(super) fn metadata(settings: &Value) -> Value {
    let selectors = Selectors::of(settings);
    json!({
        "agentUrl": text(settings, "/agentUrl"), "canaryLabel": selectors.canary, "provider": "MetricAI",
        "stableLabel": selectors.stable,
    })
}

struct Selectors<'a> {
    stable: &'a str,
    canary: &'a str,
}

impl<'a> Selectors<'a> {
    fn of(settings: &'a Value) -> Self {
        let or = |given: &'a str, default| if given.is_empty() { default } else { given };
        Selectors {
            stable: or(text(settings, "/stableLabel"), "role=stable"),
            canary: or(text(settings, "/canaryLabel"), "role=canary"),
        }
    }
}

impl Surroundings {
    fn first_pod(&self, selector: &str) -> Option<Value> {
        let (label, wanted) = selector.split_once('=')?;
        self.store.list(Kind::Pod, Some(&self.namespace)).into_iter().find(|pod| {
            pod.pointer("/metadata/labels").and_then(|labels| labels.get(label)).and_then(Value::as_str)
                == Some(wanted)
        })
    }

    fn can_read_log(&self, pod: &Value) -> Result<(), String> {
        let id = text(pod, "/status/containerStatuses/0/containerID");
        if self.logs.read(id).is_some() {
            return Ok(());
        }
        let (name, container) = (text(pod, "/metadata/name"), text(pod, "/spec/containers/0/name"));
        Err(format!(
            "failed to fetch logs for pod {name} container {container} in namespace {}: the server rejected our request for an unknown reason (get pods {name})",
            self.namespace
        ))
    }

    fn request(&self, settings: &Value, selectors: &Selectors<'_>) -> Value {
        let (namespace, rollout) = (&self.namespace, &self.rollout);
        let (stable, canary) = (selectors.stable, selectors.canary);
        let extra = text(settings, "/extraPrompt");
        let mut prompt = format!(
            "Analyze canary deployment for rollout '{rollout}'. Namespace: {namespace}. Use your tools to fetch and compare logs from stable pods (selector: {stable}) vs canary pods (selector: {canary}). Determine if canary should be promoted."
        );
        if !extra.is_empty() {
            prompt = format!("{prompt}\n\nAdditional context: {extra}");
        }
        let mut context = json!({
            "namespace": namespace, "rolloutName": rollout, "stableSelector": stable, "canarySelector": canary,
        });
        for (member, given) in [
            ("/extraPrompt", extra),
            ("/repoUrl", text(settings, "/githubUrl")),
            ("/baseBranch", text(settings, "/baseBranch")),
        ] {
            if !given.is_empty() {
                set(&mut context, member, given);
            }
        }
        json!({
            "userId": "argo-rollouts", "memoryId": format!("rollout:{namespace}/{rollout}"), "prompt": prompt,
            "context": context,
        })
    }
}

/// `promote` alone decides: the template's conditions are not asked.
fn verdict(answer: &Value) -> Result<Finding, String> {
    let promote =
        answer.get("promote").and_then(Value::as_bool).ok_or("the agent's answer has no promote")?;
    let confidence = number(answer, "/confidence").unwrap_or(0);
    let words = json!({
        "text": text(answer, "/analysis"), "rootCause": text(answer, "/rootCause"),
        "remediation": text(answer, "/remediation"), "promote": promote, "confidence": confidence,
    });
    let (phase, value) = if promote {
        ("Successful", (confidence as f64 / 100.0).to_string())
    } else {
        ("Failed", "0".to_owned())
    };
    let mut metadata = json!({
        "analysis": text(answer, "/analysis"), "analysisJSON": words.to_string(),
        "confidence": confidence.to_string(),
    });
    if !text(answer, "/prLink").is_empty() {
        set(&mut metadata, "/prLink", text(answer, "/prLink"));
    }
    Ok(Finding { phase, value: Some(value), metadata })
}
