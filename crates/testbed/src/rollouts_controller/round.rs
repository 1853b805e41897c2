//! One look at one Rollout: what its update needs next, done at once.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Controller, Memory, occurrence,
    replica_sets::{assume_role, scale},
    revision::{self, REVISION, hash_of},
    services,
};
use crate::kubernetes::{Importance, Kind, Store, items, number, remove, set, text};

/// What is known in one look.
pub(super) struct Round<'a> {
    pub(super) store: &'a Store,
    pub(super) memory: &'a mut Memory,
    pub(super) second: Duration,
    pub(super) rollout: Value,
    /// The status as it will be written.
    pub(super) status: Value,
    /// The ReplicaSet of the present template.
    pub(super) new: Value,
    /// All other ReplicaSets.
    pub(super) others: Vec<Value>,
    /// Why the update is aborted in this look, when a reason is known.
    pub(super) abort_message: Option<String>,
    /// When only time will have changed something.
    pub(super) due: Option<Instant>,
}

impl Controller {
    /// Does what the Rollout needs now; gives the time of the next look.
    pub(super) fn reconcile(&mut self, rollout: &Value) -> Option<Instant> {
        rollout.pointer("/spec/strategy/canary")?;
        let new = revision::sync(&self.store, rollout)?;
        let (namespace, name) = (text(rollout, "/metadata/namespace"), text(rollout, "/metadata/name"));
        let rollout = self.store.get(Kind::Rollout, namespace, name)?;
        let mut others = revision::owned(&self.store, &rollout);
        others.retain(|other| hash_of(other) != hash_of(&new));
        let mut round = Round {
            store: &self.store,
            memory: &mut self.memory,
            second: self.options.second,
            status: rollout.get("status").cloned().unwrap_or_else(|| json!({})),
            rollout,
            new,
            others,
            abort_message: None,
            due: None,
        };
        if !round.is_current() {
            round.begin_update();
        }
        round.notice_abort_or_retry();
        round.assume_roles();
        if !round.is_aborted() {
            round.pursue_step();
        }
        round.scale();
        round.point_services();
        if !round.is_aborted() {
            round.complete_step();
        }
        round.watch_deadline();
        round.write_status();
        round.due
    }
}

impl Round<'_> {
    pub(super) fn uid(&self) -> String {
        text(&self.rollout, "/metadata/uid").to_owned()
    }

    pub(super) fn namespace(&self) -> &str {
        text(&self.rollout, "/metadata/namespace")
    }

    pub(super) fn steps(&self) -> &[Value] {
        items(&self.rollout, "/spec/strategy/canary/steps")
    }

    pub(super) fn wanted(&self) -> i64 {
        number(&self.rollout, "/spec/replicas").unwrap_or(1)
    }

    pub(super) fn revision(&self) -> &str {
        text(&self.rollout, REVISION)
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.status.get("abort") == Some(&Value::Bool(true))
    }

    /// Whether no update is going on.
    pub(super) fn is_promoted(&self) -> bool {
        text(&self.status, "/stableRS") == hash_of(&self.new)
    }

    pub(super) fn step_index(&self) -> usize {
        number(&self.status, "/currentStepIndex").and_then(|index| usize::try_from(index).ok()).unwrap_or(0)
    }

    pub(super) fn event(&self, importance: Importance, reason: &'static str, message: String) {
        self.store.report(&self.rollout, occurrence(importance, reason, message));
    }

    /// Progress counts for the deadline.
    pub(super) fn made_progress(&mut self) {
        self.memory.progress.insert(self.uid(), Instant::now());
    }

    /// Aborts the update for that reason.
    pub(super) fn abort(&mut self, message: String) {
        set(&mut self.status, "/abort", true);
        self.abort_message = Some(message);
        self.settle_abort();
    }

    fn step_hash(&self) -> String {
        revision::hash(&json!(self.steps()))
    }

    fn is_current(&self) -> bool {
        text(&self.status, "/currentPodHash") == hash_of(&self.new)
            && text(&self.status, "/currentStepHash") == self.step_hash()
    }

    /// A new template, or new steps: everything begins anew.
    fn begin_update(&mut self) {
        for gone in ["/abort", "/abortedAt", "/pauseConditions", "/controllerPause", "/promoteFull"] {
            remove(&mut self.status, gone);
        }
        self.cancel_analysis();
        let (hash, step_hash) = (hash_of(&self.new).to_owned(), self.step_hash());
        let first = text(&self.status, "/stableRS").is_empty();
        let promoted = first || text(&self.status, "/stableRS") == hash;
        let index = if promoted { self.steps().len() } else { 0 };
        set(&mut self.status, "/canary", json!({}));
        set(&mut self.status, "/blueGreen", json!({}));
        set(&mut self.status, "/currentPodHash", hash.as_str());
        set(&mut self.status, "/currentStepHash", step_hash);
        set(&mut self.status, "/currentStepIndex", index);
        let started =
            format!("Rollout not completed, started update to revision {} ({hash})", self.revision());
        if first {
            set(&mut self.status, "/stableRS", hash.as_str());
            self.event(Importance::Normal, "RolloutNotCompleted", started);
            let done =
                format!("Rollout completed update to revision {} ({hash}): Initial deploy", self.revision());
            self.event(Importance::Normal, "RolloutCompleted", done);
        } else if promoted {
            self.event(Importance::Normal, "SkipSteps", "Rollback to stable ReplicaSets".to_owned());
        } else {
            self.event(Importance::Normal, "RolloutNotCompleted", started);
        }
        let uid = self.uid();
        self.memory.paused.retain(|(owner, _), _| *owner != uid);
        self.made_progress();
    }

    fn notice_abort_or_retry(&mut self) {
        let noticed = self.status.get("abortedAt").is_some();
        match (self.is_aborted(), noticed) {
            (true, false) => self.settle_abort(),
            (false, true) => {
                remove(&mut self.status, "/abort");
                remove(&mut self.status, "/abortedAt");
                let uid = self.uid();
                self.memory.paused.retain(|(owner, _), _| *owner != uid);
                self.made_progress();
            }
            _ => {}
        }
    }

    fn settle_abort(&mut self) {
        self.cancel_analysis();
        remove(&mut self.status, "/pauseConditions");
        remove(&mut self.status, "/controllerPause");
        let now = self.store.clock().seconds();
        set(&mut self.status, "/abortedAt", now);
        set(&mut self.status, "/canary", json!({}));
        set(&mut self.status, "/currentStepIndex", 0);
    }

    fn assume_roles(&mut self) {
        let metadata = |role: &str| {
            self.rollout
                .pointer(&format!("/spec/strategy/canary/{role}Metadata"))
                .cloned()
                .unwrap_or_default()
        };
        let (stable, canary) = (metadata("stable"), metadata("canary"));
        let promoted = self.is_promoted();
        let (role, former) = if promoted { (&stable, &canary) } else { (&canary, &stable) };
        assume_role(self.store, &self.new, role, former);
        let stable_hash = text(&self.status, "/stableRS");
        for other in self.others.iter().filter(|other| hash_of(other) == stable_hash) {
            assume_role(self.store, other, &stable, &canary);
        }
    }

    /// How many pods the new and the stable ReplicaSet are to have.
    pub(super) fn targets(&self) -> (i64, i64) {
        let wanted = self.wanted();
        if self.is_promoted() {
            return (wanted, 0);
        }
        if self.is_aborted() {
            return (0, wanted);
        }
        let weight = self.weight();
        if weight >= 100 {
            let available = number(&self.new, "/status/availableReplicas").unwrap_or(0);
            return (wanted, (wanted - available).max(0));
        }
        if weight <= 0 || wanted == 0 {
            return (0, wanted);
        }
        let canary = ((wanted * weight + 50) / 100).max(1);
        (canary, (wanted - canary).max(1))
    }

    /// The weight that the steps up to the present one have set.
    fn weight(&self) -> i64 {
        let index = self.step_index();
        if index >= self.steps().len() {
            return 100;
        }
        let mut set_so_far = self.steps().iter().take(index + 1).rev();
        set_so_far.find_map(|step| number(step, "/setWeight")).unwrap_or(0)
    }

    fn scale(&mut self) {
        let (new, stable) = self.targets();
        let stable_hash = text(&self.status, "/stableRS").to_owned();
        for other in &self.others {
            let target = if hash_of(other) == stable_hash { stable } else { 0 };
            self.scale_one(other, target);
        }
        self.scale_one(&self.new, new);
    }

    fn scale_one(&self, replica_set: &Value, target: i64) {
        let present = number(replica_set, "/spec/replicas").unwrap_or(0);
        if present == target {
            return;
        }
        scale(self.store, replica_set, target);
        let direction = if target > present { "up" } else { "down" };
        let (name, revision) = (text(replica_set, "/metadata/name"), text(replica_set, REVISION));
        let scaled =
            format!("Scaled {direction} ReplicaSet {name} (revision {revision}) from {present} to {target}");
        self.event(Importance::Normal, "ScalingReplicaSet", scaled);
    }

    fn point_services(&self) {
        let stable = text(&self.status, "/stableRS");
        let canary = if self.is_aborted() { stable } else { hash_of(&self.new) };
        services::point(self.store, &self.rollout, "stableService", stable);
        services::point(self.store, &self.rollout, "canaryService", canary);
    }

    /// Aborts or flags an update that makes no progress; steps that wait for something else do not count.
    fn watch_deadline(&mut self) {
        let step = self.steps().get(self.step_index());
        let waits = step.is_some_and(|step| step.get("analysis").is_some() || step.get("pause").is_some());
        if self.is_aborted() || waits || self.is_promoted() {
            return;
        }
        let seconds = number(&self.rollout, "/spec/progressDeadlineSeconds").unwrap_or(600);
        let allowed = self.second * u32::try_from(seconds).unwrap_or(u32::MAX);
        let since = *self.memory.progress.entry(self.uid()).or_insert_with(Instant::now);
        let deadline = since + allowed;
        if Instant::now() < deadline {
            self.due = [self.due, Some(deadline)].into_iter().flatten().min();
            return;
        }
        let message =
            format!("ReplicaSet {:?} has timed out progressing.", text(&self.new, "/metadata/name"));
        if self.rollout.pointer("/spec/progressDeadlineAbort") == Some(&Value::Bool(true)) {
            self.abort(message);
            self.scale();
        } else {
            self.time_out(&message);
        }
    }
}
