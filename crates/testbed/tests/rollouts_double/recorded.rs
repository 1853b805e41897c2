//! The stand-in for the Rollouts controller, held to what the real one left behind in the same situation.
//!
//! The recordings are of Argo Rollouts 1.10.1 on Kubernetes 1.34.4: a canary that the metric plugin turned down.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::story::Story;
use axum::{Json, Router, routing};
use regex::Regex;
use serde_json::{Value, json};
use testbed::{
    kubernetes::Kind,
    wire::{Port, Wire},
};

fn recorded(name: &str) -> Value {
    let path = format!("{}/recordings/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn agent() -> Wire {
    let answer =
        json!({"analysis": "x", "rootCause": "y", "remediation": "z", "promote": false, "confidence": 85});
    let router = Router::new()
        .route("/a2a/analyze", routing::post(async move |_: axum::body::Bytes| Json(answer.clone())));
    Wire::serve("agent", router, Port::Any).await.unwrap()
}

/// Plays the recorded situation to its end.
async fn aborted() -> (Story, Wire) {
    let agent = agent().await;
    let story = Story::start().await;
    let plugin = json!({
        "agentUrl": agent.url(), "baseBranch": "main", "canaryLabel": "role=canary",
        "extraPrompt": "Ignore colour changes.", "githubUrl": "https://github.com/acme/shop",
        "stableLabel": "role=stable",
    });
    story.template(
        "ai",
        json!({"metrics": [{
            "name": "ai", "count": 3, "interval": "10s", "failureLimit": 0, "successCondition": "result > 0.50",
            "provider": {"plugin": {"argoproj-labs/metric-ai": plugin}},
        }]}),
    );
    story
        .deploy(json!([
            {"setWeight": 25}, {"pause": {"duration": "5s"}}, {"analysis": {"templates": [{"templateName": "ai"}]}},
            {"setWeight": 50},
        ]))
        .await;
    story.update("ghcr.io/acme/shop:1.1.0");
    story
        .rollout("aborted and back", |rollout| {
            rollout["status"]["abort"] == true
                && rollout["status"]["availableReplicas"] == 4
                && rollout["status"]["replicas"] == 4
                && rollout["status"].get("updatedReplicas").is_none()
        })
        .await;
    (story, agent)
}

/// Replaces what differs from run to run: uids, times, hashes, versions, generations, the agent's port.
fn scrubbed(value: &Value) -> Value {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let patterns = [
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
            (r"http://127\.0\.0\.1:\d+", "AGENT"),
            (r"shop-[b-z2-9]{8,10}-[b-z2-9]{5}", "POD"),
            (r"shop-[0-9b-z]{8,10}\b", "shop-HASH"),
            (r"\b(678dd648d6|86686d4656|85f76dfcbc|[b-z2-9]{9,10})\b", "HASH"),
        ];
        patterns.iter().map(|(pattern, name)| (Regex::new(pattern).unwrap(), *name)).collect()
    });
    scrub(value, &PATTERNS)
}

fn scrub(value: &Value, patterns: &[(Regex, &str)]) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.clone();
            for (pattern, name) in patterns {
                text = pattern.replace_all(&text, *name).into_owned();
            }
            Value::String(text)
        }
        Value::Array(list) => list.iter().map(|item| scrub(item, patterns)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| {
                !["resourceVersion", "generation", "observedGeneration"].contains(&name.as_str())
            });
            kept.map(|(name, value)| (name.clone(), scrub(value, patterns))).collect()
        }
        other => other.clone(),
    }
}

/// The JSON paths of a value.
fn paths(value: &Value, prefix: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| paths(value, &format!("{prefix}/{name}"), into));
        }
        Value::Array(list) => list.iter().for_each(|value| paths(value, &format!("{prefix}/*"), into)),
        _ => drop(into.insert(prefix.to_owned())),
    }
}

fn shape(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    paths(value, "", &mut found);
    found
}

fn by_type(conditions: &Value) -> Vec<Value> {
    let mut conditions = conditions.as_array().unwrap().clone();
    conditions.sort_by_key(|condition| condition["type"].as_str().unwrap().to_owned());
    conditions
}

#[tokio::test]
async fn an_aborted_rollout_is_as_recorded() {
    let (story, _agent) = aborted().await;
    let mut real = scrubbed(&recorded("aborted-rollouts")["items"][0]);
    let mut ours = scrubbed(&story.store().get(Kind::Rollout, "shop", "shop").unwrap());
    real["metadata"]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("kubectl.kubernetes.io/last-applied-configuration");
    for rollout in [&mut real, &mut ours] {
        rollout["status"]["conditions"] = by_type(&rollout["status"]["conditions"]).into();
    }
    assert_eq!(ours, real);
}

#[tokio::test]
async fn the_replica_sets_after_an_abort_are_as_recorded() {
    let (story, _agent) = aborted().await;
    let ours = story.store().list(Kind::ReplicaSet, Some("shop"));
    let sorted = |sets: &[Value]| {
        let mut sets: Vec<Value> = sets.iter().map(scrubbed).collect();
        sets.sort_by_key(|set| set["metadata"]["annotations"]["rollout.argoproj.io/revision"].to_string());
        sets
    };
    assert_eq!(sorted(&ours), sorted(recorded("aborted-replicasets")["items"].as_array().unwrap()));
}

#[tokio::test]
async fn the_failed_analysis_run_is_as_recorded() {
    let (story, _agent) = aborted().await;
    let mut real = scrubbed(&recorded("aborted-analysisruns")["items"][0]);
    let mut ours = scrubbed(&story.store().list(Kind::AnalysisRun, Some("shop"))[0]);
    // The recorded run had three errors first, because the node could not give logs.
    let result = &mut real["status"]["metricResults"][0];
    let failed = result["measurements"].as_array().unwrap().last().unwrap().clone();
    result["measurements"] = json!([failed]);
    result.as_object_mut().unwrap().remove("error");
    for run in [&mut real, &mut ours] {
        let words = &mut run["status"]["metricResults"][0]["measurements"][0]["metadata"]["analysisJSON"];
        *words = serde_json::from_str(words.as_str().unwrap()).unwrap();
    }
    assert_eq!(ours, real);
}

#[tokio::test]
async fn the_events_are_those_recorded() {
    let (story, _agent) = aborted().await;
    // Kubernetes' scheduler and kubelet are no part of the controller, nor is its informer.
    let facts = |events: &[Value]| {
        let told = events.iter().filter(|event| {
            event["involvedObject"]["kind"] != "Pod" && event["reason"] != "RolloutAddedToInformer"
        });
        told.map(|event| {
            let event = scrubbed(event);
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            let kind = event["involvedObject"]["kind"].as_str().unwrap().to_owned();
            [
                kind,
                text("type"),
                text("reason"),
                text("message"),
                event["source"]["component"].as_str().unwrap().to_owned(),
            ]
        })
        .collect::<BTreeSet<_>>()
    };
    let real = recorded("aborted-events");
    let ours = story.store().list(Kind::Event, Some("shop"));
    assert_eq!(facts(&ours), facts(real["items"].as_array().unwrap()));
    let about_rollout = |events: &[Value]| {
        let event = events.iter().find(|event| event["reason"] == "RolloutAborted").unwrap();
        shape(&scrubbed(event))
    };
    assert_eq!(about_rollout(&ours), about_rollout(real["items"].as_array().unwrap()));
}

#[tokio::test]
async fn the_plugins_requests_are_as_recorded() {
    let (_story, agent) = aborted().await;
    let real = recorded("metric-ai-plugin-requests");
    let ours: Vec<Value> = agent
        .asked()
        .iter()
        .map(|asked| {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            json!({"method": asked.method.as_str(), "path": asked.path, "body": body})
        })
        .collect();
    let facts = |request: &Value| json!({"method": request["method"], "path": request["path"], "body": request["body"]});
    assert_eq!(ours, real.as_array().unwrap().iter().map(facts).collect::<Vec<_>>());
}
