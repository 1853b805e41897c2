//! Prometheus, GitHub and the API server are slow, cut in the middle, answer too much or something else than they should.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testbed::wire::{Calls, Fault, Misdeed};

use crate::gate::analyze;
use crate::house::{House, REQUESTS};
use crate::plan::{Metric, Plan};
use crate::shop;

const PULLS: &str = "/api/v3/repos/acme/shop/pulls";
const RANGE: &str = "/api/v1/query_range";
const INSTANT: &str = "/api/v1/query";

fn answer(kind: &str, body: String) -> Misdeed {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Misdeed::Status { code: 200, headers, body }
}

/// A sign-in page where an answer should be.
fn page() -> Misdeed {
    answer("text/html", "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>".to_owned())
}

/// JSON of no known shape.
fn nonsense() -> Misdeed {
    answer(
        "application/json",
        json!({"status": 7, "data": [null, {"result": "yes"}], "number": "one"}).to_string(),
    )
}

/// Ten megabytes that begin well.
fn ten_megabytes() -> Misdeed {
    answer("application/json", format!("[{{\"status\":\"success\",\"x\":\"{}\"}}]", "a".repeat(10 << 20)))
}

fn first(method: Method, path: &str, does: Misdeed) -> Fault {
    Fault::nth(method, path, 1, does)
}

/// The incident ends in one draft of the revert, whatever it met.
async fn one_draft(house: &House, what: &str) -> Value {
    let incident = house.files.incident("proposed").await;
    house.event("FixProposed").await;
    let pulls = house.pulls();
    assert_eq!((pulls.len(), house.branches().len()), (1, 1), "{what}: {pulls:#?}");
    assert_eq!(pulls[0].title, "Revert \"Read the cost of each order\"", "{what}");
    assert_eq!(house.files.incidents().await.len(), 1, "{what}");
    incident
}

async fn a_prometheus_that(what: &str, does: Misdeed) {
    let plan = Plan {
        cluster: "prometheus = \"PROMETHEUS\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'"),
        metric: Metric::Prometheus,
        ..Plan::default()
    };
    let (house, service) = House::with_daemon(plan).await;
    house.prometheus.wire().fault(Fault::every(RANGE, does));
    house.break_canary().await;
    one_draft(&house, what).await;
    let shown = house.files.show("shop/checkout").await;
    let missing = shown["case"]["missing"].to_string();
    assert!(missing.contains("error-ratio"), "{what}: {missing}");
    assert!(!missing.contains("Sign in") && missing.len() < 10_000, "{what}: {missing}");
    let (status, log) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "{what}: {}", log.join("\n"));
}

#[tokio::test]
async fn a_prometheus_that_lies_is_cut_or_says_too_much_is_said_to_be_missing_and_holds_nothing_up() {
    join_all([
        a_prometheus_that("a page", page()),
        a_prometheus_that("nonsense", nonsense()),
        a_prometheus_that("ten megabytes", ten_megabytes()),
    ])
    .await;
    tokio::join!(
        a_prometheus_that("cut", Misdeed::Truncate(20)),
        a_prometheus_that("slow", Misdeed::Delay(Duration::from_secs(60))),
        a_prometheus_that("an error", Misdeed::Status { code: 503, headers: vec![], body: String::new() }),
    );
}

/// Without another measure, whatever a Prometheus says that is no number of requests is no yes.
#[tokio::test]
async fn a_prometheus_that_lies_about_requests_never_makes_the_gate_say_yes() {
    let plan = Plan {
        cluster: "prometheus = \"PROMETHEUS\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'\nmin_requests = 50\nmin_lines = 100000\nmax_wait = \"1s\""),
        ..Plan::default()
    };
    let (house, service) = House::with_daemon(plan).await;
    let door = service.address().await;
    house.begin_canary().await;
    house.prometheus.scrape().await;
    let vector = |value: &Value| {
        let result = json!([{"metric": {}, "value": [1.0, value]}]);
        let data = json!({"resultType": "vector", "result": result});
        answer("application/json", json!({"status": "success", "data": data}).to_string())
    };
    let lies = [
        page(),
        nonsense(),
        ten_megabytes(),
        Misdeed::Truncate(20),
        Misdeed::Cut,
        Misdeed::Status { code: 500, headers: vec![], body: "{}".to_owned() },
        vector(&json!("NaN")),
        vector(&json!("+Inf")),
        vector(&json!("-500")),
        vector(&json!(500)),
        vector(&json!("500 requests")),
        vector(&json!(null)),
    ];
    for lie in lies {
        house.prometheus.wire().clear_faults();
        house.prometheus.wire().fault(Fault::every(INSTANT, lie.clone()));
        let (status, answer) = analyze(door, json!({})).await;
        assert_eq!(status, 425, "{lie:.200?}: {answer}");
        assert_eq!(answer["promote"], Value::Null, "{lie:.200?}: {answer}");
    }
    house.prometheus.wire().clear_faults();
    let (status, answer) = analyze(door, json!({})).await;
    assert_eq!((status, &answer["promote"]), (200, &json!(true)), "the test shows nothing: {answer}");
    drop(service.terminate().await);
}

async fn a_github_that(what: &str, faults: Vec<Fault>) {
    let (house, service) = House::with_daemon(Plan::default()).await;
    for fault in faults {
        house.github.wire().fault(fault);
    }
    house.break_canary().await;
    one_draft(&house, what).await;
    let (status, log) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "{what}: {}", log.join("\n"));
}

/// The same misdeed once at each step of a pull request: looking who we are, looking for an earlier one, opening it.
fn each_once(does: &Misdeed) -> Vec<Fault> {
    vec![
        first(Method::GET, "/api/v3/user", does.clone()),
        first(Method::GET, PULLS, does.clone()),
        first(Method::POST, PULLS, does.clone()),
    ]
}

#[tokio::test]
async fn a_github_that_lies_is_cut_or_says_too_much_at_each_step_gets_one_pull_request() {
    let git = ["/acme/shop.git/info/refs", "/acme/shop.git/git-upload-pack"];
    let cut = [Method::GET, Method::POST].into_iter().zip(git);
    let cut = cut.map(|(method, path)| first(method, path, Misdeed::Truncate(40)));
    let lies = [
        ("a page", each_once(&page())),
        ("nonsense", each_once(&nonsense())),
        ("ten megabytes", each_once(&ten_megabytes())),
        ("cut", cut.chain(each_once(&Misdeed::Truncate(40))).collect()),
    ];
    join_all(lies.map(|(what, faults)| Box::pin(a_github_that(what, faults)))).await;
}

/// Something else than git answers where the repository should be: a human is told, with what to look at, and nothing is proposed.
async fn a_git_that(what: &str, path: &str, does: Misdeed, state: &str) {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.github.wire().fault(Fault::every(path, does));
    house.break_canary().await;
    let incident = house.files.incident(state).await;
    let shown = house.files.show("shop/checkout").await;
    let told = format!("{} {}", incident["reason"], shown["case"]["missing"]);
    assert!(told.contains("does not speak git's smart HTTP protocol"), "{what}: {told}");
    assert!(told.contains("acme/shop") && !told.contains("Sign in"), "{what}: {told}");
    assert_eq!((house.pulls().len(), house.branches().len()), (0, 0), "{what}");
    let (status, log) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "{what}: {}", log.join("\n"));
}

#[tokio::test]
async fn a_git_server_that_answers_something_else_is_explained_and_gets_no_pull_request() {
    let (clone, push) = ("/acme/shop.git/info/refs", "/acme/shop.git/git-receive-pack");
    let lies = [
        ("a page for a clone", clone, page(), "explained"),
        ("nonsense for a clone", clone, nonsense(), "explained"),
        ("ten megabytes for a clone", clone, ten_megabytes(), "explained"),
        ("a page for a push", push, page(), "escalated"),
    ];
    join_all(lies.map(|(what, path, does, state)| Box::pin(a_git_that(what, path, does, state)))).await;
}

#[tokio::test]
async fn a_github_that_is_slow_or_cuts_the_push_gets_one_pull_request() {
    let push = "/acme/shop.git/git-receive-pack";
    let slow =
        Fault { calls: Calls::Every, ..first(Method::GET, "/", Misdeed::Delay(Duration::from_secs(2))) };
    join_all([
        a_github_that("slow", vec![slow]),
        a_github_that("the push cut", vec![first(Method::POST, push, Misdeed::Cut)]),
        a_github_that("the push done and cut", vec![first(Method::POST, push, Misdeed::CutAfterHandling)]),
    ])
    .await;
}

/// What GitHub never says rightly is no pull request: nobody is told of one, and it is tried on.
#[tokio::test]
async fn a_github_that_always_lies_is_never_taken_for_a_pull_request() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.github.wire().fault(Fault { calls: Calls::Every, ..first(Method::POST, PULLS, page()) });
    house.break_canary().await;
    let told = |line: &str| line.contains("will try again") && line.contains("another shape than GitHub's");
    service.said("what is wrong", told).await;
    let rows = house.files.incidents().await;
    assert_eq!((rows.len(), house.pulls().len()), (1, 0), "{rows:#?}");
    assert_eq!(rows[0]["pull_request"], Value::Null, "{rows:#?}");
    assert!(!house.events().iter().any(|(reason, _)| reason == "FixProposed"));
    house.github.wire().clear_faults();
    one_draft(&house, "after the lies").await;
    drop(service.terminate().await);
}

async fn an_api_server_that(what: &str, fault: Fault) {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.kubernetes.wire().fault(fault);
    // Watches that are open would not meet it.
    house.kubernetes.expire_watches();
    house.fail(&canary).await;
    house.kubernetes.wire().clear_faults();
    let incident = one_draft(&house, what).await;
    assert_eq!(incident["confidence"], 90, "{what}");
    let (status, log) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "{what}: {}", log.join("\n"));
}

#[tokio::test]
async fn an_api_server_that_lies_is_slow_or_cut_in_mid_incident_loses_nothing() {
    let every = |does: Misdeed| Fault { calls: Calls::Every, ..first(Method::GET, "/", does) };
    let lies = [
        ("a page", every(page())),
        ("nonsense", every(nonsense())),
        ("ten megabytes", every(ten_megabytes())),
        ("cut", every(Misdeed::Truncate(100))),
    ];
    join_all(lies.map(|(what, fault)| Box::pin(an_api_server_that(what, fault)))).await;
    tokio::join!(
        an_api_server_that("slow", every(Misdeed::Delay(Duration::from_secs(3)))),
        an_api_server_that("no answer", every(Misdeed::Cut)),
    );
}
