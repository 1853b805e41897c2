//! The table of attacks names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::{Map, Value, json};
use testbed::github::Source;

use crate::gate::analyze;
use crate::house::House;
use crate::plan::{Metric, Plan};
use crate::service::files_below;
use crate::shop;

#[test]
fn every_test_that_the_table_of_attacks_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let named: BTreeSet<&str> = table
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.matches('_').count() >= 3 && !code.contains(['/', ' ']))
        .collect();
    assert!(named.len() > 40, "{named:#?}");
    let mut sources = String::new();
    for room in ["crates", "tools"] {
        for path in files_below(&root.join(room)) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let absent: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert_eq!(absent, Vec::<&&str>::new());
}

/// Attack 23, by construction: nobody reads what a workflow printed, a check said or a person commented.
#[tokio::test]
async fn the_daemon_asks_github_for_nothing_but_what_a_pull_request_needs() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.break_canary().await;
    house.files.incident("proposed").await;
    drop(service.terminate().await);
    let asked = house.github.wire().asked().into_iter();
    let asked: BTreeSet<(Method, String)> = asked.map(|asked| (asked.method, asked.path)).collect();
    let asked: Vec<String> = asked.into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(
        asked,
        [
            "GET /acme/shop.git/info/refs",
            "GET /api/v3/repos/acme/shop/pulls",
            "GET /api/v3/user",
            "POST /acme/shop.git/git-receive-pack",
            "POST /acme/shop.git/git-upload-pack",
            "POST /api/v3/repos/acme/shop/issues/1/labels",
            "POST /api/v3/repos/acme/shop/pulls",
        ]
    );
}

/// Attack 7: the analysis' own plugin metric, every field of a request and every parameter name a repository that is not listed.
#[tokio::test]
async fn attack_7_neither_the_analysis_nor_any_field_of_a_request_leads_to_a_repository_that_is_not_listed() {
    let mut house = House::build(Plan { names: None, ..Plan::default() }).await;
    house.github.create_repository("evil/twin", Source::Empty).await.unwrap();
    let evil = format!("{}/evil/twin", house.github.url());
    let service = house.serve().await;
    let door = service.address().await;
    house.plan.metric =
        Metric::Plugin(json!({"agentUrl": format!("http://{door}"), "githubUrl": evil, "baseBranch": evil}));
    house.open_shop().await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    let fields = ["githubUrl", "repoUrl", "repository", "baseBranch", "extraPrompt", "podName", "canaryLogs"];
    let more: Value =
        fields.iter().map(|field| ((*field).to_owned(), json!(evil))).collect::<Map<_, _>>().into();
    let (status, answer) = analyze(door, more).await;
    assert_eq!(status, 403, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("not listed in agents.toml"), "{answer}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let query = fields.map(|field| format!("&{field}={evil}")).concat();
    for path in [
        "v1/verdict/shop/checkout?",
        "a2a/rollout/summary?namespace=shop&name=checkout",
        "a2a/events?since=0",
    ] {
        drop(client.get(format!("http://{door}/{path}{query}")).send().await.unwrap());
    }
    house.fail(&canary).await;
    let incident = house.files.incident_where("over", |row| row["reason"].is_string()).await;
    assert_eq!((&incident["state"], house.pulls().len()), (&json!("explained"), 0), "{incident}");
    drop(service.terminate().await);
    assert_eq!(house.asked_of_github(|asked| asked.path.contains("evil")), Vec::<String>::new());
}
