use std::time::Duration;

use domain::ports::Cluster;
use domain::{Failure, Remedy};
use testbed::kubernetes::Rule;
use testbed::wire::{Fault, Misdeed};

use crate::support::*;

async fn failing(place: &Place, fault: Fault) -> Failure {
    place.api.wire().clear_faults();
    place.api.wire().fault(fault);
    place.cluster().await.rollout(&rollout_ref("shop")).await.unwrap_err()
}

fn status(code: u16, headers: &[(&str, &str)], body: &str) -> Misdeed {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Misdeed::Status { code, headers, body: body.to_owned() }
}

#[tokio::test]
async fn a_missing_right_names_verb_resource_namespace_and_the_file_that_gives_it() {
    let place = Place::start().await;
    place.api.forbid(Rule::new(&["get"], &["rollouts"], &["*"]));
    let failure = place.cluster().await.rollout(&rollout_ref("shop")).await.unwrap_err();
    assert_eq!(failure.kind, "kubernetes-forbidden");
    let advice = "give the daemon's service account the right to get rollouts in the namespace shop, as deploy/rbac.yaml does";
    assert_eq!(failure.remedy, Remedy::AskHuman { advice: advice.into() });
}

#[tokio::test]
async fn a_server_that_is_busy_is_tried_again_when_it_asks_for_it() {
    let place = Place::start().await;
    for code in [429, 503] {
        let failure = failing(&place, Fault::every("*", status(code, &[("retry-after", "7")], "busy"))).await;
        assert_eq!(failure.remedy, Remedy::Retry { after: Some(Duration::from_secs(7)) });
        assert!(failure.what.ends_with("busy"), "{failure}");
    }
    let failure = failing(&place, Fault::every("*", status(500, &[("retry-after", "soon")], ""))).await;
    assert_eq!(failure.remedy, Remedy::Retry { after: None });
}

#[tokio::test]
async fn each_request_is_sent_once_and_retries_belong_to_the_caller() {
    let place = Place::start().await;
    failing(&place, Fault::every("*", status(503, &[], "busy"))).await;
    assert_eq!(place.api.wire().asked().len(), 1);
}

#[tokio::test]
async fn a_broken_connection_may_pass() {
    let place = Place::start().await;
    place.store().create(rollout("shop")).unwrap();
    for misdeed in [Misdeed::Cut, Misdeed::Truncate(20)] {
        let failure = failing(&place, Fault::every("*", misdeed)).await;
        assert_eq!((failure.kind, failure.remedy), ("kubernetes-unreachable", Remedy::Retry { after: None }));
        assert!(failure.source.is_some());
    }
    place.api.wire().stop().await;
    let failure = place.cluster().await.rollout(&rollout_ref("shop")).await.unwrap_err();
    assert_eq!(failure.kind, "kubernetes-unreachable");
}

#[tokio::test]
async fn an_answer_that_is_no_json_may_pass_and_one_far_too_large_is_refused() {
    let place = Place::start().await;
    let failure = failing(&place, Fault::every("*", status(200, &[], "<html>"))).await;
    assert_eq!((failure.kind, failure.remedy), ("kubernetes-unreadable", Remedy::Retry { after: None }));
    let huge = format!("\"{}\"", "x".repeat(33 * 1024 * 1024));
    let failure = failing(&place, Fault::every("*", status(200, &[], &huge))).await;
    assert_eq!((failure.kind, failure.remedy), ("kubernetes-too-large", Remedy::GiveUp));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up_after_ten_seconds() {
    let place = Place::start().await;
    place.api.wire().fault(Fault::every("*", Misdeed::Delay(Duration::from_secs(3600))));
    let begun = tokio::time::Instant::now();
    let failure = place.cluster().await.rollout(&rollout_ref("shop")).await.unwrap_err();
    assert_eq!(failure.what, "get rollouts shop in namespace shop: no answer within 10 s");
    assert!(begun.elapsed() < Duration::from_secs(11));
}
