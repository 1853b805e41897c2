//! `analyze`.

use serde_json::Value;
use testbed::kubernetes::{Kind, Rule};

use crate::desk::Desk;
use crate::kept;
use crate::outside::{Outside, STABLE};

#[tokio::test]
async fn a_failed_canary_is_explained_in_the_terminal_and_nothing_is_changed() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let before = outside.kubernetes.store().version();
    let said = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let heads: Vec<&str> =
        said.out.lines().filter_map(|line| line.strip_prefix("✓ ")?.split(' ').next()).collect();
    assert_eq!(heads, ["rollout", "evidence", "digest", "cause"], "{said:?}");
    let rollout = said.line("✓ rollout");
    assert!(rollout.contains("shop in shop: revision 2 aborted"), "{said:?}");
    assert!(rollout.contains("metric success-rate failed"), "{said:?}");
    assert!(said.line("✓ evidence").contains("1 canary pod and 1 of stable"), "{said:?}");
    assert!(said.line("✓ digest").contains("1 new trace, 1 metric against it"), "{said:?}");
    assert!(said.line("✓ cause").contains("code, confidence"), "{said:?}");
    assert!(said.out.contains("pricing.py:2") && said.out.contains("KeyError"), "{said:?}");
    let revert = format!(
        "would offer a revert of {} on {}. See the patch: rollmend fix shop/shop\n",
        &outside.culprit[..7],
        outside.page()
    );
    assert!(said.out.contains(&revert), "{said:?}");

    assert_eq!(outside.writes(), Vec::<String>::new());
    assert_eq!(outside.kubernetes.store().version(), before);
    let pushed = outside.github.refs("acme/shop").unwrap();
    assert_eq!(pushed.keys().filter(|name| name.contains("rollmend")).count(), 0);
    assert_eq!(outside.github.pulls("acme/shop").unwrap(), []);
    assert_eq!(outside.desk.names(), ["agents.toml", "kubeconfig"], "no journal, no case, no clone");
}

#[tokio::test]
async fn a_machine_gets_verdict_digest_and_case_as_json() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let said = outside.run(&["analyze", "--json", "shop/shop"]).await;
    let json = said.json();
    assert_eq!((&json["rollout"], &json["standing"]), (&"shop/shop".into(), &"trouble".into()));
    assert_eq!(json["verdict"]["category"], "code");
    assert_eq!(json["verdict"]["suspects"][0]["sha"], outside.culprit);
    assert!(json["case"]["exhibits"].as_array().unwrap().len() > 5, "{json}");
    assert!(!said.out.contains(crate::outside::GITHUB_TOKEN));
}

#[tokio::test]
async fn without_a_file_the_cluster_alone_is_asked_and_the_terminal_says_so() {
    let outside = Outside::new().await;
    let _kubelet = outside.break_shop().await;
    let said = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("agents.toml does not exist").starts_with("! note"), "{said:?}");
    assert!(said.out.contains("No pull request: "), "{said:?}");
    assert!(outside.github.wire().asked().is_empty(), "no repository is read that nobody listed");
}

#[tokio::test]
async fn a_rollout_without_canary_and_one_that_is_not_there_are_told_apart() {
    let outside = Outside::new().await;
    outside.open_shop();
    let calm = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(calm.code, 0, "{calm:?}");
    assert!(
        calm.line("✓ rollout").contains(&format!("stable {STABLE} serves, there is no canary")),
        "{calm:?}"
    );
    let json = outside.run(&["analyze", "--json", "shop/shop"]).await.json();
    assert_eq!((&json["rollout"], &json["verdict"]), (&"shop/shop".into(), &Value::Null));
    let absent = outside.run(&["analyze", "shop/none"]).await;
    assert_eq!((absent.code, absent.err.contains("there is no Rollout shop/none")), (1, true), "{absent:?}");
    let wrong = outside.run(&["analyze", "shop"]).await;
    assert!(wrong.err.contains("write namespace/name"), "{wrong:?}");
    assert_eq!(outside.run(&["analyze"]).await.code, 2);
}

#[tokio::test]
async fn what_may_not_be_read_is_named_and_the_rest_is_judged() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    outside.kubernetes.forbid(Rule::new(&["get"], &["pods/log", "namespaces"], &["*"]));
    let said = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.line("! not had   the log of").contains("give the daemon's service account the right"),
        "{said:?}"
    );
    assert!(said.line("✓ cause").contains("confidence"), "{said:?}");
    outside.kubernetes.forbid(Rule::new(&["get"], &["rollouts"], &["*"]));
    let blind = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(blind.code, 1);
    assert!(blind.err.contains("the right to get rollouts"), "{blind:?}");
}

#[tokio::test]
async fn an_exported_incident_is_analyzed_without_cluster_and_configuration() {
    let (here, elsewhere) = (Desk::new(), Desk::new());
    here.write("agents.toml", kept::configuration(here.folder()));
    kept::incident(here.folder()).await;
    here.run(&["export", "shop/checkout", "--output", "a.gz"]).await;
    std::fs::copy(here.path("a.gz"), elsewhere.path("a.gz")).unwrap();
    let said = elsewhere.run(&["analyze", "--case", "a.gz"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Users.java:42"), "{said:?}");
    assert!(said.out.contains("No pull request: "), "{said:?}");
    let json = elsewhere.run(&["analyze", "--json", "--case", "a.gz"]).await.json();
    let replayed = elsewhere.run(&["replay", "--json", "a.gz"]).await.json();
    assert_eq!(json["verdict"], replayed["verdict"]);
    elsewhere.write("b.gz", "no archive");
    let hostile = elsewhere.run(&["analyze", "--case", "b.gz"]).await;
    assert_eq!((hostile.code, hostile.out.as_str()), (1, ""), "{hostile:?}");
}

#[tokio::test]
async fn what_a_log_says_cannot_steer_the_terminal() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let kubelet = outside.break_shop().await;
    let evil = "ERROR \u{1b}]0;owned\u{7}\u{1b}[2Jgone \u{202e}evil\n".repeat(30);
    kubelet.write("shop", "shop-86686d4656-a", "shop", evil.as_bytes());
    let named = "evil \u{1b}[31m\u{7}";
    outside
        .kubernetes
        .store()
        .update(Kind::AnalysisRun, "shop", "shop-86686d4656-2", |run| {
            run["status"]["metricResults"][0]["message"] = named.into();
        })
        .unwrap();
    let said = outside.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
}
