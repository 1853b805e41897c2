//! What becomes of a canary under the stand-in for the Rollouts controller.

use crate::story::{Story, rollout};
use axum::{Router, routing};
use serde_json::{Value, json};
use testbed::{
    kubelet::Beginning,
    kubernetes::Kind,
    wire::{Port, Wire},
};

/// A web address that a metric asks, which answers with `good`.
async fn gate(good: bool) -> Wire {
    let router = Router::new().route("/", routing::get(async move || json!({"good": good}).to_string()));
    Wire::serve("gate", router, Port::Any).await.unwrap()
}

/// A template of one metric that asks the gate, twice.
fn gate_template(gate: &Wire) -> Value {
    json!({
        "args": [{"name": "hash"}, {"name": "stable-hash"}, {"name": "threshold", "value": "3"}],
        "metrics": [{
            "name": "gate", "count": 2, "interval": "1s", "successCondition": "result == true",
            "provider": {"web": {"url": format!("{}/?hash={{{{args.hash}}}}", gate.url()), "jsonPath": "{$.good}"}},
        }],
    })
}

fn steps() -> Value {
    json!([
        {"setWeight": 25},
        {"analysis": {
            "templates": [{"templateName": "gate"}],
            "args": [
                {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
                {"name": "stable-hash", "valueFrom": {"podTemplateHashValue": "Stable"}},
            ],
        }},
        {"setWeight": 50}, {"pause": {"duration": 1}},
    ])
}

fn pods_of(story: &Story, hash: &str) -> Vec<Value> {
    let mut pods = story.store().list(Kind::Pod, Some("shop"));
    pods.retain(|pod| pod["metadata"]["labels"]["rollouts-pod-template-hash"] == hash);
    pods
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_good_canary_is_promoted_step_by_step() {
    let gate = gate(true).await;
    let story = Story::start().await;
    story.template("gate", gate_template(&gate));
    story.deploy(steps()).await;
    let stable = text(&story.rollout("there", |_| true).await["status"]["stableRS"]);
    story.update("ghcr.io/acme/shop:1.1.0");
    let promoted = story
        .rollout("promoted", |rollout| {
            rollout["status"]["stableRS"] != stable.as_str() && rollout["status"]["phase"] == "Healthy"
        })
        .await;
    let status = &promoted["status"];
    assert_eq!(status["currentStepIndex"], 4);
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(status["canary"], json!({}));
    assert_eq!(pods_of(&story, &stable).len(), 0);
    let pods = pods_of(&story, &text(&status["stableRS"]));
    let roles: Vec<&Value> = pods.iter().map(|pod| &pod["metadata"]["labels"]["role"]).collect();
    assert_eq!(roles, ["stable"; 4]);
    let runs = story.store().list(Kind::AnalysisRun, Some("shop"));
    let hash = text(&status["stableRS"]);
    assert_eq!(
        runs.iter().map(|run| text(&run["metadata"]["name"])).collect::<Vec<_>>(),
        [format!("shop-{hash}-2-1")]
    );
    assert_eq!(runs[0]["status"]["phase"], "Successful");
    let arguments = json!([
        {"name": "hash", "value": hash}, {"name": "stable-hash", "value": stable}, {"name": "threshold", "value": "3"},
    ]);
    assert_eq!(runs[0]["spec"]["args"], arguments);
    let asked: Vec<String> = gate.asked().iter().map(|asked| asked.query.clone()).collect();
    assert_eq!(asked, [format!("hash={hash}"), format!("hash={hash}")]);
}

#[tokio::test]
async fn a_bad_canary_is_gone_in_the_second_in_which_its_analysis_failed() {
    let gate = gate(false).await;
    let story = Story::start().await;
    story.template("gate", gate_template(&gate));
    story.deploy(steps()).await;
    story.update("ghcr.io/acme/shop:1.1.0");
    let aborted = story.rollout("aborted", |rollout| rollout["status"]["abort"] == true).await;
    let hash = text(&aborted["status"]["currentPodHash"]);
    story
        .store()
        .wait_for_all(Kind::Pod, "shop", |pods| {
            pods.len() == 4
                && pods
                    .iter()
                    .all(|pod| pod["metadata"]["labels"]["rollouts-pod-template-hash"] != hash.as_str())
        })
        .await;
    let run = story.store().get(Kind::AnalysisRun, "shop", &format!("shop-{hash}-2-1")).unwrap();
    let deletion = |event: &Value| {
        event["reason"] == "SuccessfulDelete" && text(&event["involvedObject"]["name"]).ends_with(&hash)
    };
    let events = story.store().wait_for_all(Kind::Event, "shop", |events| events.iter().any(deletion)).await;
    let deleted = events.iter().find(|event| deletion(event)).unwrap();
    let seconds =
        |time: &Value| chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap().timestamp();
    let failed = seconds(&run["status"]["completedAt"]);
    for (what, time) in
        [("aborted", &aborted["status"]["abortedAt"]), ("deleted", &deleted["firstTimestamp"])]
    {
        let apart = seconds(time) - failed;
        assert!((0..=1).contains(&apart), "{what} after {apart} s; one may be the edge of a second");
    }
}

#[tokio::test]
async fn a_retry_keeps_hash_and_revision_and_makes_a_further_run() {
    let gate = gate(false).await;
    let story = Story::start().await;
    story.template("gate", gate_template(&gate));
    story.deploy(steps()).await;
    story.update("ghcr.io/acme/shop:1.1.0");
    let aborted = story.rollout("aborted", |rollout| rollout["status"]["abort"] == true).await;
    let hash = text(&aborted["status"]["currentPodHash"]);
    story.store().merge(Kind::Rollout, "shop", "shop", &json!({"status": {"abort": false}})).unwrap();
    let again = format!("shop-{hash}-2-1.1");
    story
        .rollout("aborted again", |rollout| {
            rollout["status"]["abort"] == true
                && story.store().get(Kind::AnalysisRun, "shop", &again).is_some()
        })
        .await;
    let rollout = story.store().get(Kind::Rollout, "shop", "shop").unwrap();
    assert_eq!(rollout["status"]["currentPodHash"], hash.as_str());
    assert_eq!(rollout["metadata"]["annotations"]["rollout.argoproj.io/revision"], "2");
}

#[tokio::test]
async fn a_new_template_takes_the_place_of_the_canary_before_it() {
    let story = Story::start().await;
    story.deploy(json!([{"setWeight": 25}, {"pause": {}}])).await;
    story.update("ghcr.io/acme/shop:1.1.0");
    let first = story.rollout("paused", |rollout| rollout["status"]["phase"] == "Paused").await;
    let first_hash = text(&first["status"]["currentPodHash"]);
    story.update("ghcr.io/acme/shop:1.2.0");
    let second = story
        .rollout("paused anew", |rollout| {
            rollout["status"]["currentPodHash"] != first_hash.as_str()
                && rollout["status"]["phase"] == "Paused"
        })
        .await;
    assert_eq!(second["metadata"]["annotations"]["rollout.argoproj.io/revision"], "3");
    story
        .store()
        .wait_for_all(Kind::Pod, "shop", |pods| {
            pods.iter()
                .all(|pod| pod["metadata"]["labels"]["rollouts-pod-template-hash"] != first_hash.as_str())
        })
        .await;
    let pauses = &second["status"]["pauseConditions"];
    assert_eq!(pauses[0]["reason"], "CanaryPauseStep");
    story
        .store()
        .merge(Kind::Rollout, "shop", "shop", &json!({"status": {"pauseConditions": null}}))
        .unwrap();
    story
        .rollout("promoted by hand", |rollout| {
            rollout["status"]["stableRS"] == second["status"]["currentPodHash"]
        })
        .await;
}

#[tokio::test]
async fn an_abort_by_hand_names_the_revision_and_nothing_more() {
    let story = Story::start().await;
    story.deploy(json!([{"setWeight": 25}, {"pause": {}}])).await;
    story.update("ghcr.io/acme/shop:1.1.0");
    story.rollout("paused", |rollout| rollout["status"]["phase"] == "Paused").await;
    story.store().merge(Kind::Rollout, "shop", "shop", &json!({"status": {"abort": true}})).unwrap();
    let aborted = story.rollout("degraded", |rollout| rollout["status"]["phase"] == "Degraded").await;
    assert_eq!(aborted["status"]["message"], "RolloutAborted: Rollout aborted update to revision 2");
    assert!(aborted["status"]["abortedAt"].is_string());
}

#[tokio::test]
async fn a_canary_that_never_becomes_ready_misses_its_deadline() {
    for (abort, expected) in [
        (false, ("ProgressDeadlineExceeded", "ReplicaSet \"shop-HASH\" has timed out progressing.")),
        (
            true,
            (
                "RolloutAborted",
                "Rollout aborted update to revision 2: ReplicaSet \"shop-HASH\" has timed out progressing.",
            ),
        ),
    ] {
        let story = Story::with(|pod| {
            let image = pod["spec"]["containers"][0]["image"].as_str().unwrap();
            if image.ends_with("1.1.0") { Beginning::Running } else { Beginning::Ready }
        })
        .await;
        story.deploy(json!([{"setWeight": 25}])).await;
        story
            .store()
            .update(Kind::Rollout, "shop", "shop", |rollout| {
                rollout["spec"]["progressDeadlineSeconds"] = json!(10);
                rollout["spec"]["progressDeadlineAbort"] = json!(abort);
            })
            .unwrap();
        story.update("ghcr.io/acme/shop:1.1.0");
        let degraded = story.rollout("degraded", |rollout| rollout["status"]["phase"] == "Degraded").await;
        let conditions = degraded["status"]["conditions"].as_array().unwrap();
        let progressing = conditions.iter().find(|condition| condition["type"] == "Progressing").unwrap();
        let hash = text(&degraded["status"]["currentPodHash"]);
        let said = text(&progressing["message"]).replace(&hash, "HASH");
        assert_eq!((progressing["reason"].as_str().unwrap(), said.as_str()), expected);
        assert_eq!(degraded["status"]["abort"] == true, abort);
    }
}

#[tokio::test]
async fn five_errors_of_the_agent_in_a_row_abort_and_name_the_status() {
    let agent = Wire::serve("agent", Router::new(), Port::Any).await.unwrap();
    let story = Story::start().await;
    let plugin = json!({"agentUrl": agent.url()});
    story.template(
        "gate",
        json!({"metrics": [{"name": "ai", "interval": "1s", "count": 3, "provider": {"plugin": {"argoproj-labs/metric-ai": plugin}}}]}),
    );
    story.deploy(json!([{"setWeight": 25}, {"analysis": {"templates": [{"templateName": "gate"}]}}])).await;
    story.update("ghcr.io/acme/shop:1.1.0");
    let aborted = story.rollout("aborted", |rollout| rollout["status"]["abort"] == true).await;
    assert_eq!(
        aborted["status"]["message"],
        "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \"ai\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): \"Error Message: failed to run via plugin: agent returned status 404\""
    );
    let posts = agent.asked().iter().filter(|asked| asked.path == "/a2a/analyze").count();
    assert_eq!(posts, 5);
}

#[tokio::test]
async fn a_metric_under_dry_run_decides_nothing() {
    let gate = gate(false).await;
    let story = Story::start().await;
    let mut template = gate_template(&gate);
    template["dryRun"] = json!([{"metricName": "gate"}]);
    story.template("gate", template);
    story.deploy(steps()).await;
    let stable = text(&story.rollout("there", |_| true).await["status"]["stableRS"]);
    story.update("ghcr.io/acme/shop:1.1.0");
    story
        .rollout("promoted", |rollout| {
            rollout["status"]["stableRS"] != stable.as_str() && rollout["status"]["phase"] == "Healthy"
        })
        .await;
    let runs = story.store().list(Kind::AnalysisRun, Some("shop"));
    assert_eq!(runs[0]["status"]["metricResults"][0]["phase"], "Failed");
    assert_eq!(runs[0]["status"]["dryRunSummary"], json!({"count": 1, "failed": 1}));
}

#[tokio::test]
async fn a_template_that_is_not_there_makes_the_rollout_invalid() {
    let story = Story::start().await;
    let mut steps = steps();
    steps[1]["analysis"]["templates"][0]["templateName"] = json!("none");
    story.store().create(rollout(steps)).unwrap();
    story.rollout("healthy", |rollout| rollout["status"]["phase"] == "Healthy").await;
    story.update("ghcr.io/acme/shop:1.1.0");
    let degraded = story.rollout("degraded", |rollout| rollout["status"]["phase"] == "Degraded").await;
    assert!(text(&degraded["status"]["message"]).ends_with("AnalysisTemplate 'none' not found"));
}
