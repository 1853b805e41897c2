//! A Rollout.

use domain::{Abort, Condition, Rollout, RolloutRef};
use serde_json::Value;

use super::{REVISION, SOURCE_REVISION, source_revision};
use crate::field::{self, MESSAGE, WORD};

/// Annotations with this prefix are for rollmend.
const OURS: &str = "rollmend.dev/";
/// At most so many of them are kept, each of at most so many bytes.
const ANNOTATIONS: usize = 32;
const ANNOTATION: usize = 2 * 1024;
/// argoproj/argo-rollouts, `DefaultProgressDeadlineSeconds`.
const PROGRESS_DEADLINE_SECONDS: u64 = 600;

/// The Rollout, unless it lacks name or uid.
pub(crate) fn rollout(object: &Value) -> Option<Rollout> {
    let progressing = condition(object, "Progressing");
    Some(Rollout {
        rollout: reference(object)?,
        uid: field::parsed(object, "/metadata/uid")?,
        phase: field::text(object, "/status/phase", WORD),
        message: field::text(object, "/status/message", MESSAGE),
        stable: field::parsed(object, "/status/stableRS"),
        current: field::parsed(object, "/status/currentPodHash"),
        revision: field::number(object, REVISION),
        abort: abort(object, progressing.as_ref()),
        progressing,
        pause_reasons: field::items(object, "/status/pauseConditions")
            .map(|pause| field::text(pause, "/reason", WORD))
            .filter(|reason| !reason.is_empty())
            .take(16)
            .collect(),
        progress_deadline_seconds: field::number(object, "/spec/progressDeadlineSeconds")
            .unwrap_or(PROGRESS_DEADLINE_SECONDS),
        annotations: annotations(object),
    })
}

/// `status.canary.weights.canary.weight` in percent, which is there with traffic routing alone (argoproj/argo-rollouts,
/// `TrafficWeights`).
pub(crate) fn canary_weight(object: &Value) -> Option<u8> {
    let weight = object.pointer("/status/canary/weights/canary/weight")?.as_u64()?;
    u8::try_from(weight).ok().filter(|weight| *weight <= 100)
}

/// Namespace and name of an object.
pub(crate) fn reference(object: &Value) -> Option<RolloutRef> {
    Some(RolloutRef {
        namespace: field::parsed(object, "/metadata/namespace")?,
        name: field::parsed(object, "/metadata/name")?,
    })
}

/// Present while `status.abort` is true. The controller's words are in the condition, which `kubectl argo rollouts abort` may
/// reach before it: then `status.message` says as much.
fn abort(object: &Value, progressing: Option<&Condition>) -> Option<Abort> {
    if !field::is_set(object, "/status/abort") {
        return None;
    }
    let aborted = progressing.filter(|condition| condition.reason == "RolloutAborted");
    let message = match aborted {
        Some(condition) => condition.message.clone(),
        None => {
            field::text(object, "/status/message", MESSAGE).trim_start_matches("RolloutAborted: ").to_owned()
        }
    };
    Some(Abort { at: field::time(object, "/status/abortedAt"), message })
}

fn condition(object: &Value, kind: &str) -> Option<Condition> {
    let condition = field::items(object, "/status/conditions")
        .find(|condition| field::text(condition, "/type", WORD) == kind)?;
    Some(Condition {
        status: field::text(condition, "/status", WORD),
        reason: field::text(condition, "/reason", WORD),
        message: field::text(condition, "/message", MESSAGE),
        at: field::time(condition, "/lastTransitionTime"),
    })
}

fn annotations(object: &Value) -> std::collections::BTreeMap<String, String> {
    let all = object.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.strip_prefix(OURS)?, value.as_str()?)))
        .take(ANNOTATIONS)
        .map(|(key, value)| (field::cut(key, WORD), field::cut(value, ANNOTATION)))
        .chain(source_revision(object).map(|revision| (SOURCE_REVISION.to_owned(), revision)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_canarys_weight_is_what_the_status_says_of_it_in_percent() {
        let weighing = |weights: Value| json!({ "status": { "canary": { "weights": weights } } });
        let routed = json!({
            "canary": { "podTemplateHash": "86686d4656", "weight": 20 },
            "stable": { "podTemplateHash": "678dd648d6", "weight": 80 }
        });
        assert_eq!(canary_weight(&weighing(routed)), Some(20));
        for other in [json!({}), json!(null), json!({ "canary": { "weight": "20" } })] {
            assert_eq!(canary_weight(&weighing(other.clone())), None, "{other}");
        }
        for outside in [101, 300] {
            assert_eq!(canary_weight(&weighing(json!({ "canary": { "weight": outside } }))), None);
        }
        assert_eq!(canary_weight(&weighing(json!({ "canary": { "weight": -1 } }))), None);
    }
}
