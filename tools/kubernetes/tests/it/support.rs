//! A cluster on a loopback port, with the objects of a shop.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ports::LogSource;
use domain::{ClusterId, ContainerRole, Incarnation, IncidentIdentity, LogExcerpt, RolloutRef, Side};
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use testbed::kubelet::{Beginning, ScriptedKubelet};
use testbed::kubernetes::{KubernetesApi, KubernetesOptions, Store};
use tool_kubernetes::{
    ClusterSettings, Connection, KubernetesCluster, LogSpool, Pace, SpoolSettings, connect,
};

pub(crate) const PACE: Pace = Pace { first: Duration::from_millis(5), longest: Duration::from_millis(50) };
pub(crate) const STABLE: &str = "678dd648d6";
pub(crate) const CANARY: &str = "86686d4656";

pub(crate) struct Place {
    pub(crate) api: KubernetesApi,
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn start() -> Self {
        Self::with(KubernetesOptions::default()).await
    }

    pub(crate) async fn with(options: KubernetesOptions) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let api = KubernetesApi::start(options).await.unwrap();
        api.store().ensure_namespace("shop");
        Self { api, dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn store(&self) -> &Store {
        self.api.store()
    }

    pub(crate) fn kubelet(&self) -> ScriptedKubelet {
        ScriptedKubelet::start(&self.api, |_| Beginning::Ready)
    }

    pub(crate) async fn client(&self, token: &str) -> kube::Client {
        let path = self.dir.path().join(format!("kubeconfig-{token}"));
        std::fs::write(&path, self.api.kubeconfig(token)).unwrap();
        connect(&Connection::Kubeconfig { path, context: None }).await.unwrap()
    }

    pub(crate) async fn cluster(&self) -> KubernetesCluster {
        self.cluster_with(ClusterSettings { pace: PACE, ..ClusterSettings::default() }).await
    }

    pub(crate) async fn cluster_with(&self, settings: ClusterSettings) -> KubernetesCluster {
        KubernetesCluster::new(self.client("admin").await, settings)
    }

    pub(crate) fn spool_settings(&self) -> SpoolSettings {
        SpoolSettings { pace: PACE, ..SpoolSettings::in_dir(self.dir.path().join("spool")) }
    }

    pub(crate) async fn spool(&self) -> LogSpool {
        self.spool_with(self.spool_settings()).await
    }

    pub(crate) async fn spool_with(&self, settings: SpoolSettings) -> LogSpool {
        LogSpool::open(self.client("admin").await, settings).await.unwrap()
    }

    /// Creates a canary pod and waits until its container runs. Gives its uid.
    pub(crate) async fn canary(&self, name: &str) -> String {
        self.store().create(pod(name)).unwrap();
        let running = |pod: &Value| pod.pointer("/status/containerStatuses/0/state/running").is_some();
        let pod = soon(self.store().wait_for(testbed::kubernetes::Kind::Pod, "shop", name, running)).await;
        pod["metadata"]["uid"].as_str().unwrap().to_owned()
    }
}

/// The value, which is expected before long; a test never hangs.
pub(crate) async fn soon<T>(value: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), value).await.expect("it never came")
}

/// The first value of the stream for which `pred` holds, with all before it.
pub(crate) async fn until<T>(
    stream: &mut (impl Stream<Item = T> + Unpin),
    pred: impl Fn(&T) -> bool,
) -> Vec<T> {
    soon(async {
        let mut seen = Vec::new();
        loop {
            let value = stream.next().await.expect("the stream ended");
            let found = pred(&value);
            seen.push(value);
            if found {
                return seen;
            }
        }
    })
    .await
}

pub(crate) fn rollout_ref(name: &str) -> RolloutRef {
    RolloutRef { namespace: "shop".parse().unwrap(), name: name.parse().unwrap() }
}

pub(crate) fn rollout(name: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {},
        "status": {"phase": "Progressing", "stableRS": STABLE, "currentPodHash": CANARY},
    })
}

pub(crate) fn run(name: &str, owner: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
        "metadata": {
            "name": name, "namespace": "shop", "labels": {"rollouts-pod-template-hash": CANARY},
            "ownerReferences": [{
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "controller": true,
                "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
            }],
        },
        "spec": {"metrics": []}, "status": {"phase": "Running"},
    })
}

pub(crate) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"rollouts-pod-template-hash": CANARY}},
        "spec": {"containers": [{"name": "app", "image": "shop:1.1.0"}]},
    })
}

pub(crate) fn source(pod: &str, uid: &str) -> LogSource {
    LogSource {
        namespace: "shop".parse().unwrap(),
        pod: pod.parse().unwrap(),
        pod_uid: uid.parse().unwrap(),
        container: "app".parse().unwrap(),
        role: ContainerRole::App,
        side: Side::Canary,
        which: Incarnation::Current,
    }
}

pub(crate) fn identity(uid: &str, canary: &str) -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c".parse::<ClusterId>().unwrap(),
        rollout: rollout_ref("shop"),
        uid: uid.parse().unwrap(),
        canary: canary.parse().unwrap(),
    }
}

/// The kept lines without their times.
pub(crate) fn texts(excerpt: &LogExcerpt) -> Vec<String> {
    excerpt.lines().map(|line| line.text.to_owned()).collect()
}

pub(crate) fn long_ago() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// What is logged on this thread while it lives.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let logged = Self::default();
        let writer = logged.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        (logged, tracing::subscriber::set_default(subscriber))
    }

    /// The lines at that level that this room wrote.
    pub(crate) fn at(&self, level: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let ours = |line: &&str| line.contains(level) && line.contains("tool_kubernetes");
        text.lines().filter(ours).map(ToOwned::to_owned).collect()
    }
}

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
