//! Counts, conditions and phase of a Rollout, written when they changed.

use serde_json::{Value, json};

use super::{
    conditions::{self, Condition, Outcome, assert},
    revision::hash_of,
    round::Round,
};
use crate::kubernetes::{Importance, Kind, members, number, remove, set, text};

impl Round<'_> {
    /// Writes what this look has found.
    pub(super) fn write_status(&mut self) {
        let now = self.store.clock().seconds();
        self.count();
        self.judge_health(&now);
        self.judge_pause(&now);
        self.judge_progress(&now);
        self.judge_availability(&now);
        let (phase, message) =
            conditions::phase(self.rollout.get("spec").unwrap_or(&Value::Null), &self.status);
        set(&mut self.status, "/phase", phase);
        if message.is_empty() {
            remove(&mut self.status, "/message");
        } else {
            set(&mut self.status, "/message", message);
        }
        let generation = number(&self.rollout, "/metadata/generation").unwrap_or(1);
        set(&mut self.status, "/observedGeneration", generation.to_string());
        let (namespace, name) = (self.namespace(), text(&self.rollout, "/metadata/name"));
        // A Rollout that was deleted meanwhile needs no status; one that was changed meanwhile is looked at again.
        let read = text(&self.rollout, "/metadata/resourceVersion");
        let _ = self.store.update(Kind::Rollout, namespace, name, |rollout| {
            if text(rollout, "/metadata/resourceVersion") == read {
                set(rollout, "/status", self.status.clone());
            }
        });
    }

    /// The update made no progress within its deadline.
    pub(super) fn time_out(&mut self, message: &str) {
        let now = self.store.clock().seconds();
        let condition =
            Condition { kind: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message };
        assert(&mut self.status, &condition, &now);
    }

    fn count(&mut self) {
        let former = number(&self.status, "/availableReplicas").unwrap_or(0);
        // The ReplicaSets may have been scaled in this look.
        let fresh = |set: &Value| {
            self.store
                .get(Kind::ReplicaSet, text(set, "/metadata/namespace"), text(set, "/metadata/name"))
                .unwrap_or_default()
        };
        let new = fresh(&self.new);
        let all: Vec<Value> = self.others.iter().map(fresh).chain([new.clone()]).collect();
        let sum =
            |field: &str| all.iter().filter_map(|set| number(set, &format!("/status/{field}"))).sum::<i64>();
        let (replicas, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
        let updated = number(&new, "/status/replicas").unwrap_or(0);
        for (field, count) in [
            ("HPAReplicas", replicas),
            ("replicas", replicas),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("updatedReplicas", updated),
        ] {
            if count == 0 {
                remove(&mut self.status, &format!("/{field}"));
            } else {
                set(&mut self.status, &format!("/{field}"), count);
            }
        }
        if available > former {
            self.made_progress();
        }
        let selector: Vec<String> = members(&self.rollout, "/spec/selector/matchLabels")
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        set(&mut self.status, "/selector", selector.join(","));
    }

    fn is_healthy(&self) -> bool {
        let count = |field: &str| number(&self.status, &format!("/{field}")).unwrap_or(0);
        self.is_promoted()
            && ["updatedReplicas", "availableReplicas", "replicas"]
                .into_iter()
                .all(|field| count(field) == self.wanted())
    }

    fn judge_health(&mut self, now: &str) {
        let (healthy, promoted) = (self.is_healthy(), self.is_promoted());
        if healthy {
            self.state("Healthy", "True", "RolloutHealthy", "Rollout is healthy", now);
        } else if conditions::find(&self.status, "Healthy").is_some() {
            self.state("Healthy", "False", "RolloutHealthy", "Rollout is not healthy", now);
        }
        let completed = if promoted { "True" } else { "False" };
        self.state("Completed", completed, "RolloutCompleted", "RolloutCompleted", now);
    }

    fn judge_pause(&mut self, now: &str) {
        let paused = self.status.get("pauseConditions").is_some_and(|pauses| pauses != &json!([]));
        let was = conditions::find(&self.status, "Paused").is_some_and(|was| text(was, "/status") == "True");
        if paused != was {
            let status = if paused { "True" } else { "False" };
            self.state("Paused", status, "RolloutPaused", "Rollout is paused", now);
        }
    }

    fn judge_progress(&mut self, now: &str) {
        let reason = conditions::reason(&self.status, "Progressing").to_owned();
        let paused = self.status.get("pauseConditions").is_some();
        if self.is_aborted() {
            let mut message = format!("Rollout aborted update to revision {}", self.revision());
            if let Some(why) = &self.abort_message {
                message = format!("{message}: {why}");
            }
            if self.state("Progressing", "False", "RolloutAborted", &message, now) == Outcome::Changed {
                self.event(Importance::Warning, "RolloutAborted", message);
            }
        } else if self.is_healthy() {
            let name = text(&self.new, "/metadata/name").to_owned();
            let done = format!("ReplicaSet {name:?} has successfully progressed.");
            self.state("Progressing", "True", "NewReplicaSetAvailable", &done, now);
        } else if paused {
            self.state("Progressing", "Unknown", "RolloutPaused", "Rollout is paused", now);
        } else if reason == "RolloutAborted" {
            self.state("Progressing", "Unknown", "RolloutRetry", "Retrying Rollout after abort", now);
        } else if reason == "RolloutPaused" {
            self.state("Progressing", "Unknown", "RolloutResumed", "Rollout is resumed", now);
        } else if reason != "ProgressDeadlineExceeded" || self.progressed_since_time_out() {
            let name = text(&self.new, "/metadata/name").to_owned();
            let going = format!("ReplicaSet {name:?} is progressing.");
            self.state("Progressing", "True", "ReplicaSetUpdated", &going, now);
        }
    }

    /// Whether more was achieved since the status was last written.
    fn progressed_since_time_out(&self) -> bool {
        let former = self.rollout.get("status").unwrap_or(&Value::Null);
        ["/availableReplicas", "/currentStepIndex", "/stableRS", "/currentPodHash"]
            .into_iter()
            .any(|field| former.pointer(field) != self.status.pointer(field))
            && text(&self.status, "/currentPodHash") == hash_of(&self.new)
    }

    fn judge_availability(&mut self, now: &str) {
        if number(&self.status, "/availableReplicas").unwrap_or(0) >= self.wanted() {
            self.state("Available", "True", "AvailableReason", "Rollout has minimum availability", now);
        } else {
            let lacking = "Rollout does not have minimum availability";
            self.state("Available", "False", "AvailableReason", lacking, now);
        }
    }

    fn state(&mut self, kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Outcome {
        assert(&mut self.status, &Condition { kind, status, reason, message }, now)
    }
}
