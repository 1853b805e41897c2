//! `POST /a2a/analyze`: the metric plugin's request and answer, and every refusal.

use std::time::Duration;

use domain::{GateRefusal, GateRequest};
use rollmend_server::{Auth, Limits};
use serde_json::json;

use crate::house::{held, house, plugin_request};

#[tokio::test]
async fn the_plugins_request_is_answered_in_the_plugins_shape() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let (status, answer) = house.post("/a2a/analyze", plugin_request().to_string(), None).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "analysis": "18.9 % of requests failed", "rootCause": "an absent profile", "remediation": "revert 4f2c9d1",
            "prLink": "https://github.com/acme/shop/pull/7", "promote": false, "confidence": 85
        })
    );
    assert_eq!(
        house.asked(),
        [GateRequest {
            rollout: domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() },
            repository: Some("https://github.com/acme/shop".into()),
            extra_prompt: Some("Ignore colour changes.".into()),
        }]
    );
}

#[tokio::test]
async fn every_refusal_has_its_status_and_never_says_promote() {
    let rollout = domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() };
    let canary = || "86686d4656".parse().unwrap();
    for (refusal, wanted) in [
        (GateRefusal::NamespaceNotWatched("x".into()), 403),
        (GateRefusal::RepositoryNotAllowed("x is not listed".into()), 403),
        (GateRefusal::NoSuchRollout(rollout.clone()), 404),
        (GateRefusal::NoCanary(rollout), 404),
        (GateRefusal::SameOnStable { canary: canary(), trouble: "errors".into() }, 409),
        (GateRefusal::TooLittle { canary: canary(), figures: "3 of 50 requests".into() }, 425),
        (GateRefusal::Ours("the API server does not answer".into()), 503),
    ] {
        let house = house(Auth::Open, Limits::default(), Some(Err(refusal.clone()))).await;
        let (status, body) = house.post("/a2a/analyze", plugin_request().to_string(), None).await;
        assert_eq!(status, wanted, "{refusal}");
        assert_eq!(body["error"], format!("failed to {refusal}"));
        assert_eq!(body.get("promote"), None);
    }
}

#[tokio::test]
async fn a_gate_that_does_not_answer_in_time_is_an_error_of_ours() {
    let limits = Limits { answer: Duration::from_millis(20), ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    assert_eq!(house.post("/a2a/analyze", plugin_request().to_string(), None).await.0, 503);
}

#[tokio::test]
async fn bad_input_is_told_what_is_wrong_and_what_to_do() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    for (body, words) in [
        ("{".to_owned(), "EOF while parsing"),
        ("[]".to_owned(), "context.namespace and context.rolloutName"),
        ("{}".to_owned(), "missing field `context`"),
        (json!({"context": {"namespace": 7, "rolloutName": "x"}}).to_string(), "expected a string"),
        (json!({"context": {"namespace": "shop"}}).to_string(), "missing field `rolloutName`"),
        (json!({"context": {"namespace": "../shop", "rolloutName": "x"}}).to_string(), "read namespace"),
        (json!({"context": {"namespace": "shop", "rolloutName": "x; rm"}}).to_string(), "read rollout name"),
        (
            json!({"context": {"namespace": "shop", "rolloutName": "x", "repoUrl": "x".repeat(9000)}})
                .to_string(),
            "context.repoUrl",
        ),
        ("\u{0}".to_owned(), "expected value"),
    ] {
        let (status, answer) = house.post("/a2a/analyze", body.clone(), None).await;
        assert_eq!(status, 422, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
    assert_eq!(house.asked(), []);
}
