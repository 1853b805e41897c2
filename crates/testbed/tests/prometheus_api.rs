//! The Prometheus stand-in, over real scrapes of a real target.

#![cfg(test)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing};
use chrono::{TimeZone, Utc};
use serde_json::{Value, json};
use testbed::{
    kubernetes::Clock,
    prometheus::{Prometheus, PrometheusOptions, StartError, Target},
    wire::{Port, Wire},
};

const RATIO: &str = r#"sum(rate(http_requests_total{status=~"5..",rollouts_pod_template_hash="{{hash}}"}[{{window}}])) / sum(rate(http_requests_total{rollouts_pod_template_hash="{{hash}}"}[{{window}}]))"#;
const REQUESTS: &str =
    r#"sum(increase(http_requests_total{rollouts_pod_template_hash="{{hash}}"}[{{window}}]))"#;

/// A target whose counters a test moves, and a Prometheus whose time it moves.
struct Scraped {
    prometheus: Prometheus,
    good: Arc<AtomicU64>,
    bad: Arc<AtomicU64>,
    now: Arc<AtomicU64>,
    client: reqwest::Client,
    _target: Wire,
}

impl Scraped {
    async fn start(token: Option<&str>) -> Scraped {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (good, bad, now) =
            (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (shown_good, shown_bad) = (Arc::clone(&good), Arc::clone(&bad));
        let metrics = routing::get(async move || {
            format!(
                "# TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} {}\nhttp_requests_total{{status=\"500\"}} {}\nlatency_bucket{{le=\"0.1\"}} 9\nlatency_bucket{{le=\"0.2\"}} 10\nlatency_bucket{{le=\"+Inf\"}} 10\n",
                shown_good.load(Ordering::Relaxed),
                shown_bad.load(Ordering::Relaxed),
            )
        });
        let target =
            Wire::serve("target", Router::new().route("/metrics", metrics), Port::Any).await.unwrap();
        let labels = BTreeMap::from([("rollouts_pod_template_hash".to_owned(), "abc".to_owned())]);
        let targets = vec![Target { url: format!("{}/metrics", target.url()), labels }];
        let seconds = Arc::clone(&now);
        let clock = Clock::by(move || {
            Utc.timestamp_opt(1_700_000_000 + i64::try_from(seconds.load(Ordering::Relaxed)).unwrap(), 0)
                .unwrap()
        });
        let prometheus = Prometheus::start(PrometheusOptions {
            port: Port::Any,
            token: token.map(str::to_owned),
            targets: Arc::new(move || targets.clone()),
            // The test scrapes by hand.
            every: Duration::from_secs(86_400),
            queries: vec![
                RATIO.to_owned(),
                REQUESTS.to_owned(),
                "up".to_owned(),
                "histogram_quantile(0.95, sum by (le) (latency_bucket))".to_owned(),
                "sum(missing) or vector(0)".to_owned(),
            ],
            clock,
        })
        .await
        .unwrap();
        Scraped { prometheus, good, bad, now, client: reqwest::Client::new(), _target: target }
    }

    /// Five scrapes, 10 s apart, with so many requests between two.
    async fn load(&self, good: u64, bad: u64) {
        for _ in 0..5 {
            self.prometheus.scrape().await;
            self.now.fetch_add(10, Ordering::Relaxed);
            self.good.fetch_add(good, Ordering::Relaxed);
            self.bad.fetch_add(bad, Ordering::Relaxed);
        }
        self.prometheus.scrape().await;
    }

    async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let mut url = reqwest::Url::parse(&format!("{}{path}", self.prometheus.url())).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        let answer = self.client.get(url).send().await.unwrap();
        let code = answer.status().as_u16();
        (code, answer.json().await.unwrap())
    }

    async fn value(&self, query: &str) -> Value {
        let (code, answer) = self.ask("/api/v1/query", &[("query", query)]).await;
        assert_eq!(code, 200, "{answer}");
        assert_eq!(answer["data"]["resultType"], "vector");
        answer["data"]["result"].clone()
    }
}

fn filled(template: &str, hash: &str, window: &str) -> String {
    template.replace("{{hash}}", hash).replace("{{window}}", window)
}

#[tokio::test]
async fn the_queries_it_was_started_with_are_computed_from_scrapes() {
    let scraped = Scraped::start(None).await;
    scraped.load(90, 10).await;
    let at = 1_700_000_050.0;
    assert_eq!(
        scraped.value(&filled(RATIO, "abc", "30s")).await,
        json!([{"metric": {}, "value": [at, "0.1"]}])
    );
    assert_eq!(
        scraped.value(&filled(REQUESTS, "abc", "1m")).await,
        json!([{"metric": {}, "value": [at, "500"]}])
    );
    assert_eq!(
        scraped.value("up").await,
        json!([{"metric": {"__name__": "up", "rollouts_pod_template_hash": "abc"}, "value": [at, "1"]}])
    );
    let quantile = scraped.value("histogram_quantile(0.95, sum by (le) (latency_bucket))").await;
    assert_eq!(quantile, json!([{"metric": {}, "value": [at, "0.15000000000000002"]}]));
}

#[tokio::test]
async fn no_data_is_an_empty_vector_and_no_requests_are_not_a_number() {
    let scraped = Scraped::start(None).await;
    assert_eq!(scraped.value(&filled(REQUESTS, "abc", "30s")).await, json!([]));
    scraped.load(0, 0).await;
    assert_eq!(scraped.value(&filled(RATIO, "abc", "30s")).await[0]["value"][1], "NaN");
    assert_eq!(scraped.value(&filled(RATIO, "other", "30s")).await, json!([]));
    assert_eq!(scraped.value("sum(missing) or vector(0)").await[0]["value"][1], "0");
}

#[tokio::test]
async fn a_counter_that_starts_anew_is_counted_on() {
    let scraped = Scraped::start(None).await;
    scraped.load(10, 0).await;
    scraped.good.store(0, Ordering::Relaxed);
    scraped.load(10, 0).await;
    let increase = scraped.value(&filled(REQUESTS, "abc", "2m")).await;
    assert_eq!(increase[0]["value"][1], "100");
}

#[tokio::test]
async fn a_range_is_a_matrix_and_a_form_may_be_posted() {
    let scraped = Scraped::start(None).await;
    scraped.load(10, 0).await;
    let query = filled(REQUESTS, "abc", "20s");
    let range = [("query", query.as_str()), ("start", "1700000030"), ("end", "1700000050"), ("step", "10")];
    let (code, answer) = scraped.ask("/api/v1/query_range", &range).await;
    assert_eq!(code, 200);
    let values = json!([[1_700_000_030.0, "20"], [1_700_000_040.0, "20"], [1_700_000_050.0, "20"]]);
    assert_eq!(answer["data"], json!({"resultType": "matrix", "result": [{"metric": {}, "values": values}]}));
    let posted = scraped
        .client
        .post(format!("{}/api/v1/query", scraped.prometheus.url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("query=up&time=1700000050")
        .send()
        .await
        .unwrap();
    assert_eq!(
        posted.json::<Value>().await.unwrap()["data"]["result"][0]["value"],
        json!([1_700_000_050.0, "1"])
    );
}

#[tokio::test]
async fn what_is_no_query_is_400_and_what_it_was_not_started_with_is_422() {
    let scraped = Scraped::start(None).await;
    let refused = async |query: &str| {
        let (code, answer) = scraped.ask("/api/v1/query", &[("query", query)]).await;
        assert_eq!(answer["status"], "error");
        (code, answer["errorType"].as_str().unwrap().to_owned(), answer["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        refused("").await,
        (
            400,
            "bad_data".to_owned(),
            "invalid parameter \"query\": unknown position: parse error: no expression found in input"
                .to_owned()
        )
    );
    let (code, kind, error) = refused("sum(rate(x[5m])").await;
    assert_eq!((code, kind.as_str()), (400, "bad_data"));
    assert!(error.contains("1:16: parse error: unexpected end of input"), "{error}");
    let (code, kind, _) = refused("sum(rate(http_requests_total[5m]))").await;
    assert_eq!((code, kind.as_str()), (422, "execution"));
    let other_window = filled(RATIO, "abc\",status=\"200", "30s");
    assert_eq!(refused(&other_window).await.0, 422, "a place takes a hash, not a piece of a query");
}

#[tokio::test]
async fn a_token_is_wanted_when_there_is_one() {
    let scraped = Scraped::start(Some("secret")).await;
    let url = format!("{}/api/v1/query?query=up", scraped.prometheus.url());
    assert_eq!(scraped.client.get(&url).send().await.unwrap().status().as_u16(), 401);
    assert_eq!(scraped.client.get(&url).bearer_auth("secret").send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn a_query_that_it_cannot_compute_is_refused_at_the_start() {
    let started = Prometheus::start(PrometheusOptions {
        port: Port::Any,
        token: None,
        targets: Arc::new(Vec::new),
        every: Duration::from_secs(86_400),
        queries: vec!["topk(3, x)".to_owned()],
        clock: Clock::system(),
    })
    .await;
    assert!(matches!(started, Err(StartError::Query { .. })));
}
