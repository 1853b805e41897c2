//! `doctor`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use testbed::github::{Activity, Rights};
use testbed::kubernetes::{Clock, Rule};
use testbed::prometheus::{Prometheus, PrometheusOptions};
use testbed::wire::Port;

use crate::outside::{GITHUB_TOKEN, Outside, REPOSITORY, rights};

const REQUESTS: &str =
    "sum(increase(http_requests_total{rollouts_pod_template_hash=\"{{hash}}\"}[{{window}}]))";
/// Every right that the daemon needs with `annotate = true`, as verb and resource.
const NEEDED: [(&str, &str); 14] = [
    ("get", "rollouts"),
    ("list", "rollouts"),
    ("watch", "rollouts"),
    ("patch", "rollouts"),
    ("list", "analysisruns"),
    ("watch", "analysisruns"),
    ("list", "replicasets"),
    ("get", "pods"),
    ("list", "pods"),
    ("watch", "pods"),
    ("get", "pods/log"),
    ("list", "events"),
    ("create", "events"),
    ("get", "namespaces"),
];

async fn prometheus() -> Prometheus {
    let options = PrometheusOptions {
        port: Port::Any,
        token: None,
        targets: Arc::new(Vec::new),
        every: Duration::from_secs(3_600),
        queries: vec!["vector(1)".to_owned(), REQUESTS.to_owned()],
        clock: Clock::system(),
    };
    Prometheus::start(options).await.unwrap()
}

/// A configuration with everything in it.
async fn whole(outside: &Outside) -> Prometheus {
    let prometheus = prometheus().await;
    let small = "spool = { total = \"1MiB\", per_container = \"64KiB\" }\nkeep = { clones = \"1MiB\", case_files = \"1MiB\" }";
    let cluster =
        format!("annotate = true\nprometheus = \"{}\"\n[gate]\nrequests = '{REQUESTS}'", prometheus.url());
    outside.configure(small, &cluster);
    prometheus
}

/// The findings of a run, as `area standing what`.
async fn found(outside: &Outside) -> (i32, Vec<String>) {
    let said = outside.run(&["doctor", "--json"]).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |finding: &Value| {
        format!("{} {} {}", text(&finding["area"]), text(&finding["standing"]), text(&finding["what"]))
    };
    (said.code, said.json().as_array().unwrap().iter().map(line).collect())
}

async fn bad(outside: &Outside) -> Vec<String> {
    let (code, findings) = found(outside).await;
    let bad: Vec<String> = findings.into_iter().filter(|line| line.contains(" bad ")).collect();
    assert_eq!(code, i32::from(!bad.is_empty()), "{bad:?}");
    bad
}

#[tokio::test]
async fn where_nothing_is_missing_every_line_is_good_and_nothing_was_changed() {
    let outside = Outside::new().await;
    let _prometheus = whole(&outside).await;
    let before = outside.kubernetes.store().version();
    let said = outside.run(&["doctor"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.ends_with("Nothing is missing.\n"), "{said:?}");
    let (signs, others): (Vec<&str>, Vec<&str>) = said.out.lines().partition(|line| line.starts_with("✓ "));
    assert_eq!(others, ["Nothing is missing."], "{said:?}");
    for words in [
        "file      agents.toml is valid",
        "secret    [github] token can be read",
        "folder    . can be written",
        "cluster   the API server answers, version v1.34.4",
        "rollouts  Argo Rollouts' resources are there",
        "rights    get, list, watch rollouts in all namespaces",
        "rights    get pods/log in all namespaces",
        "rights    patch rollouts in all namespaces",
        "rights    get namespaces for kube-system",
        "metrics   Prometheus answers",
        "metrics   the [gate] requests query is understood",
        "github    the token is rollmend-bot's",
        "would take a push",
        "keep      incidents are kept for 90d after their end; case files take 0 B of the 1.0 MiB",
        "models    no agent names one: the rules judge",
    ] {
        assert!(signs.iter().any(|line| line.contains(words)), "{words}: {said:?}");
    }
    assert!(outside.writes().iter().all(|asked| asked.ends_with("/selfsubjectaccessreviews")), "{said:?}");
    assert_eq!(outside.kubernetes.store().version(), before);
    let written = outside.github.wire().asked().into_iter().filter(|asked| asked.method != "GET");
    assert_eq!(written.map(|asked| asked.path).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(outside.desk.names(), ["agents.toml", "kubeconfig"]);
    assert!(!said.out.contains(GITHUB_TOKEN));
}

#[tokio::test]
async fn each_right_that_is_missing_is_named_by_itself_with_the_file_that_gives_it() {
    let outside = Outside::new().await;
    let _prometheus = whole(&outside).await;
    for (verb, resource) in NEEDED {
        outside.kubernetes.forbid(Rule::new(&[verb], &[resource], &["*"]));
        let bad = bad(&outside).await;
        outside.kubernetes.lift_prohibitions();
        let file = if verb == "patch" { "deploy/rbac-annotate.yaml" } else { "deploy/rbac.yaml" };
        let [line] = bad.as_slice() else { panic!("{verb} {resource}: {bad:?}") };
        assert!(line.starts_with(&format!("rights bad may not {verb} {resource} ")), "{line}");
        assert!(line.ends_with(&format!("as {file} does")), "{line}");
    }
}

#[tokio::test]
async fn only_what_the_mode_and_the_namespaces_need_is_asked_for() {
    let shop =
        Rule::new(&["get", "list", "watch"], &["rollouts", "analysisruns", "replicasets", "pods"], &["shop"]);
    let more = Rule::new(&["get", "list"], &["pods/log", "events"], &["shop"]);
    let outside = Outside::with(Rights::Read, &[shop, more]).await;
    let file = "[daemon]\nmode = \"observe\"\ndata = \"data\"\nspool = { total = \"1MiB\", per_container = \"64KiB\" }\n\
                keep = { clones = \"1MiB\" }\n[cluster]\nname = \"eu-1\"\nnamespaces = [\"shop\"]\n";
    outside.desk.write("agents.toml", file);
    assert_eq!(bad(&outside).await, Vec::<String>::new());
    outside.desk.write("agents.toml", file.replace("[\"shop\"]", "[\"shop\", \"bank\"]"));
    let bad = bad(&outside).await;
    assert_eq!(bad.len(), 6, "{bad:?}");
    assert!(bad.iter().all(|line| line.contains("in the namespace bank")), "{bad:?}");
}

#[tokio::test]
async fn in_a_pod_the_rights_on_its_lease_are_tested_where_the_pod_is() {
    let leases = Rule::new(&["get", "update", "create"], &["leases"], &["rollmend"]);
    for (rules, line) in [
        (rights(), "✗ rights    may not get, update, create leases in the namespace rollmend: "),
        (
            [rights(), vec![leases]].concat(),
            "✓ rights    get, update, create leases in the namespace rollmend",
        ),
    ] {
        let outside = Outside::with(Rights::Write, &rules).await;
        let _prometheus = whole(&outside).await;
        let variables = [("GITHUB_TOKEN", GITHUB_TOKEN), ("POD_NAMESPACE", "rollmend")];
        let arguments = ["doctor", "--kubeconfig", "kubeconfig"];
        let said = outside.desk.run_with(&arguments, &variables).await;
        assert!(said.line("leases").starts_with(line), "{said:?}");
        assert_eq!(said.code, i32::from(line.starts_with('✗')), "{said:?}");
    }
    let outside = Outside::new().await;
    let _prometheus = whole(&outside).await;
    assert!(!outside.run(&["doctor"]).await.out.contains("leases"), "outside of a cluster there is none");
}

#[tokio::test]
async fn more_than_it_needs_is_noted_and_no_failure() {
    let all = Rule::new(&["*"], &["*"], &["*"]);
    let outside = Outside::with(Rights::Write, &[all]).await;
    let _prometheus = whole(&outside).await;
    let (code, findings) = found(&outside).await;
    assert_eq!(code, 0, "{findings:?}");
    for right in ["get secrets", "create pods/exec", "delete rollouts"] {
        let noted = format!("rights note may {right} in all namespaces: it never does: take the right away");
        assert!(findings.contains(&noted), "{right}: {findings:?}");
    }
    let outside = Outside::new().await;
    outside.configure("", "");
    let (_, findings) = found(&outside).await;
    assert!(
        findings.iter().any(|line| line.contains("note may patch rollouts")),
        "annotate is off: {findings:?}"
    );
}

#[tokio::test]
async fn each_connection_that_does_not_stand_is_named_and_the_others_are_tested() {
    let outside = Outside::new().await;
    let prometheus = whole(&outside).await;
    drop(prometheus);
    outside.github.set_activity(REPOSITORY, Activity::Archived).unwrap();
    let bad_ones = bad(&outside).await;
    assert!(bad_ones.iter().any(|line| line.starts_with("metrics bad ")), "{bad_ones:?}");
    assert!(bad_ones.iter().any(|line| line.contains("is archived: unarchive it")), "{bad_ones:?}");
    let said = outside.desk.run_with(&["doctor", "--json", "--kubeconfig", "kubeconfig"], &[]).await;
    let text = said.out.clone();
    assert!(text.contains("the environment variable GITHUB_TOKEN is not set or empty"), "{said:?}");
    assert!(!text.contains("the token is"), "{said:?}");
    outside.desk.write("kubeconfig", outside.kubernetes.kubeconfig("unknown"));
    let unknown = bad(&outside).await;
    assert!(
        unknown.iter().any(|line| line.starts_with("cluster bad ") && line.contains("401")),
        "{unknown:?}"
    );
    let nowhere = outside.kubernetes.kubeconfig("x").replace(&outside.kubernetes.url(), "http://127.0.0.1:9");
    outside.desk.write("kubeconfig", nowhere);
    let nowhere = bad(&outside).await;
    assert!(nowhere.iter().any(|line| line.contains("cannot be reached")), "{nowhere:?}");
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_what_it_lacks() {
    let outside = Outside::with(Rights::Read, &rights()).await;
    let _prometheus = whole(&outside).await;
    let bad = bad(&outside).await;
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert!(bad[0].contains("grant the token \"Contents: read and write\""), "{bad:?}");
    assert!(bad[1].starts_with("git bad failed to push"), "{bad:?}");
}

#[tokio::test]
async fn a_wrong_query_a_wrong_branch_and_a_wrong_folder_are_told() {
    let outside = Outside::new().await;
    let _prometheus = whole(&outside).await;
    let text = std::fs::read_to_string(outside.desk.path("agents.toml")).unwrap();
    outside.desk.write("a-file", "");
    let wrong = text.replace("sum(increase", "sum(decrease").replace("data = \"data\"", "data = \"a-file\"")
        + "base = \"trunk\"\n";
    outside.desk.write("agents.toml", wrong);
    let bad = bad(&outside).await;
    let heads: Vec<&str> = bad.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(heads, ["folder", "metrics", "git"], "{bad:?}");
    assert!(bad[0].contains("a-file cannot be written"), "{bad:?}");
    assert!(bad[2].contains("it has no branch trunk"), "{bad:?}");
}

#[tokio::test]
async fn absent_custom_resources_and_a_bad_file_are_failures() {
    let outside = Outside::without_argo().await;
    outside.configure("", "");
    let bad = bad(&outside).await;
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].starts_with("rollouts bad Argo Rollouts' CRDs are not installed"), "{bad:?}");
    outside.desk.write("agents.toml", "[daemon]\nmode = \"maybe\"\n");
    let said = outside.run(&["doctor"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("agents.toml has a problem"), "{said:?}");
}
