//! Queries over a real socket, against the testbed's Prometheus, which scrapes a real target.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Remedy;
use domain::ports::Metrics;
use rollmend_tool_prometheus::Prometheus;
use testbed::kubernetes::Clock;
use testbed::prometheus::{Prometheus as Server, PrometheusOptions, Target};
use testbed::wire::{Calls, Fault, Misdeed, Port, Wire};

const QUERY: &str = r#"sum(up_requests{hash="{{hash}}"})"#;

struct House {
    server: Server,
    _target: Wire,
    client: Prometheus,
}

async fn house() -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let page = "# TYPE up_requests gauge\nup_requests{hash=\"a1\"} 42\nup_requests{hash=\"b2\"} NaN\n";
    let router = axum::Router::new().route("/metrics", axum::routing::get(move || async move { page }));
    let target = Wire::serve("target", router, Port::Any).await.unwrap();
    let url = format!("{}/metrics", target.url());
    let options = PrometheusOptions {
        port: Port::Any,
        token: None,
        targets: Arc::new(move || vec![Target { url: url.clone(), labels: BTreeMap::new() }]),
        every: Duration::from_secs(3600),
        queries: vec![QUERY.to_owned(), "up_requests".to_owned()],
        clock: Clock::system(),
    };
    let server = Server::start(options).await.unwrap();
    server.scrape().await;
    let client = Prometheus::new(&server.url().parse().unwrap()).unwrap();
    House { server, _target: target, client }
}

fn query(hash: &str) -> String {
    QUERY.replace("{{hash}}", hash)
}

fn now() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(1)
}

#[tokio::test]
async fn an_instant_query_gives_its_value_as_prometheus_wrote_it() {
    let house = house().await;
    assert_eq!(house.client.instant(&query("a1"), now()).await.unwrap().unwrap().value, "42");
    assert_eq!(house.client.instant(&query("b2"), now()).await.unwrap().unwrap().value, "NaN");
}

#[tokio::test]
async fn a_query_without_data_is_empty_and_no_error() {
    let house = house().await;
    assert_eq!(house.client.instant(&query("none"), now()).await.unwrap(), None);
    let points = house.client.range(&query("none"), now() - TimeDelta::seconds(60), now()).await.unwrap();
    assert_eq!(points, []);
}

#[tokio::test]
async fn a_range_query_gives_its_samples_oldest_first() {
    let house = house().await;
    let points = house.client.range(&query("a1"), now() - TimeDelta::seconds(10), now()).await.unwrap();
    assert!(!points.is_empty());
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "{points:?}");
    assert!(points.iter().all(|point| point.value == "42"), "{points:?}");
}

#[tokio::test]
async fn several_series_are_an_error_and_never_one_of_them() {
    let house = house().await;
    let failure = house.client.instant("up_requests", now()).await.unwrap_err();
    assert!(failure.what.contains("has 2 series where one is wanted"), "{}", failure.what);
}

#[tokio::test]
async fn a_query_that_prometheus_refuses_keeps_its_words_and_is_given_up() {
    let house = house().await;
    let failure = house.client.instant("sum(", now()).await.unwrap_err();
    assert!(failure.what.contains("it answered 400"), "{}", failure.what);
    assert_eq!(failure.remedy, Remedy::GiveUp);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_later_and_what_a_person_must_mend_says_so() {
    let house = house().await;
    let status = |code| Misdeed::Status { code, headers: vec![], body: "<html>".into() };
    for (misdeed, wanted) in [
        (status(503), "retry"),
        (status(500), "retry"),
        (Misdeed::Cut, "retry"),
        (Misdeed::Truncate(10), "retry"),
        (status(401), "human"),
        (status(200), "human"),
        (status(302), "give up"),
    ] {
        house.server.wire().clear_faults();
        let said = format!("{misdeed:?}");
        house.server.wire().fault(Fault {
            method: None,
            path: "/api".into(),
            calls: Calls::Every,
            does: misdeed,
        });
        let failure = house.client.instant(&query("a1"), now()).await.unwrap_err();
        let seen = match failure.remedy {
            Remedy::Retry { .. } => "retry",
            Remedy::AskHuman { .. } => "human",
            Remedy::GiveUp => "give up",
        };
        assert_eq!(seen, wanted, "{said}: {}", failure.sentence());
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let house = house().await;
    let elsewhere = Wire::serve("elsewhere", axum::Router::new(), Port::Any).await.unwrap();
    let to = Misdeed::Redirect(format!("{}/api/v1/query", elsewhere.url()));
    house.server.wire().fault(Fault { method: None, path: "/api".into(), calls: Calls::Every, does: to });
    assert!(house.client.instant(&query("a1"), now()).await.is_err());
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_at_its_limit() {
    let house = house().await;
    let body = format!(r#"{{"status":"success","data":"{}"}}"#, "x".repeat(5 << 20));
    let huge = Misdeed::Status { code: 200, headers: vec![], body };
    house.server.wire().fault(Fault { method: None, path: "/api".into(), calls: Calls::Every, does: huge });
    let failure = house.client.instant(&query("a1"), now()).await.unwrap_err();
    assert!(failure.what.contains("larger than"), "{}", failure.what);
}
