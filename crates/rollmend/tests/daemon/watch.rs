//! The watch alone: nobody asks the daemon, and it finds, explains and proposes.

use serde_json::{Value, json};
use testbed::github::{PullState, Stage};

use crate::house::{CLUSTER_TOKEN, GITHUB_TOKEN, House, LOGIN, REQUESTS, within};
use crate::plan::{Metric, Plan};
use crate::service::files_below;
use crate::shop::{self, REPOSITORY};

/// The beginning of the token in base64 behind `x-access-token:`, as git sends it.
const BASIC: &str = "b3BhcXVlLVpxODEt";
const LAST_WORDS: &str = "INFO the last words of this pod";

fn with_prometheus() -> Plan {
    Plan {
        cluster: "annotate = true\nprometheus = \"PROMETHEUS\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'"),
        metric: Metric::Prometheus,
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_failing_canary_becomes_a_draft_that_undoes_the_commit_that_broke_it() {
    let (house, service) = House::with_daemon(with_prometheus()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.say(&canary.pod, format!("{LAST_WORDS}\n"));
    house.fail(&canary).await;
    let incident = house.files.incident("proposed").await;

    let pulls = house.pulls();
    let [pull] = pulls.as_slice() else { panic!("{pulls:#?}") };
    let branch = format!("rollmend/main/{}", &house.revisions.culprit[..12]);
    assert_eq!((&pull.state, pull.stage, pull.author.as_str()), (&PullState::Open, Stage::Draft, LOGIN));
    assert_eq!((pull.head.as_str(), pull.base.as_str()), (branch.as_str(), "main"));
    assert_eq!(pull.labels, ["rollmend"]);
    let diff = house.github.diff(REPOSITORY, pull.number).unwrap();
    assert!(
        diff.contains("-    price = order[\"cost\"][\"cents\"]\n+    price = order.get(\"price\", 0)"),
        "{diff}"
    );
    let body = pull.body.clone().unwrap();
    for words in ["shop/pricing.py:6", "0.4", "nothing was built", house.revisions.culprit.as_str()] {
        assert!(body.to_lowercase().contains(words), "{words} is missing in {body}");
    }

    let link = format!("{}/pull/1", house.repository_url());
    assert_eq!(incident["pull_request"], link);
    let said = house.event("FixProposed").await;
    assert!(said.contains(&link), "{said}");
    let annotation = |rollout: &Value| rollout["metadata"]["annotations"]["rollmend.dev/verdict"].clone();
    let linked = |rollout: &Value| annotation(rollout).as_str().is_some_and(|text| text.contains(&link));
    let annotation = annotation(&house.rollout("annotated with the link", linked).await);
    let annotation: Value = serde_json::from_str(annotation.as_str().unwrap()).unwrap();
    let sentence = annotation["sentence"].as_str().unwrap().to_owned();
    assert!(sentence.len() <= 200 && !sentence.contains("cost"), "{sentence}");
    assert_eq!(annotation, json!({"hash": canary.hash, "sentence": sentence, "url": link}));

    let shown = house.files.show("shop/checkout").await;
    assert!(shown["case"].to_string().contains(LAST_WORDS), "the pod's last words are not in the case");
    let (status, _) = service.terminate().await;
    assert!(status.success(), "{status}");
    assert!(house.kubernetes.secret_reads().is_empty());
}

/// The pod says the token, as a service might that got hold of it.
#[tokio::test]
async fn a_token_reaches_its_own_host_alone_and_is_kept_nowhere() {
    let (house, service) = House::with_daemon(with_prometheus()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.say(&canary.pod, format!("INFO using {GITHUB_TOKEN}\nINFO Authorization: Bearer {GITHUB_TOKEN}\n"));
    house.say(&canary.pod, "INFO password=hunter2-and-more ghp_0123456789abcdefghijABCDEFGHIJ012345\n");
    house.spooled("INFO using [redacted]").await;
    keeps_no(&house, &[GITHUB_TOKEN, CLUSTER_TOKEN, BASIC]);
    house.fail(&canary).await;
    house.files.incident("proposed").await;
    house.event("FixProposed").await;
    within("a query", house.prometheus.wire().wait_for(|asked| asked.path.contains("/api/v1/query"))).await;
    let (_, log) = service.terminate().await;

    for asked in house.kubernetes.wire().asked() {
        let sent = asked.header("authorization").unwrap_or_default();
        assert_eq!(sent, format!("Bearer {CLUSTER_TOKEN}"), "{} {}", asked.method, asked.path);
        assert!(!format!("{asked:?} {}", asked.text()).contains(GITHUB_TOKEN), "{}", asked.path);
    }
    for asked in house.prometheus.wire().asked() {
        assert_eq!(asked.header("authorization"), None, "{}", asked.path);
    }
    let on_github = house.github.wire().asked();
    assert!(on_github.iter().any(|asked| asked.header("authorization").is_some()));
    for asked in &on_github {
        let body = asked.text();
        assert!(!body.contains(GITHUB_TOKEN) && !body.contains(CLUSTER_TOKEN), "{}: {body}", asked.path);
    }
    assert!(!log.join("\n").contains("opaque-"), "the log has a token");
    let (_, shown, _) = house.files.run(&["show", "shop/checkout", "--json"]).await;
    assert!(
        shown.contains("INFO using"),
        "the line with the token is not in the case: the test shows nothing"
    );
    // What nobody configured stays in the followed log until the case is made of it.
    let _ = std::fs::remove_dir_all(house.files.data().join("spool"));
    let secrets = [GITHUB_TOKEN, CLUSTER_TOKEN, BASIC, "hunter2-and-more", "ghp_0123456789abcdef"];
    keeps_no(&house, &secrets);
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} is shown");
        assert!(!format!("{:?} {:?}", house.events(), house.pulls()).contains(secret), "{secret} is told");
    }
}

/// No file of the daemon's holds any of these.
fn keeps_no(house: &House, secrets: &[&str]) {
    for path in files_below(&house.files.data()) {
        let text = kept(&path);
        let readable = path.strip_prefix(&house.files.folder).unwrap().display();
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in {readable}");
        }
    }
}

/// What a file holds, unpacked where it is packed.
fn kept(path: &std::path::Path) -> String {
    use std::io::Read;
    let bytes = std::fs::read(path).unwrap();
    let mut unpacked = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    }
    format!("{}{}", String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&unpacked))
}
