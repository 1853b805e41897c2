//! One pod's status, written as the kubelet writes it.

use serde_json::{Value, json};

use super::PodLogs;
use crate::kubernetes::{Importance, Kind, Occurrence, Store, items, number, set, text};

/// The node on which every pod runs.
pub(crate) const NODE: &str = "testbed";

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// The exit code; 128 + n for one that signal n ended.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled`, …
    pub reason: String,
}

/// The result of a readiness probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    Passed,
    Failed,
}

/// A pod as its kubelet sees it.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    store: Store,
    logs: PodLogs,
    namespace: String,
    name: String,
}

impl Termination {
    /// An ending by that exit code, with the reason the kubelet gives it: `Completed` for 0, else `Error`.
    pub fn by_exit_code(exit_code: i32) -> Self {
        let reason = if exit_code == 0 { "Completed" } else { "Error" };
        Termination { exit_code, reason: reason.to_owned() }
    }

    /// An ending by the kernel for want of memory.
    pub fn out_of_memory() -> Self {
        Termination { exit_code: 137, reason: "OOMKilled".to_owned() }
    }
}

impl Pod {
    pub(crate) fn new(store: &Store, logs: &PodLogs, object: &Value) -> Self {
        Pod {
            store: store.clone(),
            logs: logs.clone(),
            namespace: text(object, "/metadata/namespace").to_owned(),
            name: text(object, "/metadata/name").to_owned(),
        }
    }

    pub(crate) fn named(store: &Store, logs: &PodLogs, namespace: &str, name: &str) -> Self {
        Pod {
            store: store.clone(),
            logs: logs.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn object(&self) -> Option<Value> {
        self.store.get(Kind::Pod, &self.namespace, &self.name)
    }

    /// Binds the pod to the node, its containers still being created.
    pub(crate) fn assign(&self) {
        let now = self.store.clock().seconds();
        self.change(|pod| {
            let creating = |container: &Value| {
                json!({
                    "name": text(container, "/name"), "image": text(container, "/image"), "imageID": "",
                    "ready": false, "started": false, "restartCount": 0, "lastState": {},
                    "state": {"waiting": {"reason": "ContainerCreating"}},
                })
            };
            let done = |container: &Value| {
                let mut status = creating(container);
                let ended = json!({
                    "exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now,
                });
                set(&mut status, "/state", json!({"terminated": ended}));
                set(&mut status, "/ready", true);
                status
            };
            let statuses: Vec<Value> = items(pod, "/spec/containers").iter().map(creating).collect();
            let init: Vec<Value> = items(pod, "/spec/initContainers").iter().map(done).collect();
            set(pod, "/spec/nodeName", NODE);
            set(pod, "/status", json!({"phase": "Pending", "hostIP": "127.0.0.1", "startTime": now}));
            set(pod, "/status/containerStatuses", statuses);
            if !init.is_empty() {
                set(pod, "/status/initContainerStatuses", init);
            }
            let stable = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now});
            set(pod, "/status/conditions", json!([stable("PodScheduled"), stable("Initialized")]));
        });
        if let Some(pod) = self.object() {
            let assigned = format!("Successfully assigned {}/{} to {NODE}", self.namespace, self.name);
            self.store.report(&pod, happened(Importance::Normal, "Scheduled", assigned, "default-scheduler"));
        }
    }

    /// A container runs; gives its id, under which its log is kept.
    pub(crate) fn started(&self, container: &str) -> String {
        let id = format!("containerd://{}", self.store.names().container());
        self.logs.begin(&id);
        let now = self.store.clock().seconds();
        self.change_container(container, |status| {
            self.age(status);
            if status.pointer("/lastState/terminated").is_some() {
                set(status, "/restartCount", number(status, "/restartCount").unwrap_or(0) + 1);
            }
            set(status, "/state", json!({"running": {"startedAt": now}}));
            set(status, "/containerID", id.as_str());
            set(status, "/imageID", format!("{}@sha256:0", text(status, "/image")));
            set(status, "/started", true);
        });
        self.change(|pod| set(pod, "/status/podIP", "127.0.0.1"));
        self.report(Importance::Normal, "Started", format!("Started container {container}"));
        id
    }

    /// The container's readiness probe has that result.
    pub(crate) fn probed(&self, container: &str, probe: Probe) {
        self.change_container(container, |status| set(status, "/ready", probe == Probe::Passed));
    }

    /// The container of that id has ended, and its log with it.
    pub(crate) fn terminated(&self, container: &str, id: &str, ending: &Termination) {
        self.logs.finish(id);
        let now = self.store.clock().seconds();
        self.change_container(container, |status| {
            let started = status.pointer("/state/running/startedAt").cloned().unwrap_or_else(|| now.clone().into());
            let ended = json!({
                "exitCode": ending.exit_code, "reason": ending.reason, "startedAt": started, "finishedAt": now,
                "containerID": id,
            });
            set(status, "/state", json!({"terminated": ended}));
            set(status, "/ready", false);
            set(status, "/started", false);
        });
    }

    /// The container waits for something, such as its next start.
    pub(crate) fn waiting(&self, container: &str, reason: &str, message: &str) {
        self.change_container(container, |status| {
            self.age(status);
            set(status, "/state", json!({"waiting": {"reason": reason, "message": message}}));
            set(status, "/ready", false);
        });
    }

    /// Removes the pod and forgets its logs, those of `ids` included.
    pub(crate) fn gone(&self, ids: &[String]) {
        let known = self.object().map(|pod| {
            let statuses = items(&pod, "/status/containerStatuses").to_vec();
            let id = |status: &Value| {
                [
                    text(status, "/containerID").to_owned(),
                    text(status, "/lastState/terminated/containerID").to_owned(),
                ]
            };
            statuses.iter().flat_map(id).collect::<Vec<_>>()
        });
        // It may be gone already, deleted with no grace.
        let _ = self.store.remove(Kind::Pod, &self.namespace, &self.name);
        for id in known.unwrap_or_default().iter().chain(ids) {
            self.logs.forget(id);
        }
    }

    pub(crate) fn report(&self, importance: Importance, reason: &'static str, message: String) {
        if let Some(pod) = self.object() {
            self.store.report(&pod, happened(importance, reason, message, "kubelet"));
        }
    }

    /// An ended container becomes the last one; the log of the one before it is kept no longer.
    fn age(&self, status: &mut Value) {
        if let Some(ended) = status.pointer("/state/terminated").cloned() {
            self.logs.forget(text(status, "/lastState/terminated/containerID"));
            set(status, "/lastState", json!({"terminated": ended}));
        }
    }

    fn change_container(&self, container: &str, change: impl FnOnce(&mut Value)) {
        self.change(|pod| {
            let statuses = pod.pointer_mut("/status/containerStatuses").and_then(Value::as_array_mut);
            let status = statuses.into_iter().flatten().find(|status| text(status, "/name") == container);
            if let Some(status) = status {
                change(status);
            }
        });
    }

    /// Changes the pod and then what follows from its containers' states.
    fn change(&self, change: impl FnOnce(&mut Value)) {
        let now = self.store.clock().seconds();
        // A pod that was removed meanwhile needs no status.
        let _ = self.store.update(Kind::Pod, &self.namespace, &self.name, |pod| {
            change(pod);
            set(pod, "/status/phase", phase(pod));
            judge(pod, &now);
        });
    }
}

fn happened(
    importance: Importance,
    reason: &'static str,
    message: String,
    component: &'static str,
) -> Occurrence {
    Occurrence { importance, reason, message, component }
}

fn phase(pod: &Value) -> &'static str {
    let statuses = items(pod, "/status/containerStatuses");
    let never_again = text(pod, "/spec/restartPolicy") == "Never";
    let is = |status: &Value, state: &str| status.pointer(&format!("/state/{state}")).is_some();
    let began = |status: &Value| {
        is(status, "running") || is(status, "terminated") || !text(status, "/containerID").is_empty()
    };
    if never_again && !statuses.is_empty() && statuses.iter().all(|status| is(status, "terminated")) {
        let failed = statuses.iter().any(|status| number(status, "/state/terminated/exitCode") != Some(0));
        return if failed { "Failed" } else { "Succeeded" };
    }
    if statuses.iter().any(began) { "Running" } else { "Pending" }
}

/// Sets the conditions `ContainersReady` and `Ready`.
fn judge(pod: &mut Value, now: &str) {
    let unready: Vec<String> = items(pod, "/status/containerStatuses")
        .iter()
        .filter(|status| status.get("ready") != Some(&Value::Bool(true)))
        .map(|status| text(status, "/name").to_owned())
        .collect();
    let status = if unready.is_empty() { "True" } else { "False" };
    let mut conditions = items(pod, "/status/conditions").to_vec();
    for kind in ["ContainersReady", "Ready"] {
        let old = conditions.iter().position(|condition| text(condition, "/type") == kind);
        let since = old
            .and_then(|index| conditions.get(index))
            .filter(|condition| text(condition, "/status") == status)
            .map_or(now, |condition| text(condition, "/lastTransitionTime"))
            .to_owned();
        let mut condition = json!({"type": kind, "status": status, "lastTransitionTime": since});
        if !unready.is_empty() {
            set(&mut condition, "/reason", "ContainersNotReady");
            set(
                &mut condition,
                "/message",
                format!("containers with unready status: [{}]", unready.join(" ")),
            );
        }
        match old.and_then(|index| conditions.get_mut(index)) {
            Some(place) => *place = condition,
            None => conditions.push(condition),
        }
    }
    set(pod, "/status/conditions", conditions);
}
