//! The shapes held to objects that a real API server and Rollouts controller gave.

use domain::{
    Abort, AnalysisPhase, AnalysisRun, ClusterEvent, Condition, Measurement, Metric, MetricStanding,
    Provider, Rollout,
};
use serde_json::{Value, json};

use super::*;

fn items(recording: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(recording).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn recorded_rollout() -> Rollout {
    let objects = items(include_str!("../../tests/recordings/aborted-rollouts.json"));
    rollout(&objects[0]).unwrap()
}

fn at(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().unwrap()
}

const ABORTED: &str = "Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \"ai\" assessed Failed due to failed (1) > failureLimit (0)";

#[test]
fn the_recorded_rollout_is_read_whole() {
    let expected = Rollout {
        rollout: domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() },
        uid: "11e7bd8a-6f90-49f9-b7db-f589630b1c33".parse().unwrap(),
        phase: "Degraded".into(),
        message: format!("RolloutAborted: {ABORTED}"),
        stable: Some("678dd648d6".parse().unwrap()),
        current: Some("86686d4656".parse().unwrap()),
        revision: Some(2),
        abort: Some(Abort { at: Some(at("2026-11-24T02:31:37Z")), message: ABORTED.into() }),
        progressing: Some(Condition {
            status: "False".into(),
            reason: "RolloutAborted".into(),
            message: ABORTED.into(),
            at: Some(at("2026-11-24T02:31:37Z")),
        }),
        pause_reasons: [].into(),
        progress_deadline_seconds: 600,
        annotations: [].into(),
    };
    assert_eq!(recorded_rollout(), expected);
}

#[test]
fn of_the_annotations_only_ours_are_kept_and_of_pauses_the_reasons() {
    let mut object = items(include_str!("../../tests/recordings/aborted-rollouts.json"))[0].clone();
    object["metadata"]["annotations"]["rollmend.dev/repository"] = json!("https://github.com/acme/shop");
    object["metadata"]["annotations"]["rollmend.dev/too-little"] = json!("x".repeat(1_000_000));
    object["metadata"]["managedFields"] = json!([{"manager": "x".repeat(1_000_000)}]);
    object["status"]["abort"] = json!(false);
    object["status"]["pauseConditions"] = json!([{"reason": "InconclusiveAnalysisRun"}, {"reason": 7}]);
    let read = rollout(&object).unwrap();
    assert_eq!(read.annotations["repository"], "https://github.com/acme/shop");
    assert_eq!(read.annotations.len(), 2);
    object["metadata"]["labels"] = json!({"org.opencontainers.image.revision": "4f2c9d1"});
    assert_eq!(rollout(&object).unwrap().annotations["org.opencontainers.image.revision"], "4f2c9d1");
    assert_eq!((read.abort.clone(), read.pause_reasons.len()), (None, 1));
    assert!(serde_json::to_string(&read).unwrap().len() < 10_000, "what is kept is bounded");
}

/// The one metric of the recorded run: three errors, then the plugin's verdict.
fn recorded_metric() -> Metric {
    let refused = "failed to run via plugin: failed to fetch logs for pod shop-678dd648d6-7gtm2 container shop in namespace shop: the server rejected our request for an unknown reason (get pods shop-678dd648d6-7gtm2)";
    let error = |time: &str| Measurement {
        phase: AnalysisPhase::Error,
        value: String::new(),
        message: refused.into(),
        started_at: Some(at(time)),
        finished_at: Some(at(time)),
        metadata: [].into(),
    };
    let words = [
        ("analysis", "x"),
        ("analysisJSON", r#"{"confidence":85,"promote":false,"remediation":"z","rootCause":"y","text":"x"}"#),
        ("confidence", "85"),
    ];
    let failed = Measurement {
        phase: AnalysisPhase::Failed,
        value: "0".into(),
        message: String::new(),
        started_at: Some(at("2026-11-24T02:31:37Z")),
        finished_at: Some(at("2026-11-24T02:31:37Z")),
        metadata: words.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    };
    Metric {
        name: "ai".parse().unwrap(),
        provider: Provider::Plugin {
            name: "argoproj-labs/metric-ai".into(),
            github_url: Some("https://github.com/acme/shop".into()),
        },
        success_condition: "result > 0.50".into(),
        failure_condition: String::new(),
        standing: MetricStanding::Deciding,
        phase: AnalysisPhase::Failed,
        message: String::new(),
        failed: 1,
        errors: 3,
        resolved_query: None,
        measurements: vec![
            error("2026-11-24T02:31:07Z"),
            error("2026-11-24T02:31:17Z"),
            error("2026-11-24T02:31:27Z"),
            failed,
        ],
    }
}

#[test]
fn the_recorded_analysis_run_is_read_with_its_measurements() {
    let objects = items(include_str!("../../tests/recordings/aborted-analysisruns.json"));
    let expected = AnalysisRun {
        name: "shop-86686d4656-2-2".parse().unwrap(),
        uid: "6dd83c7e-507d-4e6f-be64-9cbf09def6ef".parse().unwrap(),
        rollout: recorded_rollout().rollout,
        rollout_uid: recorded_rollout().uid,
        canary: Some("86686d4656".parse().unwrap()),
        kind: "Step".into(),
        created_at: at("2026-11-24T02:31:07Z"),
        phase: AnalysisPhase::Failed,
        message: "Metric \"ai\" assessed Failed due to failed (1) > failureLimit (0)".into(),
        metrics: vec![recorded_metric()],
    };
    assert_eq!(analysis_run(&objects[0]).unwrap(), expected);
}

#[test]
fn a_run_that_no_rollout_controls_is_none() {
    let mut object = items(include_str!("../../tests/recordings/aborted-analysisruns.json"))[0].clone();
    object["metadata"]["ownerReferences"][0]["kind"] = json!("Experiment");
    assert_eq!(analysis_run(&object), None);
    object["metadata"]["ownerReferences"] = json!("nobody");
    assert_eq!(analysis_run(&object), None);
}

#[test]
fn the_recorded_replica_sets_are_told_apart_by_hash_and_keep_their_variables() {
    let objects = items(include_str!("../../tests/recordings/aborted-replicasets.json"));
    let uid = recorded_rollout().uid;
    assert!(objects.iter().all(|object| is_owned_by(object, &uid)));
    assert!(!objects.iter().any(|object| is_owned_by(object, &"another".parse().unwrap())));
    let read: Vec<_> = objects.iter().filter_map(replica_set).collect();
    let seen: Vec<_> = read
        .iter()
        .map(|set| {
            let container = &set.template["spec"]["containers"][0];
            (
                set.hash.as_str(),
                set.revision,
                container["image"].clone(),
                container["env"][0]["value"].clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("678dd648d6", Some(1), json!("ghcr.io/acme/shop:1.0.0"), json!("false")),
            ("86686d4656", Some(2), json!("ghcr.io/acme/shop:1.1.0"), json!("true")),
        ]
    );
}

#[test]
fn of_the_recorded_events_those_about_the_rollout_and_what_it_owns_are_found() {
    let objects = items(include_str!("../../tests/recordings/aborted-events.json"));
    let rollout = recorded_rollout();
    let found: Vec<ClusterEvent> =
        objects.iter().filter(|object| is_about(object, &rollout, &[])).map(event).collect();
    let aborted = ClusterEvent {
        about: "Rollout/shop".into(),
        kind: "Warning".into(),
        reason: "RolloutAborted".into(),
        message: ABORTED.into(),
        count: 1,
        at: Some(at("2026-11-24T02:31:37Z")),
    };
    assert!(found.contains(&aborted), "{found:#?}");
    let reasons = |about: &str| {
        let mut reasons: Vec<_> =
            found.iter().filter(|e| e.about.starts_with(about)).map(|e| e.reason.as_str()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    };
    assert_eq!(reasons("AnalysisRun/"), ["AnalysisRunFailed", "MetricFailed"].to_vec());
    assert!(reasons("ReplicaSet/").contains(&"SuccessfulCreate"));
    assert_eq!(reasons("Pod/"), [""; 0]);
}

#[test]
fn what_we_wrote_ourselves_is_no_evidence() {
    let mut object = items(include_str!("../../tests/recordings/aborted-events.json"))
        .into_iter()
        .find(|object| object["reason"] == "RolloutAborted")
        .unwrap();
    assert!(is_about(&object, &recorded_rollout(), &[]));
    object["reportingComponent"] = json!("rollmend");
    assert!(!is_about(&object, &recorded_rollout(), &[]));
}

#[test]
fn an_object_of_any_shape_is_read_or_left_but_never_a_panic() {
    for object in [json!(null), json!([]), json!({"metadata": 7}), json!({"metadata": {"name": "../x"}})] {
        assert_eq!(rollout(&object), None);
        assert_eq!(analysis_run(&object), None);
        assert_eq!(pod(&object), None);
        assert_eq!(replica_set(&object), None);
        let _ = event(&object);
    }
}
