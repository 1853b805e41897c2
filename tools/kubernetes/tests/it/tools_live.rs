//! `pod_logs` where the case lacks a log and the cluster may still have it.

use std::sync::Arc;

use domain::ports::CaseTools;
use domain::{CaseFile, Redactor};
use serde_json::{Value, json};
use testbed::kubernetes::Kind;
use tool_kubernetes::KubernetesTools;

use crate::support::*;
use crate::tools_case::{call, case_from, refusal};

async fn tools(place: &Place) -> KubernetesTools {
    let redactor = Redactor::new(["a-configured-token".to_owned()]);
    KubernetesTools::new(Arc::new(place.cluster().await), redactor)
}

fn case(uid: &str) -> Arc<CaseFile> {
    case_from(long_ago(), uid)
}

#[tokio::test]
async fn a_model_is_told_of_live_logs_only_where_there_is_a_cluster() {
    let place = Place::start().await;
    let with = |tools: &KubernetesTools| {
        let tools = tools.tools(&case("u"));
        let logs = tools.iter().find(|tool| tool.name() == "pod_logs").unwrap();
        logs.description().contains("it is marked as live and cannot be cited")
    };
    assert_eq!((with(&tools(&place).await), with(&KubernetesTools::frozen())), (true, false));
}

/// Asks for anything but pods of that hash and their logs in the incident's namespace.
fn strayed(place: &Place) -> Vec<String> {
    let is_ours = |path: &str| {
        path == "/api/v1/namespaces/shop/pods"
            || (path.starts_with("/api/v1/namespaces/shop/pods/") && path.ends_with("/log"))
    };
    place.api.wire().asked().into_iter().map(|asked| asked.path).filter(|path| !is_ours(path)).collect()
}

fn log_reads(place: &Place) -> usize {
    place.api.wire().asked().iter().filter(|asked| asked.path.ends_with("/log")).count()
}

#[tokio::test]
async fn a_log_that_the_case_lacks_is_read_from_the_pod_that_is_still_there_and_marked_as_live() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("shop-e").await;
    kubelet.write("shop", "shop-e", "app", b"started\n\x1b[31mwith a-configured-token\x1b[0m\n");
    let (tools, case) = (tools(&place).await, case("u"));
    let given = json!({"pod": "shop-e", "container": "app", "contains": "with"});
    let output = call(&tools, &case, "pod_logs", given).await.unwrap();
    let lines: Vec<&str> = output.text.lines().collect();
    assert_eq!(
        lines[0],
        "LIVE, read just now, not part of the case: cannot be cited: log of canary pod shop-e, container app; all 2 lines are kept; \
         times are UTC"
    );
    assert!(lines[2].starts_with("2 ") && lines[2].ends_with("| with [redacted]"), "{}", lines[2]);
    assert_eq!((output.rest, strayed(&place)), (None, vec![]));
}

#[tokio::test]
async fn what_the_case_holds_is_never_asked_for_again() {
    let place = Place::start().await;
    let _kubelet = place.kubelet();
    place.canary("shop-c").await;
    let output = call(&tools(&place).await, &case("u"), "pod_logs", json!({"pod": "shop-c"})).await.unwrap();
    assert!(output.text.starts_with("E3: log of canary pod shop-c"));
    assert_eq!(place.api.wire().asked().iter().filter(|asked| asked.path.contains("/pods/")).count(), 0);
}

#[tokio::test]
async fn a_pod_that_was_made_anew_under_its_old_name_is_not_read() {
    let place = Place::start().await;
    let _kubelet = place.kubelet();
    place.canary("shop-c").await;
    let given = json!({"pod": "shop-c", "which": "previous"});
    let told = refusal(&tools(&place).await, &case("another"), "pod_logs", given).await;
    assert!(told.starts_with("pod shop-c of this case is gone; another has its name now"), "{told}");
    assert_eq!(log_reads(&place), 0);
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_leaves_the_case_to_read() {
    let place = Place::start().await;
    let tools = tools(&place).await;
    place.api.wire().stop().await;
    let told = refusal(&tools, &case("u"), "pod_logs", json!({"pod": "shop-e"})).await;
    assert!(
        told.starts_with("the cluster could not be read") && told.ends_with("the case's own logs"),
        "{told}"
    );
}

#[tokio::test]
async fn attack_17_no_name_that_a_model_gives_reaches_another_pod_namespace_or_secret() {
    let place = Place::start().await;
    let _kubelet = place.kubelet();
    place.store().ensure_namespace("other");
    place.canary("shop-e").await;
    let mut foreign = pod("shop-x");
    foreign["metadata"]["namespace"] = json!("other");
    place.store().create(foreign).unwrap();
    let mut unrelated = pod("vault-0");
    unrelated["metadata"]["labels"] = json!({"app": "vault"});
    place.store().create(unrelated).unwrap();
    assert!(place.store().get(Kind::Pod, "other", "shop-x").is_some());
    let (tools, case) = (tools(&place).await, case("u"));
    let pods = [
        "shop-x",
        "vault-0",
        "other/shop-x",
        "../../other/pods/shop-x",
        "/proc/self/environ",
        "shop-e/exec",
        "shop-e?",
        "",
    ];
    let mut given: Vec<Value> = pods.iter().map(|pod| json!({"pod": pod})).collect();
    given.push(json!({"pod": "shop-x", "namespace": "other"}));
    given.push(json!({"pod": "shop-e", "container": "../../secrets/shop"}));
    given.push(json!({"pod": "shop-e", "container": "/var/run/secrets/kubernetes.io/serviceaccount/token"}));
    for given in given {
        let told = refusal(&tools, &case, "pod_logs", given.clone()).await;
        assert!(told.starts_with("there is no ") || told.contains("unknown field"), "{given}: {told}");
    }
    assert_eq!((strayed(&place), log_reads(&place)), (vec![], 0));
    assert!(place.api.secret_reads().is_empty());
}
