//! `GET /a2a/rollout/summary`.

use domain::GateRefusal;
use rollmend_server::{Auth, Limits};
use serde_json::json;

use crate::house::{house, shop};

const SUMMARY: &str = "/a2a/rollout/summary";

#[tokio::test]
async fn a_rollout_is_shown_in_exactly_the_keys_that_dashboards_read() {
    let house = house(Auth::Open, Limits::default(), None).await;
    let (status, body) = house.get(&format!("{SUMMARY}?namespace=shop&name=shop"), None).await;
    let wanted = json!({
        "namespace": "shop", "name": "shop", "phase": "Progressing", "canaryWeight": 25, "stableWeight": 75,
        "stablePodCount": 3, "canaryPodCount": 1, "available": true, "error": null
    });
    assert_eq!((status, body), (200, wanted));
    assert_eq!(*house.insight.asked.lock().unwrap(), [shop()]);
}

#[tokio::test]
async fn a_rollout_that_cannot_be_shown_is_not_available_and_says_why() {
    let house = house(Auth::Open, Limits::default(), None).await;
    *house.insight.rollout.lock().unwrap() = Err(GateRefusal::NoSuchRollout(shop()));
    let (status, body) = house.get(&format!("{SUMMARY}?namespace=shop&name=shop"), None).await;
    let wanted = json!({
        "namespace": "shop", "name": "shop", "phase": "Unknown", "canaryWeight": 0, "stableWeight": 0,
        "stablePodCount": 0, "canaryPodCount": 0, "available": false,
        "error": "failed to answer: there is no Rollout shop/shop"
    });
    assert_eq!((status, body), (200, wanted));
}

#[tokio::test]
async fn a_question_that_is_not_understood_is_told_what_is_wrong() {
    let house = house(Auth::Open, Limits::default(), None).await;
    for (query, words) in [
        ("", "missing field `namespace`"),
        ("?namespace=shop", "missing field `name`"),
        ("?namespace=..%2Fshop&name=x", "read namespace"),
        ("?namespace=shop&name=https://github.com/mallory/x", "read rollout name"),
        ("?namespace=shop&namespace=shop&name=x", "duplicate field"),
    ] {
        let (status, body) = house.get(&format!("{SUMMARY}{query}"), None).await;
        assert_eq!(status, 422, "{query}");
        assert!(body["error"].as_str().unwrap().contains(words), "{query}: {body}");
    }
    assert_eq!(*house.insight.asked.lock().unwrap(), []);
}
