//! An Event, as `core/v1` shows it.

use chrono::{DateTime, Utc};
use domain::{ClusterEvent, Pod, Rollout};
use serde_json::Value;

use crate::field::{self, MESSAGE, WORD};

/// `reportingComponent` of what we write ourselves, which is no evidence.
pub(crate) const COMPONENT: &str = "rollmend";

/// The event in our words.
pub(crate) fn event(object: &Value) -> ClusterEvent {
    let count = field::number(object, "/series/count").or_else(|| field::number(object, "/count"));
    ClusterEvent {
        about: format!("{}/{}", about(object, "/kind"), about(object, "/name")),
        kind: field::text(object, "/type", WORD),
        reason: field::text(object, "/reason", WORD),
        message: field::text(object, "/message", MESSAGE),
        count: count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1).max(1),
        at: at(object),
    }
}

/// Whether the event is about the Rollout, one of its AnalysisRuns or ReplicaSets (their names begin with the Rollout's and
/// a hash of it), or one of the pods.
pub(crate) fn is_about(object: &Value, rollout: &Rollout, pods: &[Pod]) -> bool {
    if field::text(object, "/reportingComponent", WORD) == COMPONENT {
        return false;
    }
    let name = about(object, "/name");
    match about(object, "/kind").as_str() {
        "Rollout" => {
            let uid = about(object, "/uid");
            name == rollout.rollout.name.as_str() && (uid.is_empty() || uid == rollout.uid.as_str())
        }
        "ReplicaSet" => templates(rollout).any(|template| name == template),
        "AnalysisRun" => templates(rollout)
            .any(|template| name.strip_prefix(&template).is_some_and(|rest| rest.starts_with('-'))),
        "Pod" => {
            let uid = about(object, "/uid");
            pods.iter().any(|pod| pod.name.as_str() == name && (uid.is_empty() || uid == pod.uid.as_str()))
        }
        _ => false,
    }
}

fn templates(rollout: &Rollout) -> impl Iterator<Item = String> {
    let hashes = [rollout.stable.as_ref(), rollout.current.as_ref()];
    hashes.into_iter().flatten().map(|hash| format!("{}-{hash}", rollout.rollout.name))
}

fn about(object: &Value, pointer: &str) -> String {
    field::text(object, &format!("/involvedObject{pointer}"), WORD)
}

/// Events of the newer API carry their time in other fields than those of the older one.
fn at(object: &Value) -> Option<DateTime<Utc>> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/firstTimestamp",
        "/metadata/creationTimestamp",
    ]
    .into_iter()
    .find_map(|pointer| field::time(object, pointer))
}
