//! The doors for those who cannot wait, for dashboards, probes and Prometheus, on the built daemon.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::kubernetes::Kind;

use crate::house::{House, NAMESPACE, REQUESTS};
use crate::plan::Plan;
use crate::service::Service;
use crate::shop;
use crate::verdicts::Fares;

const VERDICT: &str = "/v1/verdict/shop/checkout";

async fn get(door: SocketAddr, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{door}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn read(door: SocketAddr, path: &str) -> Value {
    let (status, body) = get(door, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The shop with an analysis by the web provider that asks the daemon, as `deploy/examples` has it but without its delays.
async fn behind_the_web_provider(plan: Plan) -> (House, Service, SocketAddr) {
    let (house, service) = House::with_daemon(plan).await;
    let door = service.address().await;
    let metric = json!({
        "name": "rollmend", "successCondition": "result.ready && result.promote", "consecutiveErrorLimit": 12,
        "provider": {"web": {"url": format!("http://{door}{VERDICT}"), "timeoutSeconds": 10, "jsonPath": "{$}"}},
    });
    let spec = json!({"spec": {"metrics": [metric]}});
    house.store().merge(Kind::AnalysisTemplate, NAMESPACE, "error-ratio", &spec).unwrap();
    (house, service, door)
}

#[tokio::test]
async fn an_analysis_by_the_web_provider_aborts_a_bad_canary_and_every_door_tells_of_it() {
    let (house, service, door) = behind_the_web_provider(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&canary).await;
    house.files.incident("proposed").await;
    let runs = house.store().list(Kind::AnalysisRun, Some(NAMESPACE));
    let measured = &runs[0]["status"]["metricResults"][0]["measurements"];
    let last = measured.as_array().unwrap().last().unwrap();
    assert_eq!(last["phase"], "Failed", "{measured:#}");

    let verdict = read(door, VERDICT).await;
    assert_eq!((&verdict["ready"], &verdict["promote"]), (&json!(true), &json!(false)));
    assert_eq!(verdict["prLink"], format!("{}/pull/1", house.repository_url()));
    let events = read(door, "/a2a/events").await;
    let kinds: Vec<&str> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in ["detected", "verdict-reached", "patch-made", "proposal-opened"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert!(!events.to_string().contains("KeyError"), "{events}");
    let summary = read(door, "/a2a/rollout/summary?namespace=shop&name=checkout").await;
    assert_eq!((&summary["phase"], &summary["available"]), (&json!("Degraded"), &json!(true)), "{summary}");
    let (_, metrics) = get(door, "/metrics").await;
    for line in [
        "rollmend_incidents{state=\"proposed\",category=\"code\"} 1",
        "rollmend_time_to_verdict_seconds_count 1",
        "rollmend_time_to_pull_request_seconds_count 1",
        "rollmend_ready 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is missing in {metrics}");
    }
    assert!(!metrics.contains(canary.hash.as_str()) && !metrics.contains("checkout"), "{metrics}");
    let shown = house.files.show("shop/checkout").await;
    assert_eq!(shown["incident"]["triggers"].as_array().unwrap().last(), Some(&json!("web-metric")));
    drop(service.terminate().await);
}

#[tokio::test]
async fn an_analysis_by_the_web_provider_promotes_a_healthy_canary() {
    let plan = Plan {
        cluster: "prometheus = \"PROMETHEUS\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'\nmin_requests = 50\nmax_wait = \"10s\""),
        ..Plan::default()
    };
    let (house, service, _) = behind_the_web_provider(plan).await;
    let canary = house.begin_canary().await;
    house.analyse(Fares::Well).await;
    house.rollout("promoted", |rollout| rollout["status"]["stableRS"] == canary.hash.as_str()).await;
    drop(service.terminate().await);
    assert_eq!(house.files.incidents().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_daemon_is_alive_before_it_is_ready_and_says_what_it_waits_for() {
    let house = House::build(Plan::default()).await;
    house.kubernetes.wire().stop().await;
    let service = house.files.spawn();
    let door = service.address().await;
    assert_eq!(get(door, "/healthz").await.0, 200);
    let (status, body) = get(door, "/readyz").await;
    assert!(status == 503 && body.contains("the first list of Rollouts"), "{status} {body}");
    house.kubernetes.wire().restart().await.unwrap();
    let ready = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while get(door, "/readyz").await.0 != 200 {
            looks.tick().await;
        }
    };
    crate::house::within("readiness", ready).await;
    drop(service.terminate().await);
}
