//! `GET /v1/verdict/{namespace}/{rollout}`, as the Rollouts controller's web provider takes it.

use domain::{GateAnswer, GateRefusal, GateRequest, Promotion};
use rollmend_server::{Auth, Limits};
use serde_json::json;

use crate::house::{held, house, shop};

#[tokio::test]
async fn a_known_verdict_has_every_key() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let (status, answer) = house.get("/v1/verdict/shop/shop", None).await;
    assert_eq!(status, 200);
    let wanted = json!({
        "ready": true, "promote": false, "confidence": 85, "analysis": "18.9 % of requests failed",
        "rootCause": "an absent profile", "remediation": "revert 4f2c9d1", "prLink": "https://github.com/acme/shop/pull/7"
    });
    assert_eq!(answer, wanted);
    assert_eq!(house.asked(), [GateRequest { rollout: shop(), repository: None, extra_prompt: None }]);
}

#[tokio::test]
async fn a_clean_canary_is_promoted_and_a_link_that_is_not_there_is_null() {
    let clean = GateAnswer { promotion: Promotion::Promote, pull_request: None, ..held() };
    let house = house(Auth::Open, Limits::default(), Some(Ok(clean))).await;
    let (_, answer) = house.get("/v1/verdict/shop/shop", None).await;
    assert_eq!((&answer["promote"], &answer["prLink"]), (&json!(true), &json!(null)));
}

#[tokio::test]
async fn what_is_not_known_yet_is_an_error_in_json_to_be_asked_again() {
    let house = house(Auth::Open, Limits::default(), None).await;
    let response = house.client.get(format!("{}/v1/verdict/shop/shop", house.url)).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "10");
    let body: serde_json::Value = response.json().await.unwrap();
    let error = "no verdict yet: it is being worked on; ask again";
    assert_eq!(body, json!({ "ready": false, "error": error, "status": 503 }));
}

#[tokio::test]
async fn every_refusal_has_the_gates_status_and_never_says_promote() {
    let canary = || "86686d4656".parse().unwrap();
    for (refusal, wanted) in [
        (GateRefusal::NamespaceNotWatched("x".into()), 403),
        (GateRefusal::RepositoryNotAllowed("x is not listed".into()), 403),
        (GateRefusal::NoSuchRollout(shop()), 404),
        (GateRefusal::NoCanary(shop()), 404),
        (GateRefusal::SameOnStable { canary: canary(), trouble: "errors".into() }, 409),
        (GateRefusal::TooLittle { canary: canary(), figures: "3 of 50 requests".into() }, 425),
        (GateRefusal::Ours("the API server does not answer".into()), 503),
    ] {
        let house = house(Auth::Open, Limits::default(), Some(Err(refusal.clone()))).await;
        let (status, body) = house.get("/v1/verdict/shop/shop", None).await;
        assert_eq!(status, wanted, "{refusal}");
        assert_eq!(body, json!({ "error": format!("failed to {refusal}"), "status": wanted }));
    }
}

#[tokio::test]
async fn names_are_parsed_at_the_door() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    for path in
        ["/v1/verdict/..%2Fshop/x", "/v1/verdict/shop/x%3B%20rm", "/v1/verdict/%FF/x", "/v1/verdict/Shop/x"]
    {
        let (status, body) = house.get(path, None).await;
        assert_eq!(status, 422, "{path}: {body}");
    }
    for path in ["/v1/verdict/shop", "/v1/verdict/shop/shop/more", "/v1/verdict//shop"] {
        let (status, body) = house.get(path, None).await;
        assert!(status == 404 || status == 422, "{path}: {status} {body}");
    }
    assert_eq!(house.asked(), []);
}
