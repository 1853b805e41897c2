//! What the Rollout as it stands now says about an incident as it was last written: pure, so that the live watch, a restart after
//! events were missed and a gate call that is ahead of the watch all conclude the same.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use domain::workflow::{Event, Run, State};
use domain::{Abort, Rollout, RunEnd};

/// `status.pauseConditions[].reason` of an inconclusive analysis (argoproj/argo-rollouts, `PauseReasonInconclusiveAnalysis`).
const INCONCLUSIVE: &str = "InconclusiveAnalysisRun";
/// Reason of the condition `Progressing` (argoproj/argo-rollouts, `TimedOutReason`).
const DEADLINE: &str = "ProgressDeadlineExceeded";

/// The event that the run has missed, if any. `rollout` is `None` when it is gone; `retried_at` is where evidence of a new attempt
/// would begin.
pub(crate) fn catch_up(run: &Run, rollout: Option<&Rollout>, retried_at: DateTime<Utc>) -> Option<Event> {
    let Some(rollout) = rollout.filter(|rollout| rollout.uid == run.identity.uid) else {
        return Some(Event::Superseded { by: None });
    };
    let canary = &run.identity.canary;
    if rollout.stable.as_ref() == Some(canary) {
        return Some(Event::Passed);
    }
    if rollout.current.as_ref() != Some(canary) {
        return Some(Event::Superseded { by: rollout.current.clone() });
    }
    if was_retried(run, rollout) {
        // Strictly after the old attempt's beginning, so that an abort of the old attempt can never count for the new one.
        let at = retried_at.max(run.attempt_started_at + Duration::seconds(1));
        return Some(Event::Retried { at });
    }
    run_end(rollout, run.attempt_started_at)
        .filter(|_| run.end.is_none() && run.state != State::Retrying)
        .map(|end| Event::RunEnded { end })
}

/// How the attempt has ended, as the Rollout shows it. An abort from before the attempt is not its end: the watch may be behind. The
/// controller's times have whole seconds, so an end in the attempt's first second counts.
pub(crate) fn run_end(rollout: &Rollout, attempt_started_at: DateTime<Utc>) -> Option<RunEnd> {
    let first_second = attempt_started_at.trunc_subsecs(0);
    let of_this_attempt = |at: Option<DateTime<Utc>>| at.is_none_or(|at| at >= first_second);
    if let Some(abort) = taken_up(rollout) {
        return of_this_attempt(abort.at).then(|| {
            if abort.by_hand() { RunEnd::AbortedByHand } else { RunEnd::Aborted(abort.message.clone()) }
        });
    }
    if rollout.pause_reasons.contains(INCONCLUSIVE) {
        return Some(RunEnd::Inconclusive(rollout.message.clone()));
    }
    rollout
        .progressing
        .as_ref()
        .filter(|condition| condition.reason == DEADLINE && of_this_attempt(condition.at))
        .map(|condition| RunEnd::DeadlineExceeded(condition.message.clone()))
}

/// The abort, once the controller has taken it up. `kubectl argo rollouts abort` sets `status.abort` alone; time and words, which tell an abort
/// by hand from another, come with the controller's next write.
pub(crate) fn taken_up(rollout: &Rollout) -> Option<&Abort> {
    rollout.abort.as_ref().filter(|abort| abort.at.is_some() || abort.message.contains("aborted update"))
}

/// The abort was cleared on the same hash; or the hash is the canary again after another took its place, or after it was promoted:
/// the controller clears an abort when the template changes, so one that is there now is of the new attempt.
fn was_retried(run: &Run, rollout: &Rollout) -> bool {
    match (&run.state, &run.end) {
        (State::Superseded { .. } | State::Withdrawn, _) => true,
        (_, Some(RunEnd::Aborted(_) | RunEnd::AbortedByHand)) => rollout.abort.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aborted(at: &str) -> Rollout {
        serde_json::from_value(serde_json::json!({
            "rollout": {"namespace": "shop", "name": "checkout"}, "uid": "u-1", "phase": "Degraded", "message": "",
            "stable": "678dd648d6", "current": "86686d4656", "revision": 2,
            "abort": {"at": at, "message": "Rollout aborted update to revision 2: Metric \"x\" assessed Failed"},
            "progressing": null, "pause_reasons": [], "progress_deadline_seconds": 600, "annotations": {}
        }))
        .unwrap()
    }

    #[test]
    fn an_abort_in_the_attempts_first_second_ends_it_and_an_earlier_one_does_not() {
        let started = "2026-11-24T16:46:04.848Z".parse().unwrap();
        assert!(matches!(run_end(&aborted("2026-11-24T16:46:04Z"), started), Some(RunEnd::Aborted(_))));
        assert_eq!(run_end(&aborted("2026-11-24T16:46:03Z"), started), None);
    }
}
