use domain::ports::{Announcement, Announcer, Severity, VerdictAnnotation};
use domain::{Remedy, Uid};
use serde_json::{Value, json};
use testbed::kubernetes::{Kind, Rule};
use testbed::wire::{Fault, Misdeed};

use crate::support::*;

fn announcement(message: &str) -> Announcement {
    Announcement {
        key: "shop-1 attempt 1 explained".into(),
        severity: Severity::Warning,
        reason: "CanaryExplained".into(),
        message: message.into(),
    }
}

fn verdict(hash: &str) -> VerdictAnnotation {
    VerdictAnnotation {
        hash: hash.parse().unwrap(),
        sentence: "profile without a name".into(),
        url: String::new(),
    }
}

fn uid(object: &Value) -> Uid {
    object["metadata"]["uid"].as_str().unwrap().parse().unwrap()
}

fn annotation(place: &Place) -> Option<Value> {
    let rollout = place.store().get(Kind::Rollout, "shop", "shop").unwrap();
    let text = rollout.pointer("/metadata/annotations/rollmend.dev~1verdict")?.as_str()?.to_owned();
    Some(serde_json::from_str(&text).unwrap())
}

fn patches(place: &Place) -> usize {
    place.api.wire().asked().iter().filter(|asked| asked.method == "PATCH").count()
}

#[tokio::test]
async fn an_event_is_written_on_the_rollout_once_per_key_also_when_the_answer_was_lost() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    let cluster = place.cluster().await;
    let events = "/api/v1/namespaces/shop/events";
    place.api.wire().fault(Fault::nth(http::Method::POST, events, 1, Misdeed::CutAfterHandling));
    let long = "ä".repeat(2_000);
    let lost = cluster.announce(&rollout_ref("shop"), &uid(&shop), &announcement(&long)).await.unwrap_err();
    assert_eq!(lost.remedy, Remedy::Retry { after: None });
    for _ in 0..2 {
        cluster.announce(&rollout_ref("shop"), &uid(&shop), &announcement(&long)).await.unwrap();
    }
    let written = place.store().list(Kind::Event, Some("shop"));
    assert_eq!(written.len(), 1);
    let event = &written[0];
    assert_eq!(
        event["involvedObject"],
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "namespace": "shop", "name": "shop",
            "uid": shop["metadata"]["uid"],
        })
    );
    assert_eq!(
        (&event["type"], &event["reason"], &event["reportingComponent"]),
        (&json!("Warning"), &json!("CanaryExplained"), &json!("rollmend"))
    );
    assert!(event["message"].as_str().unwrap().len() <= 1_000);
}

#[tokio::test]
async fn the_annotation_is_written_for_the_current_hash_and_once() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    let cluster = place.cluster().await;
    for _ in 0..2 {
        cluster.annotate(&rollout_ref("shop"), &uid(&shop), &verdict(CANARY)).await.unwrap();
    }
    assert_eq!(
        annotation(&place),
        Some(json!({"hash": CANARY, "sentence": "profile without a name", "url": ""}))
    );
    assert_eq!(patches(&place), 1, "the same again is not written");
    let body = place.api.wire().asked().iter().find(|asked| asked.method == "PATCH").unwrap().json();
    let metadata: Vec<_> = body["metadata"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(body.as_object().unwrap().len(), 1, "nothing but metadata");
    assert_eq!(metadata, ["uid", "resourceVersion", "annotations"]);
}

#[tokio::test]
async fn a_newer_canary_another_rollout_and_a_rollout_that_is_gone_are_not_annotated() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    let cluster = place.cluster().await;
    cluster.annotate(&rollout_ref("shop"), &uid(&shop), &verdict("5555555555")).await.unwrap();
    cluster.annotate(&rollout_ref("shop"), &"another".parse().unwrap(), &verdict(CANARY)).await.unwrap();
    cluster.annotate(&rollout_ref("none"), &uid(&shop), &verdict(CANARY)).await.unwrap();
    assert_eq!((annotation(&place), patches(&place)), (None, 0));
}

#[tokio::test]
async fn a_rollout_that_changes_between_reading_and_writing_is_read_again() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    let cluster = place.cluster().await;
    let conflict =
        Misdeed::Status { code: 409, headers: Vec::new(), body: "{\"message\": \"modified\"}".into() };
    place.api.wire().fault(Fault::nth(http::Method::PATCH, "/apis", 1, conflict));
    let failure = cluster.annotate(&rollout_ref("shop"), &uid(&shop), &verdict(CANARY)).await.unwrap_err();
    assert_eq!((failure.kind, failure.remedy), ("kubernetes-conflict", Remedy::Retry { after: None }));
    cluster.annotate(&rollout_ref("shop"), &uid(&shop), &verdict(CANARY)).await.unwrap();
    assert!(annotation(&place).is_some());
}

#[tokio::test]
async fn a_stale_annotation_is_removed_and_a_fitting_one_stays() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    let (cluster, name, uid) = (place.cluster().await, rollout_ref("shop"), uid(&shop));
    cluster.clear_stale(&name, &uid, None).await.unwrap();
    assert_eq!(patches(&place), 0, "there is nothing to remove");
    cluster.annotate(&name, &uid, &verdict(CANARY)).await.unwrap();
    cluster.clear_stale(&name, &uid, Some(&CANARY.parse().unwrap())).await.unwrap();
    assert!(annotation(&place).is_some());
    cluster.clear_stale(&name, &uid, Some(&"5555555555".parse().unwrap())).await.unwrap();
    assert_eq!(annotation(&place), None);
}

#[tokio::test]
async fn a_missing_right_to_annotate_names_the_file_that_gives_it() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    place.api.forbid(Rule::new(&["patch"], &["rollouts"], &["*"]));
    let failure = place
        .cluster()
        .await
        .annotate(&rollout_ref("shop"), &uid(&shop), &verdict(CANARY))
        .await
        .unwrap_err();
    let advice = "give the daemon's service account the right to patch rollouts in the namespace shop, as deploy/rbac-annotate.yaml does";
    assert_eq!(failure.remedy, Remedy::AskHuman { advice: advice.into() });
}

#[test]
fn no_code_but_the_writes_sends_anything_but_get() {
    let source = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![source.clone()];
    let mut writers = Vec::new();
    while let Some(dir) = pending.pop() {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if [
                "Method::POST",
                "Method::PUT",
                "Method::PATCH",
                "Method::DELETE",
                "Request::post",
                "kube::Api",
            ]
            .iter()
            .any(|word| text.contains(word))
            {
                writers.push(path.strip_prefix(&source).unwrap().display().to_string());
            }
        }
    }
    writers.sort();
    assert_eq!(
        writers,
        ["review.rs", "write/event.rs", "write/lease.rs", "write/patch.rs"],
        "review.rs asks for a right and changes nothing"
    );
}
