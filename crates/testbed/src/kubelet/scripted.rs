//! A kubelet that runs nothing: what its pods do is said by hand.

use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinHandle;

use super::{
    PodLogs, Termination,
    pod::{Pod, Probe},
};
use crate::kubernetes::{Change, Deed, Kind, KubernetesApi, Store, items, text};

/// What a new pod does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// Its containers run and are ready at once.
    Ready,
    /// Its containers run, but are not ready.
    Running,
    /// Its containers stay in this waiting reason, such as `ContainerCreating` or `ErrImagePull`.
    Waiting(String),
}

/// A handle on the scripted kubelet, which ends with it.
#[derive(Debug)]
pub struct ScriptedKubelet {
    store: Store,
    logs: PodLogs,
    task: JoinHandle<()>,
}

impl ScriptedKubelet {
    /// Starts it; `beginning` is asked for each new pod.
    pub fn start(
        api: &KubernetesApi,
        beginning: impl Fn(&Value) -> Beginning + Send + Sync + 'static,
    ) -> ScriptedKubelet {
        let (store, logs) = (api.store().clone(), api.logs().clone());
        store.attach_kubelet();
        let task = tokio::spawn(attend(store.clone(), logs.clone(), Arc::new(beginning)));
        ScriptedKubelet { store, logs, task }
    }

    /// The container writes `bytes` to its log now.
    pub fn write(&self, namespace: &str, pod: &str, container: &str, bytes: &[u8]) {
        if let Some(id) = self.container_id(namespace, pod, container) {
            self.logs.append(&id, self.store.clock().now(), bytes);
        }
    }

    /// The container ends, and stays ended until [`ScriptedKubelet::restart`].
    pub fn terminate(&self, namespace: &str, pod: &str, container: &str, ending: &Termination) {
        if let Some(id) = self.container_id(namespace, pod, container) {
            self.pod(namespace, pod).terminated(container, &id, ending);
        }
    }

    /// The ended container waits for its next start in `CrashLoopBackOff`.
    pub fn back_off(&self, namespace: &str, pod: &str, container: &str) {
        let object = self.store.get(Kind::Pod, namespace, pod).unwrap_or_default();
        let message = back_off_message(&object, container, "10s");
        self.pod(namespace, pod).waiting(container, "CrashLoopBackOff", &message);
    }

    /// The container waits in any reason.
    pub fn wait(&self, namespace: &str, pod: &str, container: &str, reason: &str, message: &str) {
        self.pod(namespace, pod).waiting(container, reason, message);
    }

    /// The container starts again: its restarts are counted, its old log is the previous one.
    pub fn restart(&self, namespace: &str, pod: &str, container: &str) {
        let pod = self.pod(namespace, pod);
        pod.started(container);
        pod.probed(container, Probe::Passed);
    }

    /// The container's readiness probe succeeds.
    pub fn become_ready(&self, namespace: &str, pod: &str, container: &str) {
        self.pod(namespace, pod).probed(container, Probe::Passed);
    }

    /// The container's readiness probe fails.
    pub fn become_unready(&self, namespace: &str, pod: &str, container: &str) {
        self.pod(namespace, pod).probed(container, Probe::Failed);
    }

    fn pod(&self, namespace: &str, name: &str) -> Pod {
        Pod::named(&self.store, &self.logs, namespace, name)
    }

    fn container_id(&self, namespace: &str, pod: &str, container: &str) -> Option<String> {
        let pod = self.store.get(Kind::Pod, namespace, pod)?;
        let status = items(&pod, "/status/containerStatuses")
            .iter()
            .find(|status| text(status, "/name") == container)?;
        Some(text(status, "/containerID").to_owned()).filter(|id| !id.is_empty())
    }
}

impl Drop for ScriptedKubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the kubelet says while it waits to restart a container.
pub(crate) fn back_off_message(pod: &Value, container: &str, delay: &str) -> String {
    let (name, namespace) = (text(pod, "/metadata/name"), text(pod, "/metadata/namespace"));
    let uid = text(pod, "/metadata/uid");
    format!("back-off {delay} restarting failed container={container} pod={name}_{namespace}({uid})")
}

async fn attend(store: Store, logs: PodLogs, beginning: Arc<dyn Fn(&Value) -> Beginning + Send + Sync>) {
    let (version, present) = store.snapshot(Kind::Pod, None);
    for pod in present {
        begin(&Pod::new(&store, &logs, &pod), &pod, &beginning(&pod));
    }
    let mut changes = store.changes(version);
    loop {
        match changes.next().await {
            Ok(Change { kind: Kind::Pod, deed, object, .. }) => {
                let pod = Pod::new(&store, &logs, &object);
                match deed {
                    Deed::Added => begin(&pod, &object, &beginning(&object)),
                    Deed::Modified if !text(&object, "/metadata/deletionTimestamp").is_empty() => {
                        pod.gone(&[]);
                    }
                    Deed::Modified => {}
                    Deed::Deleted => forget(&logs, &object),
                }
            }
            Ok(_) => {}
            // The log was compacted: go on from the newest version, as a client that lists again.
            Err(_) => changes = store.changes(store.version()),
        }
    }
}

fn begin(pod: &Pod, object: &Value, beginning: &Beginning) {
    if !text(object, "/spec/nodeName").is_empty() {
        return;
    }
    pod.assign();
    for container in items(object, "/spec/containers") {
        let name = text(container, "/name");
        match beginning {
            Beginning::Waiting(reason) => pod.waiting(name, reason, ""),
            Beginning::Running | Beginning::Ready => {
                pod.started(name);
                let ready = *beginning == Beginning::Ready;
                pod.probed(name, if ready { Probe::Passed } else { Probe::Failed });
            }
        }
    }
}

fn forget(logs: &PodLogs, pod: &Value) {
    for status in items(pod, "/status/containerStatuses") {
        logs.forget(text(status, "/containerID"));
    }
}
