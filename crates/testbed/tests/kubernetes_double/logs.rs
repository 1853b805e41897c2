//! Logs of pods, as a real client reads them through the API server's stand-in.

use std::pin::pin;

use crate::cluster::{Cluster, pod};
use chrono::{DateTime, TimeZone, Utc};
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use serde_json::{Value, json};
use testbed::{
    kubelet::{Beginning, ScriptedKubelet, Termination},
    kubernetes::{Clock, Kind, KubernetesOptions},
};

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 2, 12, 0, 0).unwrap()
}

/// A cluster with a pod `web` of one container `app` that runs, at noon.
async fn with_pod(beginning: Beginning) -> (Cluster, ScriptedKubelet, Api<Pod>) {
    let options = KubernetesOptions { clock: Clock::from_tokio(noon()), ..KubernetesOptions::default() };
    let cluster = Cluster::with(options).await;
    let kubelet = ScriptedKubelet::start(&cluster.kubernetes, move |_| beginning.clone());
    cluster.store().create(pod("web", json!({}))).unwrap();
    cluster.store().wait_for(Kind::Pod, "shop", "web", |pod| pod["status"]["conditions"].is_array()).await;
    let api = cluster.api("shop").await;
    // The status may still be on its way to where the script wants it.
    cluster
        .store()
        .wait_for(Kind::Pod, "shop", "web", |pod| {
            pod["status"]["containerStatuses"][0]["state"]["running"].is_object()
                || pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"].is_string()
        })
        .await;
    (cluster, kubelet, api)
}

fn refused(result: kube::Result<String>) -> (u16, String) {
    match result {
        Err(kube::Error::Api(status)) => {
            assert_eq!(status.reason, "BadRequest");
            (status.code, status.message.clone())
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_log_is_cut_by_tail_since_limit_and_shown_with_timestamps() {
    let (cluster, _kubelet, api) = with_pod(Beginning::Ready).await;
    let found = cluster.store().get(Kind::Pod, "shop", "web").unwrap();
    let id = found["status"]["containerStatuses"][0]["containerID"].as_str().unwrap();
    for (seconds, line) in [(1, "one\n"), (2, "two\n"), (3, "three\nfour\n")] {
        let at = noon() + chrono::Duration::seconds(seconds);
        cluster.kubernetes.logs().append(id, at, line.as_bytes());
    }
    let log = async |params: LogParams| api.logs("web", &params).await.unwrap();
    assert_eq!(log(LogParams::default()).await, "one\ntwo\nthree\nfour\n");
    assert_eq!(log(LogParams { tail_lines: Some(2), ..LogParams::default() }).await, "three\nfour\n");
    assert_eq!(log(LogParams { tail_lines: Some(0), ..LogParams::default() }).await, "");
    assert_eq!(log(LogParams { limit_bytes: Some(6), ..LogParams::default() }).await, "one\ntw");
    let since = "2026-01-02T12:00:02Z".parse().unwrap();
    assert_eq!(
        log(LogParams { since_time: Some(since), ..LogParams::default() }).await,
        "two\nthree\nfour\n"
    );
    let stamped = LogParams { timestamps: true, tail_lines: Some(1), ..LogParams::default() };
    assert_eq!(log(stamped).await, "2026-01-02T12:00:03.000000000Z four\n");
}

#[tokio::test(start_paused = true)]
async fn since_seconds_counts_back_from_now() {
    let options = KubernetesOptions { clock: Clock::from_tokio(noon()), ..KubernetesOptions::default() };
    assert_eq!(options.clock.now(), noon());
    tokio::time::advance(std::time::Duration::from_secs(90)).await;
    assert_eq!(options.clock.now(), noon() + chrono::Duration::seconds(90));
}

#[tokio::test]
async fn a_followed_log_goes_on_until_its_container_ends() {
    let (_cluster, kubelet, api) = with_pod(Beginning::Ready).await;
    kubelet.write("shop", "web", "app", b"first\n");
    let params = LogParams { follow: true, ..LogParams::default() };
    let mut lines = pin!(api.log_stream("web", &params).await.unwrap().lines());
    assert_eq!(lines.try_next().await.unwrap().as_deref(), Some("first"));
    kubelet.write("shop", "web", "app", b"second\nlast");
    assert_eq!(lines.try_next().await.unwrap().as_deref(), Some("second"));
    kubelet.terminate("shop", "web", "app", &Termination::by_exit_code(1));
    assert_eq!(lines.try_next().await.unwrap().as_deref(), Some("last"));
    assert_eq!(lines.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn a_followed_log_ends_when_its_pod_is_deleted_and_then_is_not_found() {
    let (cluster, kubelet, api) = with_pod(Beginning::Ready).await;
    let params = LogParams { follow: true, ..LogParams::default() };
    let mut lines = pin!(api.log_stream("web", &params).await.unwrap().lines());
    kubelet.write("shop", "web", "app", b"farewell\n");
    cluster.store().delete(Kind::Pod, "shop", "web").unwrap();
    assert_eq!(lines.try_next().await.unwrap().as_deref(), Some("farewell"));
    assert_eq!(lines.try_next().await.unwrap(), None);
    let after = api.logs("web", &LogParams::default()).await;
    assert!(matches!(after, Err(kube::Error::Api(status)) if status.code == 404));
}

#[tokio::test]
async fn the_previous_log_is_that_of_the_container_before_the_restart() {
    let (_cluster, kubelet, api) = with_pod(Beginning::Ready).await;
    let previous = LogParams { previous: true, ..LogParams::default() };
    assert_eq!(
        refused(api.logs("web", &previous).await),
        (400, "previous terminated container \"app\" in pod \"web\" not found".to_owned())
    );
    kubelet.write("shop", "web", "app", b"panic!\n");
    kubelet.terminate("shop", "web", "app", &Termination::out_of_memory());
    kubelet.back_off("shop", "web", "app");
    assert_eq!(api.logs("web", &previous).await.unwrap(), "panic!\n");
    assert_eq!(api.logs("web", &LogParams::default()).await.unwrap(), "panic!\n");
    kubelet.restart("shop", "web", "app");
    kubelet.write("shop", "web", "app", b"again\n");
    assert_eq!(api.logs("web", &previous).await.unwrap(), "panic!\n");
    assert_eq!(api.logs("web", &LogParams::default()).await.unwrap(), "again\n");
    let status = api.get("web").await.unwrap().status.unwrap().container_statuses.unwrap().remove(0);
    let last = status.last_state.unwrap().terminated.unwrap();
    assert_eq!((status.restart_count, last.reason.as_deref(), last.exit_code), (1, Some("OOMKilled"), 137));
}

#[tokio::test]
async fn a_log_that_cannot_be_given_is_refused_in_the_kubelets_words() {
    let (cluster, _kubelet, api) = with_pod(Beginning::Waiting("ContainerCreating".to_owned())).await;
    assert_eq!(
        refused(api.logs("web", &LogParams::default()).await),
        (400, "container \"app\" in pod \"web\" is waiting to start: ContainerCreating".to_owned())
    );
    let other = LogParams { container: Some("nope".to_owned()), ..LogParams::default() };
    assert_eq!(
        refused(api.logs("web", &other).await),
        (400, "container nope is not valid for pod web".to_owned())
    );
    let mut several: Value = pod("two", json!({}));
    several["spec"]["containers"] = json!([{"name": "app", "image": "a"}, {"name": "sidecar", "image": "b"}]);
    several["spec"]["initContainers"] = json!([{"name": "setup", "image": "c"}]);
    cluster.store().create(several).unwrap();
    assert_eq!(
        refused(api.logs("two", &LogParams::default()).await),
        (
            400,
            "a container name must be specified for pod two, choose one of: [setup app sidecar]".to_owned()
        )
    );
}
