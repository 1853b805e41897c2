//! The steps of a canary: what each needs while it is the present one, and when it is done.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{revision::hash_of, round::Round};
use crate::kubernetes::{Importance, Kind, items, number, remove, set, text};

/// The reason of a pause that a step asks for.
const PAUSE_STEP: &str = "CanaryPauseStep";

impl Round<'_> {
    /// Begins or goes on with what the present step asks for.
    pub(super) fn pursue_step(&mut self) {
        let index = self.step_index();
        let Some(step) = self.steps().get(index).cloned() else { return };
        if self.is_promoted() {
            return;
        }
        if let Some(pause) = step.get("pause") {
            self.pursue_pause(index, pause);
        } else if let Some(analysis) = step.get("analysis") {
            self.pursue_analysis(index, analysis);
        }
    }

    /// Goes to the next step when the present one is done, and promotes after the last.
    pub(super) fn complete_step(&mut self) {
        if self.is_promoted() {
            return;
        }
        let (index, count) = (self.step_index(), self.steps().len());
        let Some(step) = self.steps().get(index).cloned() else {
            self.promote_when_available(count);
            return;
        };
        if !self.is_done(index, &step) {
            return;
        }
        set(&mut self.status, "/currentStepIndex", index + 1);
        remove(&mut self.status, "/canary/currentStepAnalysisRunStatus");
        self.made_progress();
        let completed = format!("Rollout step {}/{count} completed ({})", index + 1, describe(&step));
        self.event(Importance::Normal, "RolloutStepCompleted", completed);
        if step.get("pause").is_some() {
            remove(&mut self.status, "/pauseConditions");
            remove(&mut self.status, "/controllerPause");
            self.event(Importance::Normal, "RolloutResumed", "Rollout is resumed".to_owned());
        }
    }

    fn is_done(&self, index: usize, step: &Value) -> bool {
        if step.get("setWeight").is_some() {
            let (new, stable) = self.targets();
            let available = number(&self.new, "/status/availableReplicas").unwrap_or(0);
            let stable_hash = text(&self.status, "/stableRS");
            let stable_set = self.others.iter().find(|other| hash_of(other) == stable_hash);
            let spec = |set: &Value| number(set, "/spec/replicas").unwrap_or(0);
            return available >= new
                && spec(&self.new) == new
                && stable_set.is_none_or(|set| spec(set) == stable);
        }
        if let Some(pause) = step.get("pause") {
            // A pause that this look has begun is written first, however short it is.
            let is_written = self.rollout.pointer("/status/controllerPause") == Some(&Value::Bool(true));
            let Some(begun) = self.memory.paused.get(&(self.uid(), index)).filter(|_| is_written) else {
                return false;
            };
            let over = duration(pause.get("duration"))
                .is_some_and(|seconds| Instant::now() >= *begun + self.second.mul_f64(seconds));
            return over || !self.is_paused_for(PAUSE_STEP);
        }
        if step.get("analysis").is_some() {
            let name = text(&self.status, "/canary/currentStepAnalysisRunStatus/name");
            let run = self.store.get(Kind::AnalysisRun, self.namespace(), name);
            return run.is_some_and(|run| text(&run, "/status/phase") == "Successful");
        }
        true
    }

    fn pursue_pause(&mut self, index: usize, pause: &Value) {
        let key = (self.uid(), index);
        if !self.memory.paused.contains_key(&key) {
            self.memory.paused.insert(key.clone(), Instant::now());
            self.pause_for(PAUSE_STEP);
        }
        if let (Some(begun), Some(seconds)) = (self.memory.paused.get(&key), duration(pause.get("duration")))
        {
            let end = *begun + self.second.mul_f64(seconds);
            self.due = [self.due, Some(end)].into_iter().flatten().min();
        }
    }

    /// Adds a pause condition unless it is there.
    pub(super) fn pause_for(&mut self, reason: &str) {
        if self.is_paused_for(reason) {
            return;
        }
        let mut pauses = items(&self.status, "/pauseConditions").to_vec();
        pauses.push(json!({"reason": reason, "startTime": self.store.clock().seconds()}));
        set(&mut self.status, "/pauseConditions", pauses);
        set(&mut self.status, "/controllerPause", true);
        self.event(Importance::Normal, "RolloutPaused", format!("Rollout is paused ({reason})"));
    }

    fn is_paused_for(&self, reason: &str) -> bool {
        items(&self.status, "/pauseConditions").iter().any(|pause| text(pause, "/reason") == reason)
    }

    fn promote_when_available(&mut self, steps: usize) {
        let available = number(&self.new, "/status/availableReplicas").unwrap_or(0);
        if available < self.wanted() {
            return;
        }
        let hash = hash_of(&self.new).to_owned();
        set(&mut self.status, "/stableRS", hash.as_str());
        self.made_progress();
        let done = format!(
            "Rollout completed update to revision {} ({hash}): Completed all {steps} canary steps",
            self.revision()
        );
        self.event(Importance::Normal, "RolloutCompleted", done);
    }
}

/// A duration in seconds: a number of seconds, as number or text, or Go's notation (`1m30s`, `500ms`).
pub(crate) fn duration(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    if let Some(seconds) = value.as_f64() {
        return Some(seconds);
    }
    let written = value.as_str()?;
    if let Ok(seconds) = written.parse() {
        return Some(seconds);
    }
    let mut total = 0.0;
    let mut rest = written;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let factor = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    Some(total)
}

/// The same as a length of time, when a second of a manifest lasts `second`.
pub(super) fn length(value: Option<&Value>, second: Duration) -> Option<Duration> {
    duration(value)
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .map(|seconds| second.mul_f64(seconds))
}

fn describe(step: &Value) -> String {
    if let Some(weight) = number(step, "/setWeight") {
        return format!("setWeight: {weight}");
    }
    match step.pointer("/pause/duration") {
        Some(Value::String(written)) => format!("pause: {written}"),
        Some(other) => format!("pause: {other}"),
        None if step.get("pause").is_some() => "pause".to_owned(),
        None => step.as_object().and_then(|members| members.keys().next()).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::duration;

    #[test]
    fn a_duration_is_read_in_every_notation_that_manifests_use() {
        let read = |value| duration(Some(&value));
        assert_eq!(read(json!(5)), Some(5.0));
        assert_eq!(read(json!("7")), Some(7.0));
        assert_eq!(read(json!("1m30s")), Some(90.0));
        assert_eq!(read(json!("250ms")), Some(0.25));
        assert_eq!(read(json!("soon")), None);
    }
}
