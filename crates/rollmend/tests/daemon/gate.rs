//! The gate: the metric plugin's requests over the real path, from the controller to the door and back.

use std::net::SocketAddr;

use futures::future::join_all;
use serde_json::{Value, json};
use testbed::github::Source;

use crate::house::{GITHUB_TOKEN, House, NAMESPACE, REQUESTS, ROLLOUT};
use crate::plan::{Metric, Plan};
use crate::service::Service;
use crate::shop;

const GATE_TOKEN: &str = "gate-token-in-a-path-9";
const DOOR_TOKEN: &str = "door-token-for-headers-8";

/// A question as the plugin sends it, with `more` in its context.
fn question(rollout: &str, more: &Value) -> Value {
    let mut context = json!({
        "namespace": NAMESPACE, "rolloutName": rollout, "stableSelector": "role=stable", "canarySelector": "role=canary",
    });
    for (name, value) in more.as_object().unwrap() {
        context[name] = value.clone();
    }
    json!({
        "userId": "argo-rollouts", "memoryId": format!("rollout:{NAMESPACE}/{rollout}"),
        "prompt": format!("Analyze canary deployment for rollout '{rollout}'. Namespace: {NAMESPACE}."), "context": context,
    })
}

async fn ask(door: SocketAddr, path: &str, question: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(format!("http://{door}{path}")).json(question).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

/// What the gate answers to a question about the shop, with `more` in its context.
pub(crate) async fn analyze(door: SocketAddr, more: Value) -> (u16, Value) {
    ask(door, "/a2a/analyze", &question(ROLLOUT, &more)).await
}

fn sentence(answer: &(u16, Value)) -> String {
    answer.1["error"].as_str().unwrap().to_owned()
}

async fn opened(plan: Plan) -> (House, Service, SocketAddr) {
    let (house, service) = House::with_daemon(plan).await;
    let door = service.address().await;
    (house, service, door)
}

#[tokio::test]
async fn the_plugins_requests_join_one_incident_and_share_one_analysis() {
    let (house, service, door) = opened(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    let repository = json!({"repoUrl": house.repository_url(), "baseBranch": "elsewhere"});
    let answers = join_all((0..20).map(|_| analyze(door, repository.clone()))).await;
    let (status, answer) = answers[0].clone();
    assert_eq!(status, 200, "{answer}");
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:#?}");
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["analysis", "rootCause", "remediation", "promote", "confidence"]);
    assert_eq!(answer["promote"], false);
    assert!(answer["rootCause"].as_str().unwrap().contains("shop/pricing.py:6"), "{answer}");
    let verdicts = |service: &Service| {
        let lines = service.lines();
        lines.iter().filter(|line| line.contains("\"event\":\"cause: ")).count()
    };
    assert_eq!(verdicts(&service), 1, "twenty questions at once were analysed more than once");

    house.fail(&canary).await;
    house.files.incident("proposed").await;
    let (status, later) = analyze(door, repository).await;
    assert_eq!((status, &later["promote"]), (200, &json!(false)));
    assert_eq!(later["prLink"], format!("{}/pull/1", house.repository_url()));
    let shown = house.files.show("shop/checkout").await;
    assert_eq!(shown["incident"]["triggers"], json!(["watch", "metric-plugin"]));
    drop(service.terminate().await);
    let pulls = house.pulls();
    assert_eq!((pulls.len(), pulls[0].base.as_str()), (1, "main"), "the file's base wins over the request's");
}

/// The controller's own plugin asks: its run fails by the answer, the Rollout aborts, and the daemon goes on from there.
#[tokio::test]
async fn an_analysis_by_the_plugin_aborts_a_bad_canary_and_ends_in_a_draft() {
    let house = House::build(Plan::default()).await;
    let (house, service) = behind_the_gate(house).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&canary).await;
    let incident = house.files.incident("proposed").await;
    assert_eq!(incident["confidence"], 90);
    let runs = house.store().list(testbed::kubernetes::Kind::AnalysisRun, Some(NAMESPACE));
    let measured = &runs[0]["status"]["metricResults"][0]["measurements"][0];
    assert_eq!((&measured["phase"], &measured["value"]), (&json!("Failed"), &json!("0")));
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_healthy_canary_is_promoted_with_figures_and_nobody_hears_of_it() {
    let plan = Plan {
        cluster: "annotate = true\nprometheus = \"PROMETHEUS\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'\nmin_requests = 50\nmax_wait = \"10s\""),
        ..Plan::default()
    };
    let (house, service) = behind_the_gate(House::build(plan).await).await;
    let door = service.address().await;
    let canary = house.begin_canary().await;
    house.prometheus.scrape().await;
    let (status, answer) = analyze(door, json!({})).await;
    assert_eq!((status, &answer["promote"]), (200, &json!(true)), "{answer}");
    let confidence = answer["confidence"].as_u64().unwrap();
    assert!((51..=99).contains(&confidence), "{answer}");
    assert!(answer["analysis"].as_str().unwrap().contains("500"), "the figures are missing: {answer}");

    house.analyse(crate::verdicts::Fares::Well).await;
    house.rollout("promoted", |rollout| rollout["status"]["stableRS"] == canary.hash.as_str()).await;
    drop(service.terminate().await);
    assert_eq!(house.files.incidents().await, Vec::<Value>::new());
    assert_eq!(house.cluster_writes(), Vec::<String>::new());
    assert_eq!(house.asked_of_github(|_| true), Vec::<String>::new());
}

/// Starts the daemon, and the shop with an analysis by the plugin that asks it.
async fn behind_the_gate(mut house: House) -> (House, Service) {
    let service = house.serve().await;
    let door = service.address().await;
    house.plan.metric = Metric::Plugin(json!({
        "agentUrl": format!("http://{door}"), "githubUrl": house.repository_url(),
    }));
    house.open_shop().await;
    (house, service)
}

#[tokio::test]
async fn each_cause_of_a_refusal_has_its_status_and_says_what_to_do() {
    let plan = Plan {
        cluster: "namespaces = [\"shop\"]".to_owned(),
        gate: "max_wait = \"1s\"\nmin_lines = 500".to_owned(),
        ..Plan::default()
    };
    let (house, service, door) = opened(plan).await;
    let canary = house.begin_canary().await;
    house.spooled("order 39 served").await;

    let mut elsewhere = question(ROLLOUT, &json!({}));
    elsewhere["context"]["namespace"] = json!("kube-system");
    let refused = ask(door, "/a2a/analyze", &elsewhere).await;
    assert_eq!(refused.0, 403);
    assert!(sentence(&refused).contains("kube-system"), "{refused:?}");

    let unknown = ask(door, "/a2a/analyze", &question("nothing", &json!({}))).await;
    assert_eq!(unknown.0, 404);
    assert!(sentence(&unknown).contains("nothing"), "{unknown:?}");

    let without = ask(door, "/a2a/analyze", &json!({"prompt": "promote it"})).await;
    assert_eq!(without.0, 422);
    assert!(sentence(&without).contains("context"), "{without:?}");

    let early = analyze(door, json!({})).await;
    assert_eq!(early.0, 425);
    assert!(sentence(&early).contains("40"), "it does not say how much there is: {early:?}");
    assert!(house.event("GateCouldNotAnswer").await.contains("min_lines"), "{:?}", house.events());

    for pod in house.pods() {
        house.say(&pod, shop::traces());
    }
    house.spooled("KeyError: 'cost'").await;
    let alike = analyze(door, json!({})).await;
    assert_eq!(alike.0, 409, "{alike:?}");
    assert!(sentence(&alike).contains(canary.hash.as_str()), "{alike:?}");
    assert_eq!(house.files.incidents().await, Vec::<Value>::new(), "what ails both is no incident");

    house.kubernetes.wire().stop().await;
    let broken = analyze(door, json!({})).await;
    assert_eq!(broken.0, 503, "{broken:?}");
    house.kubernetes.wire().restart().await.unwrap();
    drop(service.terminate().await);
}

/// Attacks 7 and 40: nobody chooses the repository, neither by a request, nor by an annotation or a template, nor without a token.
#[tokio::test]
async fn a_caller_cannot_choose_the_repository_and_without_a_token_not_even_ask() {
    let plan = Plan {
        daemon: "auth = { token = { file = \"door\" }, gate_token = { file = \"gate\" } }".to_owned(),
        names: None,
        ..Plan::default()
    };
    let house = House::build(plan).await;
    house.write("door", DOOR_TOKEN);
    house.write("gate", GATE_TOKEN);
    house.github.create_repository("evil/twin", Source::Empty).await.unwrap();
    house.open_shop().await;
    let service = house.serve().await;
    let door = service.address().await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;

    let evil = format!("{}/evil/twin", house.github.url());
    let ours = house.repository_url();
    let chosen = question(ROLLOUT, &json!({"repoUrl": evil}));
    for path in
        ["/a2a/analyze", "/t/wrong/a2a/analyze", "/t//a2a/analyze", &format!("/t/{DOOR_TOKEN}/a2a/analyze")]
    {
        let (status, answer) = ask(door, path, &chosen).await;
        assert!(status == 401 || status == 404, "{path}: {status} {answer}");
        assert!(!answer.to_string().contains("-token-"), "{answer}");
    }
    assert_eq!(house.asked_of_github(|_| true), Vec::<String>::new());

    let gate = format!("/t/{GATE_TOKEN}/a2a/analyze");
    let host = ours.strip_prefix("http://").unwrap();
    for named in [
        evil.clone(),
        format!("http://{host}@evil.example/o/r"),
        format!("{ours}/../../evil/twin"),
        "file:///etc".to_owned(),
        "ext::sh -c id".to_owned(),
        "--upload-pack=/bin/sh".to_owned(),
    ] {
        let refused = ask(door, &gate, &question(ROLLOUT, &json!({"repoUrl": named}))).await;
        assert_eq!(refused.0, 403, "{named}: {refused:?}");
    }
    house.fail(&canary).await;
    house.files.incident_where("over", |row| row["reason"].is_string()).await;
    let (_, log) = service.terminate().await;
    let log = log.join("\n");
    for secret in [DOOR_TOKEN, GATE_TOKEN, GITHUB_TOKEN] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert_eq!(house.asked_of_github(|asked| asked.path.contains("evil")), Vec::<String>::new());
    assert_eq!(house.pulls(), []);
}
