//! A pod.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use domain::{ContainerRole, ContainerState, Pod, Presence, Readiness};
use serde_json::Value;

use super::HASH_LABEL;
use super::container::containers;
use crate::field::{self, MESSAGE, WORD};

/// Waiting reasons of a pod that merely starts.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The pod, unless it lacks name, uid or the label of a Rollout's template.
pub(crate) fn pod(object: &Value) -> Option<Pod> {
    let ready = field::items(object, "/status/conditions")
        .find(|condition| field::text(condition, "/type", WORD) == "Ready")
        .is_some_and(|condition| field::text(condition, "/status", WORD) == "True");
    let leaving = object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    Some(Pod {
        name: field::parsed(object, "/metadata/name")?,
        uid: field::parsed(object, "/metadata/uid")?,
        hash: field::parsed(object, HASH_LABEL)?,
        phase: field::text(object, "/status/phase", WORD),
        reason: field::text(object, "/status/reason", WORD),
        message: field::text(object, "/status/message", MESSAGE),
        readiness: if ready { Readiness::Ready } else { Readiness::NotReady },
        presence: if leaving { Presence::Leaving } else { Presence::Staying },
        created_at: field::time(object, "/metadata/creationTimestamp").unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        containers: containers(object),
    })
}

/// Sorts pods with trouble first, then newest, then by name.
pub(crate) fn by_trouble(pods: &mut [Pod]) {
    pods.sort_by_cached_key(|pod| (Reverse(trouble(pod)), Reverse(pod.created_at), pod.name.clone()));
}

/// How often the container was restarted; the pod as the API server shows it.
pub(crate) fn restarts(object: &Value, container: &str) -> u64 {
    status(object, container).and_then(|status| field::number(status, "/restartCount")).unwrap_or(0)
}

/// Whether the container has ended and no other will take its place in this pod.
pub(crate) fn stays_ended(object: &Value, container: &str) -> bool {
    let ended = status(object, container).is_some_and(|status| status.pointer("/state/terminated").is_some());
    let leaving = object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    let once = field::items(object, "/spec/initContainers").any(|init| {
        field::text(init, "/name", WORD) == container
            && field::text(init, "/restartPolicy", WORD) != "Always"
            && status(object, container)
                .is_some_and(|status| field::number(status, "/state/terminated/exitCode") == Some(0))
    });
    let never = field::text(object, "/spec/restartPolicy", WORD) == "Never";
    is_over(object) || (ended && (leaving || never || once))
}

/// Whether every container of the pod has ended for good.
fn is_over(object: &Value) -> bool {
    matches!(field::text(object, "/status/phase", WORD).as_str(), "Succeeded" | "Failed")
}

fn status<'a>(object: &'a Value, container: &str) -> Option<&'a Value> {
    ["/status/containerStatuses", "/status/initContainerStatuses"]
        .into_iter()
        .flat_map(|pointer| field::items(object, pointer))
        .find(|status| field::text(status, "/name", WORD) == container)
}

/// How much there is to see: an app container that ended badly, one that waits for a reason, a restart, a pod not Ready.
fn trouble(pod: &Pod) -> u8 {
    let app = pod.containers.iter().filter(|container| container.role != ContainerRole::Sidecar);
    let worst = app.map(|container| {
        let ended_badly = match &container.state {
            ContainerState::Terminated(ended) => ended.exit_code != 0,
            _ => container.last_termination.as_ref().is_some_and(|last| last.exit_code != 0),
        };
        let held_up = matches!(&container.state, ContainerState::Waiting { reason, .. }
            if !reason.is_empty() && !STARTING.contains(&reason.as_str()));
        match (ended_badly, held_up, container.restarts > 0) {
            (true, ..) => 4,
            (_, true, _) => 3,
            (.., true) => 2,
            _ => 0,
        }
    });
    let unready = u8::from(pod.readiness == Readiness::NotReady);
    worst.max().unwrap_or(0).max(unready)
}
