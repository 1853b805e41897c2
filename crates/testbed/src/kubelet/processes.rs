//! A kubelet that runs a real process for each container of each pod.

mod run;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use self::run::Running;
use super::{PodLogs, Runner, pod::Pod};
use crate::kubernetes::{Change, Deed, Kind, KubernetesApi, Store, number, text};

/// How the kubelet behaves.
#[derive(Debug, Clone)]
pub struct KubeletOptions {
    /// The first delay before a container that failed again is restarted; it doubles up to 30 times as much. 10 s really.
    pub back_off: Duration,
    /// The longest time that a process may take to end after SIGTERM, whatever its pod allows.
    pub longest_grace: Duration,
}

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningContainer {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Where it was told to listen.
    pub address: SocketAddr,
}

/// A handle on the kubelet. Dropping it kills its processes; [`Kubelet::stop`] lets them end.
#[derive(Debug)]
pub struct Kubelet {
    node: Node,
    task: JoinHandle<()>,
}

/// What the tasks share.
#[derive(Clone)]
struct Node {
    store: Store,
    logs: PodLogs,
    runner: Arc<dyn Runner>,
    options: KubeletOptions,
    running: Arc<Mutex<BTreeMap<Seat, Running>>>,
    stop: CancellationToken,
}

/// Namespace, pod and container.
type Seat = (String, String, String);

impl Default for KubeletOptions {
    fn default() -> Self {
        KubeletOptions { back_off: Duration::from_secs(10), longest_grace: Duration::from_secs(30) }
    }
}

impl Kubelet {
    /// Starts running the pods of the cluster with `runner`.
    pub fn start(api: &KubernetesApi, runner: impl Runner, options: KubeletOptions) -> Kubelet {
        let node = Node {
            store: api.store().clone(),
            logs: api.logs().clone(),
            runner: Arc::new(runner),
            options,
            running: Arc::default(),
            stop: CancellationToken::new(),
        };
        node.store.attach_kubelet();
        Kubelet { task: tokio::spawn(node.clone().attend()), node }
    }

    /// Where a container that runs was told to listen.
    pub fn address(&self, namespace: &str, pod: &str, container: &str) -> Option<SocketAddr> {
        let seat = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.node.running().get(&seat).map(|running| running.address)
    }

    /// The containers that run now, each with where it was told to listen: what a load generator or a scrape needs.
    pub fn running(&self) -> Vec<RunningContainer> {
        let of = |((namespace, pod, container), running): (&Seat, &Running)| RunningContainer {
            namespace: namespace.clone(),
            pod: pod.clone(),
            container: container.clone(),
            address: running.address,
        };
        self.node.running().iter().map(of).collect()
    }

    /// Kills a container as the kernel does when its memory limit is reached.
    pub fn out_of_memory(&self, namespace: &str, pod: &str, container: &str) {
        self.node.kill_for_memory(&(namespace.to_owned(), pod.to_owned(), container.to_owned()));
    }

    /// Ends all processes and then the kubelet; the pods stay in the store as they were.
    pub async fn stop(mut self) {
        self.node.stop.cancel();
        // The task only ends early by a panic of its own, which has then been reported.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Node {
    async fn attend(self) {
        let mut pods = JoinSet::new();
        let mut stops: BTreeMap<String, CancellationToken> = BTreeMap::new();
        let (version, present) = self.store.snapshot(Kind::Pod, None);
        for pod in present {
            self.consider(Deed::Added, &pod, &mut pods, &mut stops);
        }
        let mut changes = self.store.changes(version);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                Some(_) = pods.join_next() => {}
                change = changes.next() => match change {
                    Ok(Change { kind: Kind::Pod, deed, object, .. }) => {
                        self.consider(deed, &object, &mut pods, &mut stops);
                    }
                    Ok(_) => {}
                    // The log was compacted: go on from the newest version, as a client that lists again.
                    Err(_) => changes = self.store.changes(self.store.version()),
                },
            }
        }
        while pods.join_next().await.is_some() {}
    }

    fn consider(
        &self,
        deed: Deed,
        object: &Value,
        pods: &mut JoinSet<()>,
        stops: &mut BTreeMap<String, CancellationToken>,
    ) {
        let uid = text(object, "/metadata/uid").to_owned();
        let leaving = deed == Deed::Deleted || !text(object, "/metadata/deletionTimestamp").is_empty();
        if leaving {
            match stops.remove(&uid) {
                Some(stop) => stop.cancel(),
                None if deed != Deed::Deleted => Pod::new(&self.store, &self.logs, object).gone(&[]),
                None => {}
            }
        } else if text(object, "/spec/nodeName").is_empty() && !stops.contains_key(&uid) {
            let stop = self.stop.child_token();
            stops.insert(uid, stop.clone());
            pods.spawn(self.clone().run_pod(object.clone(), stop));
        }
    }

    fn grace(&self, pod: &Value) -> Duration {
        let seconds = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default()).min(self.options.longest_grace)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Seat, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Node").field("options", &self.options).finish_non_exhaustive()
    }
}
