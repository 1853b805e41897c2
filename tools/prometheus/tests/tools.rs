//! `query_metrics` over a frozen case, and over a real socket against the testbed's Prometheus.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::ports::CaseTools;
use domain::*;
use rollmend_tool_prometheus::{Prometheus, PrometheusTools};
use serde_json::{Value, json};
use testbed::kubernetes::Clock;
use testbed::prometheus::{Prometheus as Server, PrometheusOptions, Target};
use testbed::wire::{Port, Wire};

const QUERY: &str = r#"sum(up_requests{hash="a1"})"#;

fn at(second: i64) -> DateTime<Utc> {
    "2026-11-24T02:30:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

/// E1 and E2: `errors` of canary and stable; E3: `late` of canary, empty.
fn case(from: DateTime<Utc>, frozen_at: DateTime<Utc>) -> Arc<CaseFile> {
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    let mut series = |metric: &str, side: Side, values: &[&str]| {
        let points = values.iter().zip(0_i64..);
        let points = points.map(|(value, n)| Point { at: at(n * 10), value: (*value).to_owned() }).collect();
        let (metric, query) = (metric.parse().unwrap(), "sum(errors)".to_owned());
        let source = format!("series {metric} {side}");
        builder.add(source, ExhibitBody::Series { metric, side, query, points });
    };
    series("errors", Side::Canary, &["0.1", "0.3", "0.2"]);
    series("errors", Side::Stable, &["0", "0", "NaN"]);
    series("late", Side::Canary, &[]);
    let identity = IncidentIdentity {
        cluster: "eu-1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() },
        uid: "5f0c".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    };
    let header = CaseHeader {
        incident: identity.id(),
        identity,
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtEnd,
        follows: None,
        from,
        frozen_at,
        troubles: vec![],
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    };
    Arc::new(builder.freeze(header, None))
}

fn old_case() -> Arc<CaseFile> {
    case(at(0), at(107))
}

/// A case whose evidence ended a moment ago.
fn fresh_case() -> Arc<CaseFile> {
    case(Utc::now() - TimeDelta::seconds(60), Utc::now() + TimeDelta::seconds(1))
}

async fn call(
    tools: &PrometheusTools,
    case: &Arc<CaseFile>,
    given: Value,
) -> Result<ToolOutput, ToolFailure> {
    tools.tools(case).remove(0).call(given).await
}

async fn refusal(tools: &PrometheusTools, case: &Arc<CaseFile>, given: Value) -> String {
    match call(tools, case, given).await {
        Err(ToolFailure::Model(words)) => words,
        other => panic!("no refusal: {other:?}"),
    }
}

async fn frozen(given: Value) -> String {
    call(&PrometheusTools::new(None), &old_case(), given).await.unwrap().text
}

struct House {
    server: Server,
    _target: Wire,
    tools: PrometheusTools,
}

async fn house() -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let page = "# TYPE up_requests gauge\nup_requests{hash=\"a1\"} 42\nup_requests{hash=\"b2\"} 7\n";
    let router = axum::Router::new().route("/metrics", axum::routing::get(move || async move { page }));
    let target = Wire::serve("target", router, Port::Any).await.unwrap();
    let url = format!("{}/metrics", target.url());
    let options = PrometheusOptions {
        port: Port::Any,
        token: None,
        targets: Arc::new(move || vec![Target { url: url.clone(), labels: BTreeMap::new() }]),
        every: Duration::from_secs(3600),
        queries: vec![QUERY.replace("a1", "{{hash}}"), "up_requests".to_owned()],
        clock: Clock::system(),
    };
    let server = Server::start(options).await.unwrap();
    server.scrape().await;
    let client = Prometheus::new(&server.url().parse().unwrap()).unwrap();
    House { server, _target: target, tools: PrometheusTools::new(Some(Arc::new(client))) }
}

fn asked(house: &House) -> usize {
    house.server.wire().asked().len()
}

#[tokio::test]
async fn a_model_is_shown_this_tool_with_queries_only_where_a_prometheus_is_configured() {
    let house = house().await;
    for (name, tools) in [("frozen", &PrometheusTools::new(None)), ("live", &house.tools)] {
        let tool = tools.tools(&old_case()).remove(0);
        assert_eq!((tool.name(), tool.access()), ("query_metrics", ToolAccess::ReadOnly));
        let schema = serde_json::to_string_pretty(&tool.schema()).unwrap();
        insta::assert_snapshot!(name, format!("{}\n{schema}", tool.description()));
    }
}

#[tokio::test]
async fn frozen_series_are_tables_by_metric_side_exhibit_and_time() {
    let canary = "E1: metric errors of canary, query sum(errors)\n\
        3 samples from 2026-11-24 (UTC); min 0.1, median 0.2, max 0.3\n\
        02:30:00 0.1\n02:30:10 0.3\n02:30:20 0.2\n";
    let stable = "E2: metric errors of stable, query sum(errors)\n\
        3 samples from 2026-11-24 (UTC); min 0, median 0, max 0; 1 of them NaN or infinite\n\
        02:30:00 0\n02:30:10 0\n02:30:20 NaN\n";
    let late = "E3: metric late of canary, query sum(errors)\nno samples\n";
    assert_eq!(frozen(json!({})).await, format!("{canary}{stable}{late}"));
    assert_eq!(frozen(json!({"metric": "errors"})).await, format!("{canary}{stable}"));
    assert_eq!(frozen(json!({"metric": "errors", "side": "stable"})).await, stable);
    assert_eq!(frozen(json!({"exhibit": "E1"})).await, canary);
    let later = frozen(json!({"exhibit": "E1", "from": "2026-11-24T02:30:20Z"})).await;
    assert!(later.ends_with("max 0.2\n02:30:20 0.2\n"), "{later}");
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_there_is() {
    let none = PrometheusTools::new(None);
    let series = "series are E1 (errors of canary), E2 (errors of stable), E3 (late of canary)";
    for (given, told) in [
        (json!({"metric": "latency"}), format!("there is no series of metric latency; {series}")),
        (
            json!({"metric": "late", "side": "stable"}),
            format!("there is no series of metric late of stable; {series}"),
        ),
        (json!({"exhibit": "E9"}), format!("E9 is no series of this case; {series}")),
        (json!({"query": QUERY}), format!("no Prometheus can be asked; {series}")),
        (
            json!({"query": QUERY, "metric": "errors"}),
            "give either query, or metric with side, or exhibit".to_owned(),
        ),
        (json!({"metric": "errors", "exhibit": "E1"}), "give either metric with side, or exhibit".to_owned()),
        (json!({"from": at(9), "to": at(1)}), "from is later than to".to_owned()),
    ] {
        assert_eq!(refusal(&none, &old_case(), given).await, told);
    }
}

#[tokio::test]
async fn a_query_of_the_models_own_is_answered_live_and_marked_so() {
    let (house, case) = (house().await, fresh_case());
    let now = call(&house.tools, &case, json!({"query": QUERY})).await.unwrap().text;
    let lines: Vec<&str> = now.lines().collect();
    assert_eq!(lines[0], "LIVE, answered just now, not part of the case: cannot be cited");
    assert!(lines[1].starts_with("1 samples from "), "{now}");
    assert!(lines[2].ends_with(" 42"), "{now}");
    let from = (Utc::now() - TimeDelta::seconds(10)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let range = call(&house.tools, &case, json!({"query": QUERY, "from": from})).await.unwrap().text;
    assert!(range.contains("min 42, median 42, max 42"), "{range}");
    let none = call(&house.tools, &case, json!({"query": QUERY.replace("a1", "none")})).await;
    assert!(none.unwrap().text.ends_with("no samples\n"));
}

#[tokio::test]
async fn a_query_that_has_no_answer_is_explained_to_the_model() {
    let (house, case) = (house().await, fresh_case());
    let many = refusal(&house.tools, &case, json!({"query": "up_requests"})).await;
    assert!(many.contains("the result has 2 series where one is wanted"), "{many}");
    let broken = refusal(&house.tools, &case, json!({"query": "sum("})).await;
    assert!(broken.contains("it answered 400") && broken.contains("series are E1"), "{broken}");
    house.server.wire().stop().await;
    let down = refusal(&house.tools, &case, json!({"query": QUERY})).await;
    assert!(down.starts_with("Prometheus gave no answer"), "{down}");
}

#[tokio::test]
async fn a_query_out_of_the_cases_time_or_over_its_length_is_not_sent() {
    let house = house().await;
    let before = asked(&house);
    for given in [
        json!({"query": QUERY, "to": at(-3_601)}),
        json!({"query": QUERY, "to": at(107 + 3_601)}),
        json!({"query": QUERY, "from": at(-3_601), "to": at(9)}),
        json!({"query": QUERY, "from": at(200)}),
        json!({"query": QUERY, "from": "yesterday"}),
        json!({"query": "x".repeat(2_001)}),
        json!({"query": ""}),
        json!({"query": QUERY, "url": "http://evil.example"}),
    ] {
        refusal(&house.tools, &old_case(), given).await;
    }
    assert_eq!(asked(&house), before);
    let told = refusal(&house.tools, &old_case(), json!({"query": QUERY, "to": at(-3_601)})).await;
    let bounds = "times are from 2026-11-24T01:30:00Z to 2026-11-24T03:31:47Z";
    assert_eq!(told, format!("2026-11-24T01:29:59Z is not within an hour of the case: {bounds}"));
}

#[tokio::test]
async fn attack_17_a_query_reaches_nothing_but_the_configured_prometheus() {
    let (house, case) = (house().await, fresh_case());
    let elsewhere = Wire::serve("elsewhere", axum::Router::new(), Port::Any).await.unwrap();
    let before = asked(&house);
    let named = [
        format!("{}/api/v1/query?query=up", elsewhere.url()),
        "/proc/self/environ".to_owned(),
        "../../../etc/passwd".to_owned(),
        "file:///var/run/secrets/kubernetes.io/serviceaccount/token".to_owned(),
        "up&query=other&time=0".to_owned(),
    ];
    for query in &named {
        refusal(&house.tools, &case, json!({"query": query})).await;
        for field in ["metric", "exhibit"] {
            refusal(&house.tools, &case, json!({field: query})).await;
        }
    }
    assert!(elsewhere.asked().is_empty());
    let asked = house.server.wire().asked();
    assert_eq!(asked.len() - before, named.len());
    assert!(asked.iter().skip(before).all(|asked| asked.path == "/api/v1/query" && asked.query.is_empty()));
}
