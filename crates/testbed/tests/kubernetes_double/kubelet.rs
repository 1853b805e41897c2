//! The kubelet's stand-in with real processes.

use std::time::Duration;

use crate::cluster::{Cluster, pod};
use serde_json::{Value, json};
use testbed::{
    kubelet::{ContainerSpec, Kubelet, KubeletOptions, Launch, LaunchRefused, Readiness, StateMetrics},
    kubernetes::Kind,
};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the container's arguments as a shell script; an image `none` is not there.
fn shell(container: &ContainerSpec) -> Result<Launch, LaunchRefused> {
    if container.image == "none" {
        let message = "image \"none\" not found".to_owned();
        return Err(LaunchRefused { reason: "ErrImagePull".to_owned(), message });
    }
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").args(&container.args);
    Ok(Launch { command, readiness: Readiness::AtOnce })
}

async fn start(script: &str) -> (Cluster, Kubelet) {
    start_with(script, json!({})).await
}

async fn start_with(script: &str, resources: Value) -> (Cluster, Kubelet) {
    let cluster = Cluster::start().await;
    let options =
        KubeletOptions { back_off: Duration::from_millis(20), longest_grace: Duration::from_secs(5) };
    let kubelet = Kubelet::start(&cluster.kubernetes, shell, options);
    let mut web = pod("web", json!({}));
    web["spec"]["containers"][0]["args"] = json!([script]);
    web["spec"]["containers"][0]["env"] = json!([{"name": "GREETING", "value": "hello"}]);
    web["spec"]["containers"][0]["resources"] = resources;
    cluster.store().create(web).unwrap();
    (cluster, kubelet)
}

async fn web(cluster: &Cluster, pred: impl Fn(&Value) -> bool) -> Value {
    let found = cluster.store().wait_for(Kind::Pod, "shop", "web", |pod| pred(&pod["status"]));
    let found = tokio::time::timeout(LIMIT, found).await.unwrap_or_else(|elapsed| {
        let present = cluster.store().get(Kind::Pod, "shop", "web").unwrap_or_default();
        panic!("never so, {elapsed}: {present:#}")
    });
    found["status"].clone()
}

async fn log(cluster: &Cluster, id: &str) -> String {
    let mut reader = cluster.kubernetes.logs().read(id).unwrap();
    let mut whole = Vec::new();
    while let Some(lines) = tokio::time::timeout(LIMIT, reader.next()).await.unwrap() {
        for line in lines {
            whole.extend_from_slice(&line.bytes);
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

#[tokio::test]
async fn a_process_that_fails_is_restarted_with_back_off_and_its_log_is_kept() {
    let (cluster, _kubelet) = start("echo $GREETING; echo trouble >&2; exit 3").await;
    let status = web(&cluster, |status| {
        let container = &status["containerStatuses"][0];
        container["restartCount"].as_i64() >= Some(2)
            && container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    })
    .await;
    let container = &status["containerStatuses"][0];
    let last = &container["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(3), Some("Error")));
    assert!(
        container["state"]["waiting"]["message"]
            .as_str()
            .unwrap()
            .contains("restarting failed container=app pod=web_shop(")
    );
    let mut lines: Vec<String> =
        log(&cluster, last["containerID"].as_str().unwrap()).await.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["hello", "trouble"]);
}

#[tokio::test]
async fn a_deleted_pod_may_end_in_order_and_then_is_gone() {
    let (cluster, _kubelet) =
        start("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done").await;
    let status = web(&cluster, |status| status["conditions"][3]["status"] == "True").await;
    let id = status["containerStatuses"][0]["containerID"].as_str().unwrap().to_owned();
    let mut reader = cluster.kubernetes.logs().read(&id).unwrap();
    assert_eq!(&reader.next().await.unwrap()[0].bytes[..], b"up\n");
    cluster.store().delete(Kind::Pod, "shop", "web").unwrap();
    assert_eq!(&reader.next().await.unwrap()[0].bytes[..], b"bye\n");
    assert_eq!(reader.next().await, None);
    let gone = cluster.store().wait_for_all(Kind::Pod, "shop", <[Value]>::is_empty);
    tokio::time::timeout(LIMIT, gone).await.unwrap();
}

#[tokio::test]
async fn a_process_killed_for_memory_is_shown_as_oom_killed() {
    let (cluster, kubelet) = start("while :; do sleep 0.01; done").await;
    web(&cluster, |status| status["containerStatuses"][0]["ready"] == true).await;
    assert!(kubelet.address("shop", "web", "app").is_some());
    kubelet.out_of_memory("shop", "web", "app");
    let status = web(&cluster, |status| status["containerStatuses"][0]["restartCount"] == 1).await;
    let last = &status["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(137), Some("OOMKilled")));
    kubelet.stop().await;
}

#[tokio::test]
async fn a_process_that_outgrows_its_memory_limit_is_killed_and_its_log_is_the_previous_one() {
    let grow = "echo growing; held=0123456789abcdef; while :; do held=$held$held; sleep 0.03; done";
    let (cluster, _kubelet) = start_with(grow, json!({"limits": {"memory": "8Mi"}})).await;
    let metrics = StateMetrics::start(&cluster.kubernetes).await.unwrap();
    let status = web(&cluster, |status| status["containerStatuses"][0]["restartCount"] == 1).await;
    let last = &status["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(137), Some("OOMKilled")));
    assert_eq!(log(&cluster, last["containerID"].as_str().unwrap()).await, "growing\n");
    let scraped = reqwest::get(metrics.url()).await.unwrap().text().await.unwrap();
    let restarts = scraped.lines().last().unwrap().rsplit_once(' ').unwrap();
    let series = r#"kube_pod_container_status_restarts_total{namespace="shop",pod="web",container="app"}"#;
    assert_eq!(restarts.0, series);
    assert!(restarts.1.parse::<u32>().unwrap() >= 1, "{scraped}");
}

#[tokio::test]
async fn a_process_within_its_memory_limit_is_left_alone() {
    let (cluster, _kubelet) =
        start_with("echo small; sleep 0.2; exit 3", json!({"limits": {"memory": "64Mi"}})).await;
    let status = web(&cluster, |status| status["containerStatuses"][0]["restartCount"] == 1).await;
    assert_eq!(status["containerStatuses"][0]["lastState"]["terminated"]["reason"], "Error");
}

#[tokio::test]
async fn an_image_that_is_not_there_keeps_the_pod_waiting() {
    let (cluster, _kubelet) = start("true").await;
    let mut other = pod("other", json!({}));
    other["spec"]["containers"][0]["image"] = json!("none");
    cluster.store().create(other).unwrap();
    let waiting = cluster.store().wait_for(Kind::Pod, "shop", "other", |pod| {
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ErrImagePull"
    });
    let found = tokio::time::timeout(LIMIT, waiting).await.unwrap();
    assert_eq!(found["status"]["phase"], "Pending");
    assert_eq!(
        found["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        "image \"none\" not found"
    );
}

#[tokio::test]
async fn a_container_is_ready_once_its_probe_is_answered() {
    use axum::{Router, routing};
    let cluster = Cluster::start().await;
    let router = Router::new().route("/healthz", routing::get(async || "ok"));
    let probed = testbed::wire::Wire::serve("probed", router, testbed::wire::Port::Any).await.unwrap();
    probed.fault(testbed::wire::Fault {
        method: None,
        path: "*".to_owned(),
        calls: testbed::wire::Calls::Nth(1),
        does: testbed::wire::Misdeed::Status { code: 503, headers: Vec::new(), body: String::new() },
    });
    let url = format!("{}/healthz", probed.url());
    let runner = move |_: &ContainerSpec| {
        let mut command = tokio::process::Command::new("sleep");
        command.arg("60");
        Ok(Launch {
            command,
            readiness: Readiness::Http { url: url.clone(), every: Duration::from_millis(5) },
        })
    };
    let _kubelet = Kubelet::start(&cluster.kubernetes, runner, KubeletOptions::default());
    cluster.store().create(pod("web", json!({}))).unwrap();
    web(&cluster, |status| status["containerStatuses"][0]["ready"] == true).await;
    let events = cluster.store().list(Kind::Event, Some("shop"));
    let unhealthy = events.iter().find(|event| event["reason"] == "Unhealthy").unwrap();
    assert_eq!(unhealthy["message"], "Readiness probe failed: HTTP probe failed with statuscode: 503");
}
