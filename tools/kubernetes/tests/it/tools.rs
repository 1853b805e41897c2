//! The tools over a frozen case alone.

use std::fmt::Write as _;

use domain::ToolAccess;
use domain::ports::CaseTools;
use serde_json::{Value, json};
use tool_kubernetes::KubernetesTools;

use crate::tools_case::{call, case, refusal};

async fn text(name: &str, given: Value) -> String {
    call(&KubernetesTools::frozen(), &case(), name, given).await.unwrap().text
}

async fn refused(name: &str, given: Value) -> String {
    refusal(&KubernetesTools::frozen(), &case(), name, given).await
}

#[test]
fn a_model_is_shown_these_tools() {
    let tools = KubernetesTools::frozen().tools(&case());
    assert!(tools.iter().all(|tool| tool.access() == ToolAccess::ReadOnly));
    let mut shown = String::new();
    for tool in tools {
        let schema = serde_json::to_string_pretty(&tool.schema()).unwrap();
        writeln!(shown, "{}: {}\n{schema}\n", tool.name(), tool.description()).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn every_exhibit_is_told_in_words_and_tables() {
    let mut shown = text("exhibits", json!({})).await;
    for number in [1, 2, 5, 6, 7, 8, 9] {
        let told = text("describe", json!({"what": format!("E{number}")})).await;
        write!(shown, "----\n{told}").unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn a_kind_names_all_exhibits_of_it_and_the_difference_comes_alone_when_it_is_asked_for() {
    let pods = text("describe", json!({"what": "pods"})).await;
    assert_eq!(pods, text("describe", json!({"what": "E5"})).await);
    assert_eq!(
        text("describe", json!({"what": "spec_diff"})).await,
        "E6 pod templates (pod templates)\n\
         2 differences:\n\
         spec.containers[app].image: stable \"shop:1.0.0\" | canary \"shop:1.1.0\"\n\
         spec.containers[app].resources.limits.memory: stable \"256Mi\" | canary \"64Mi\"\n"
    );
}

#[tokio::test]
async fn events_are_searched_by_any_of_their_words() {
    let all = text("events", json!({})).await;
    assert_eq!(
        all,
        "E7: 2 of 2 events, oldest first; times are UTC\n\
         2026-11-24T02:30:20Z Warning Unhealthy x3 Pod/shop-c: Readiness probe failed\n\
         2026-11-24T02:31:01Z Warning BackOff x3 Pod/shop-c: Back-off restarting\n"
    );
    let found = text("events", json!({"contains": "backoff"})).await;
    assert!(found.starts_with("E7: 1 of 2 events") && found.lines().count() == 2, "{found}");
}

#[tokio::test]
async fn a_log_shows_its_gap_and_its_lines_keep_the_numbers_of_the_whole() {
    let shown = text("pod_logs", json!({"exhibit": "E3"})).await;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "E3: log of canary pod shop-c, container app; 1006 lines; 4 to 1003 were not kept (1000 lines; 40000 bytes in all); \
         times are UTC"
    );
    assert_eq!(
        lines[1..4],
        [
            "1 02:30:01.000| INFO started",
            "2 02:30:02.000| ERROR no profile for 7",
            "3 02:30:03.000| INFO next"
        ]
    );
    assert_eq!(lines[4..6], ["(lines 4 to 1003 were not kept)", "1004 02:31:10.000| INFO late"]);
    assert!(lines[6].ends_with(" […2006 more characters]"), "{}", lines[6]);
    assert_eq!(lines[7..], ["1006 02:31:12.000| INFO last words"]);
    assert_eq!(shown, text("pod_logs", json!({"pod": "shop-c"})).await);
}

#[tokio::test]
async fn a_log_is_searched_and_then_read_around_a_line_that_was_found() {
    let found = text("pod_logs", json!({"exhibit": "E3", "contains": "error"})).await;
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!((lines[1], lines.len()), ("2 of the 6 kept lines contain \"error\"", 4));
    let around = text("pod_logs", json!({"exhibit": "E3", "around": 2, "lines": 3})).await;
    assert_eq!(around.lines().skip(1).count(), 3);
    let none = text("pod_logs", json!({"exhibit": "E3", "contains": "a.*b"})).await;
    assert_eq!(none.lines().nth(1).unwrap(), "0 of the 6 kept lines contain \"a.*b\"");
    let whole = text("pod_logs", json!({"exhibit": "E3", "from_line": 1005, "lines": 1})).await;
    assert!(whole.contains(&"y".repeat(3_000)));
}

#[tokio::test]
async fn what_does_not_fit_comes_with_the_call_that_gives_it() {
    let (tools, case) = (KubernetesTools::frozen(), case());
    let first = json!({"exhibit": "E3", "lines": 2});
    let mut next = call(&tools, &case, "pod_logs", first).await.unwrap();
    let rest = next.rest.take().unwrap();
    assert_eq!(rest, r#"lines from 3 on: call pod_logs {"exhibit":"E3","from_line":3,"lines":2}"#);
    let again: Value = serde_json::from_str(rest.split_once("pod_logs ").unwrap().1).unwrap();
    let second = call(&tools, &case, "pod_logs", again).await.unwrap();
    let numbers: Vec<&str> = second.text.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(numbers, ["3", "(lines", "1004"]);
}

#[tokio::test]
async fn a_log_of_any_size_is_given_in_parts_that_lead_through_all_of_it() {
    let mut case = (*case()).clone();
    let lines: Vec<String> = (1..=3_000).map(|n| format!("line {n} {}\n", "z".repeat(60))).collect();
    let body = domain::ExhibitBody::Log {
        log: crate::tools_case::log("shop-c", domain::Side::Canary, &lines.concat(), ""),
    };
    case.exhibits[2].body = body;
    let case = std::sync::Arc::new(case);
    let (tools, mut given, mut seen) =
        (KubernetesTools::frozen(), json!({"exhibit": "E3", "lines": 1000}), 0);
    loop {
        let part = call(&tools, &case, "pod_logs", given).await.unwrap();
        assert!(part.text.chars().count() <= 12_000);
        seen += part.text.lines().skip(1).count();
        let Some(rest) = part.rest else { break };
        given = serde_json::from_str(rest.split_once("pod_logs ").unwrap().1).unwrap();
    }
    assert_eq!(seen, 3_000);
}

#[tokio::test]
async fn a_name_that_is_not_there_is_answered_with_what_there_is() {
    let logs = "logs are E3 (shop-c/app), E4 (shop-s/app)";
    assert_eq!(
        refused("pod_logs", json!({"exhibit": "E99"})).await,
        format!("there is no exhibit E99; {logs}")
    );
    assert_eq!(
        refused("pod_logs", json!({"exhibit": "E5"})).await,
        format!("E5 is no log but pods: see describe; {logs}")
    );
    assert_eq!(
        refused("pod_logs", json!({})).await,
        format!("name a log by exhibit, or by pod and container; {logs}")
    );
    assert_eq!(
        refused("describe", json!({"what": "secrets"})).await,
        "there is no exhibit secrets; there are E1 (Rollout), E2 (AnalysisRun), E3 (log), E4 (log), E5 (pods), E6 (pod templates), \
         E7 (events), E8 (series), E9 (git range)"
    );
    assert_eq!(
        refused("describe", json!({"what": "E3"})).await,
        "E3 is a log: read it with pod_logs {\"exhibit\":\"E3\"}"
    );
    assert_eq!(
        refused("pod_logs", json!({"exhibit": "E3", "around": 500})).await,
        "line 500 was not kept: lines 4 to 1003 are missing"
    );
    assert_eq!(
        refused("pod_logs", json!({"exhibit": "E3", "from_line": 2000})).await,
        "there is no line 2000; the log has 1006 lines, from 1"
    );
}

#[tokio::test]
async fn arguments_that_do_not_go_together_or_are_too_large_are_refused() {
    for given in [
        json!({"exhibit": "E3", "pod": "shop-c"}),
        json!({"exhibit": "E3", "around": 2, "from_line": 1}),
        json!({"exhibit": "E3", "around": 2, "contains": "x"}),
        json!({"exhibit": "E3", "lines": 0}),
        json!({"exhibit": "E3", "lines": 1001}),
        json!({"exhibit": "E3", "contains": ""}),
        json!({"exhibit": "E3", "contains": "x".repeat(201)}),
        json!({"exhibit": "E3", "from_line": 0}),
        json!({"exhibit": "E3", "around": u64::MAX}),
        json!({"exhibit": "E3", "namespace": "kube-system"}),
        json!({"pod": 7}),
    ] {
        refused("pod_logs", given).await;
    }
}

#[tokio::test]
async fn hostile_text_leaves_without_what_hides_or_forges_lines() {
    let rollout = text("describe", json!({"what": "rollout"})).await;
    assert!(rollout.ends_with("annotation owner: team  E77 log\n"), "{rollout}");
    let log = text("pod_logs", json!({"exhibit": "E3"})).await;
    assert!(!log.contains(['\u{200b}', '\u{1b}']));
}

#[tokio::test]
async fn attack_17_no_tool_of_a_case_reads_a_file_or_another_namespace() {
    for named in [
        "/proc/self/environ",
        "/proc/1/environ",
        "../../etc/passwd",
        "kube-system/coredns",
        "..",
        "E3/../E1",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
    ] {
        for (tool, given) in [
            ("pod_logs", json!({"exhibit": named})),
            ("pod_logs", json!({"pod": named})),
            ("pod_logs", json!({"pod": "shop-c", "container": named})),
            ("describe", json!({"what": named})),
            ("events", json!({"exhibit": named})),
            ("exhibits", json!({"path": named})),
        ] {
            let told = refused(tool, given.clone()).await;
            assert!(
                told.starts_with("there is no ") || told.contains("unknown field"),
                "{tool} {given}: {told}"
            );
        }
    }
}
