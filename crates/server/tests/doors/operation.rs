//! Health, readiness, and what Prometheus reads.

use std::collections::BTreeMap;

use domain::ports::{Figures, ModelUse, Spread, Startup};
use domain::workflow::StateName;
use domain::{Category, Cost};
use rollmend_server::{Auth, Limits, Reloads};
use serde_json::json;

use crate::house::{held, house, plugin_request, tokens};

#[tokio::test]
async fn health_has_the_shape_that_dashboards_poll() {
    let house = house(Auth::Open, Limits::default(), None).await;
    let version = env!("CARGO_PKG_VERSION");
    let wanted = json!({ "status": "healthy", "agent": "rollmend", "version": version });
    assert_eq!(house.get("/a2a/health", None).await, (200, wanted));
}

#[tokio::test]
async fn probes_need_no_token_and_readiness_says_what_is_waited_for() {
    let house = house(tokens(), Limits::default(), None).await;
    for (startup, status, words) in [
        (Startup::Passive { holder: None }, 503, Some("the lease: passive, the log says why")),
        (
            Startup::Passive { holder: Some("rollmend-0".to_owned()) },
            503,
            Some("the lease: passive, rollmend-0 holds it"),
        ),
        (Startup::ReadingJournal, 503, Some("the journal to be read")),
        (Startup::Listing, 503, Some("the first list of Rollouts and AnalysisRuns from the API server")),
        (Startup::Ready, 200, None),
        (Startup::Stopping, 503, Some("nothing: the daemon is stopping")),
    ] {
        *house.insight.startup.lock().unwrap() = startup.clone();
        let (answered, body) = house.get("/readyz", None).await;
        assert_eq!((answered, body["waitsFor"].as_str()), (status, words), "{startup:?}");
        assert_eq!(house.get("/healthz", None).await, (200, json!({ "status": "alive" })));
    }
}

#[tokio::test]
async fn figures_are_shown_in_prometheus_words() {
    let house = house(tokens(), Limits::default(), None).await;
    let spread = Spread { buckets: vec![(0.5, 1), (2.0, 2), (f64::INFINITY, 1)], sum: 9.5 };
    *house.insight.figures.lock().unwrap() = Figures {
        models: BTreeMap::from([(
            "main".to_owned(),
            ModelUse {
                calls: 8,
                failures: 2,
                cost: Cost { input_tokens: 900, output_tokens: 80, micro_usd: 1_250_000 },
            },
        )]),
        incidents: BTreeMap::from([
            ((StateName::HandedOff, Some(Category::AnalysisTemplate)), 2),
            ((StateName::Gathering, None), 1),
        ]),
        to_verdict: spread.clone(),
        to_pull_request: spread,
        failures: BTreeMap::from([("github-rate-limit", 3)]),
        canaries: 4,
        streams: 5,
        spooled_bytes: 6,
        not_followed: 7,
    };
    let series = house.series().await;
    for (name, value) in [
        ("rollmend_ready", "1"),
        ("rollmend_build_info{version=\"0.1.0\"}", "1"),
        ("rollmend_incidents{state=\"handed-off\",category=\"analysis-template\"}", "2"),
        ("rollmend_incidents{state=\"gathering\",category=\"none-yet\"}", "1"),
        ("rollmend_time_to_verdict_seconds_sum", "9.5"),
        ("rollmend_time_to_verdict_seconds_count", "4"),
        ("rollmend_time_to_verdict_seconds_bucket{le=\"0.5\"}", "1"),
        ("rollmend_time_to_verdict_seconds_bucket{le=\"2.0\"}", "3"),
        ("rollmend_time_to_verdict_seconds_bucket{le=\"+Inf\"}", "4"),
        ("rollmend_time_to_pull_request_seconds_count", "4"),
        ("rollmend_failures_total{kind=\"github-rate-limit\"}", "3"),
        ("rollmend_canaries", "4"),
        ("rollmend_log_streams", "5"),
        ("rollmend_log_received_bytes", "6"),
        ("rollmend_logs_not_followed", "7"),
        ("rollmend_model_calls_total{model=\"main\"}", "8.0"),
        ("rollmend_model_failures_total{model=\"main\"}", "2.0"),
        ("rollmend_model_input_tokens_total{model=\"main\"}", "900.0"),
        ("rollmend_model_output_tokens_total{model=\"main\"}", "80.0"),
        ("rollmend_model_cost_usd_total{model=\"main\"}", "1.25"),
    ] {
        assert_eq!(series.get(name).map(String::as_str), Some(value), "{name}: {series:#?}");
    }
}

#[tokio::test]
async fn answers_are_counted_by_door_and_status_and_nothing_from_outside_is_a_label() {
    let house = house(tokens(), Limits::default(), Some(Ok(held()))).await;
    let body = plugin_request().to_string();
    house.post("/a2a/analyze", body.clone(), Some("the-strong-token")).await;
    house.post("/a2a/analyze", body.clone(), None).await;
    house.post("/t/the-gate-token/a2a/analyze", body, None).await;
    house.get("/v1/verdict/mallory/mallory", Some("the-strong-token")).await;
    house.get("/mallory", None).await;
    let series = house.series().await;
    let counted: BTreeMap<&str, &str> = series
        .iter()
        .filter(|(name, _)| name.starts_with("rollmend_answers_total"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let wanted = BTreeMap::from([
        ("rollmend_answers_total{door=\"analyze\",status=\"200\"}", "2"),
        ("rollmend_answers_total{door=\"analyze\",status=\"401\"}", "1"),
        ("rollmend_answers_total{door=\"verdict\",status=\"200\"}", "1"),
    ]);
    assert_eq!(counted, wanted);
    assert!(series.keys().all(|name| !name.contains("mallory") && !name.contains("shop")), "{series:#?}");
}

#[tokio::test]
async fn changed_configurations_are_counted_and_a_refused_one_is_told_from_one_that_holds() {
    let house = house(tokens(), Limits::default(), None).await;
    let mut seen = Vec::new();
    for fares in [None, Some(Reloads::rejected as fn(&Reloads)), Some(Reloads::taken)] {
        if let Some(fare) = fares {
            fare(&house.reloads);
        }
        let series = house.series().await;
        let names = ["taken_total", "rejected_total", "current"];
        seen.push(names.map(|name| series[&format!("rollmend_configuration_{name}")].clone()));
    }
    assert_eq!(seen, [["0", "0", "1"], ["0", "1", "0"], ["1", "1", "1"]]);
}
