//! The conditions of a Rollout, and the phase that follows from them (`utils/conditions`, `utils/rollout` of argo-rollouts).

use serde_json::{Value, json};

use crate::kubernetes::{items, number, set, text};

/// A condition to set.
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// What became of a condition that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Changed,
    Same,
}

/// Sets a condition in `status`; one with the same status and reason stays as it is, words included.
pub(super) fn assert(status: &mut Value, condition: &Condition<'_>, now: &str) -> Outcome {
    let former = find(status, condition.kind).cloned();
    let same_status = former.as_ref().filter(|former| text(former, "/status") == condition.status);
    if same_status.is_some_and(|former| text(former, "/reason") == condition.reason) {
        return Outcome::Same;
    }
    let since = same_status.map_or(now, |former| text(former, "/lastTransitionTime"));
    let mut conditions = items(status, "/conditions").to_vec();
    conditions.retain(|former| text(former, "/type") != condition.kind);
    conditions.push(json!({
        "type": condition.kind, "status": condition.status, "reason": condition.reason, "message": condition.message,
        "lastTransitionTime": since, "lastUpdateTime": now,
    }));
    set(status, "/conditions", conditions);
    Outcome::Changed
}

/// Removes a condition.
pub(super) fn retract(status: &mut Value, kind: &str) {
    let mut conditions = items(status, "/conditions").to_vec();
    conditions.retain(|condition| text(condition, "/type") != kind);
    set(status, "/conditions", conditions);
}

/// The condition of that type.
pub(super) fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    items(status, "/conditions").iter().find(|condition| text(condition, "/type") == kind)
}

/// The reason of the condition of that type, or nothing.
pub(super) fn reason<'a>(status: &'a Value, kind: &str) -> &'a str {
    find(status, kind).map(|condition| text(condition, "/reason")).unwrap_or_default()
}

/// `phase` and `message` of a status (`CalculateRolloutPhase`).
pub(super) fn phase(spec: &Value, status: &Value) -> (&'static str, String) {
    for condition in items(status, "/conditions") {
        let (kind, reason) = (text(condition, "/type"), text(condition, "/reason"));
        if kind == "InvalidSpec" {
            return ("Degraded", format!("{kind}: {}", text(condition, "/message")));
        }
        if matches!(reason, "RolloutAborted" | "ProgressDeadlineExceeded") {
            return ("Degraded", format!("{reason}: {}", text(condition, "/message")));
        }
    }
    if spec.get("paused") == Some(&Value::Bool(true)) {
        return ("Paused", "manually paused".to_owned());
    }
    if let Some(pause) = items(status, "/pauseConditions").first() {
        return ("Paused", text(pause, "/reason").to_owned());
    }
    let count = |field: &str| number(status, &format!("/{field}")).unwrap_or(0);
    let wanted = number(spec, "/replicas").unwrap_or(1);
    let progressing = if count("updatedReplicas") < wanted {
        "more replicas need to be updated"
    } else if count("availableReplicas") < count("updatedReplicas") {
        "updated replicas are still becoming available"
    } else if count("replicas") > count("updatedReplicas") {
        "old replicas are pending termination"
    } else if text(status, "/stableRS").is_empty()
        || text(status, "/stableRS") != text(status, "/currentPodHash")
    {
        "waiting for all steps to complete"
    } else {
        return ("Healthy", String::new());
    };
    ("Progressing", progressing.to_owned())
}
