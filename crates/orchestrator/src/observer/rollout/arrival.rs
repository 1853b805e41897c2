//! A canary comes into sight: at the start with what was missed meanwhile, or live.

use chrono::{DateTime, Utc};
use domain::workflow::Run;
use domain::{AnalysisPhase, AnalysisRun, PodHash, Rollout};

use super::{LIMIT, RolloutWatch};
use crate::catch_up::{catch_up, run_end};
use crate::effects::within;
use crate::engine::Stopped;
use crate::observer::attempt::{attempt_start, retry_start};
use crate::observer::canary::Canary;
use crate::observer::{Ignored, Surroundings};

/// Pods that are looked at for the beginning of an attempt.
const MOST_PODS: usize = 50;

/// How a canary came into sight.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It was there when the Rollout was first seen.
    Found,
    /// The Rollout was seen to change to it.
    Changed,
}

impl RolloutWatch {
    /// A canary comes into sight.
    pub(super) async fn meet(&mut self, rollout: &Rollout, arrival: Arrival) -> Result<Ignored, Stopped> {
        let Some(hash) = rollout.canary() else { return Ok(Ignored::default()) };
        let around = self.around.clone();
        let Some(identity) = around.identities.wait_for(rollout, hash, &around.stopping).await else {
            return Err(Stopped);
        };
        let start = start_of(&around, rollout, hash, self.attempt_runs(), arrival).await;
        let mut canary = Canary::left_alone(identity.clone(), start);
        let run = match arrival {
            Arrival::Found => canary.reconcile(&around, rollout, start).await?,
            Arrival::Changed => canary.retried(&around, rollout, start).await?,
        };
        let mut ignored = Ignored::default();
        self.canary = Some(match run {
            Some(run) if run.state.name().is_final() => canary,
            Some(run) => Canary::watched(&around, identity, run.attempt_started_at),
            None if arrival == Arrival::Found && self.is_old_failure(rollout, start) => {
                ignored.rollouts = 1;
                canary
            }
            None => Canary::watched(&around, identity, start),
        });
        self.conclude().await?;
        Ok(ignored)
    }

    /// The first list is complete.
    pub(super) async fn begin(&mut self, known: Vec<Run>) -> Result<Ignored, Stopped> {
        self.listed = true;
        let Some(rollout) = self.rollout.clone() else {
            // Its AnalysisRuns may outlive it for a while.
            end_if_gone(&self.around, &known).await?;
            return Ok(Ignored::default());
        };
        self.clear_stale(None, &rollout);
        let now = self.around.hands.clock.now();
        for run in &known {
            let is_canary = run.identity.uid == rollout.uid && Some(&run.identity.canary) == rollout.canary();
            if !is_canary {
                self.around.engine.decide(&run.id, |run| catch_up(run, Some(&rollout), now)).await?;
            }
        }
        let mut ignored = self.meet(&rollout, Arrival::Found).await?;
        ignored.runs = self.old_runs(&rollout);
        Ok(ignored)
    }

    fn old_runs(&self, rollout: &Rollout) -> u64 {
        let failed = |run: &&AnalysisRun| matches!(run.phase, AnalysisPhase::Failed | AnalysisPhase::Error);
        let runs = self.runs.values().filter(failed);
        runs.filter(|run| run.canary.as_ref() != rollout.current.as_ref()).count() as u64
    }

    /// At start, only failures that are younger than `ignore_older_than` become incidents; one of unknown age is not known to be young.
    fn is_old_failure(&self, rollout: &Rollout, attempt_started_at: DateTime<Utc>) -> bool {
        if run_end(rollout, attempt_started_at).is_none() {
            return false;
        }
        let condition = rollout.progressing.as_ref().and_then(|condition| condition.at);
        let failed_at = rollout.abort.as_ref().and_then(|abort| abort.at).or(condition);
        let age = failed_at.and_then(|at| (self.around.hands.clock.now() - at).to_std().ok());
        let known_and_young = failed_at.is_some()
            && age.is_none_or(|age| age <= self.around.hands.settings().ignore_older_than);
        !known_and_young
    }
}

/// Ends the incidents of Rollouts that are not in the list. Not in the list is not yet gone: the namespace may be watched no more, or the
/// list was cut, so each is asked for.
pub(in crate::observer) async fn end_if_gone(around: &Surroundings, known: &[Run]) -> Result<(), Stopped> {
    for run in known.iter().filter(|run| !run.state.name().is_final()) {
        let read = around.hands.ports.cluster.rollout(&run.identity.rollout);
        if let Ok(None) = within(LIMIT, "read the Rollout", read).await {
            let now = around.hands.clock.now();
            around.engine.decide(&run.id, |run| catch_up(run, None, now)).await?;
        }
    }
    Ok(())
}

async fn start_of(
    around: &Surroundings,
    rollout: &Rollout,
    hash: &PodHash,
    runs: Vec<AnalysisRun>,
    arrival: Arrival,
) -> DateTime<Utc> {
    let now = around.hands.clock.now();
    match arrival {
        Arrival::Changed => retry_start(None, now),
        Arrival::Found => {
            let pods = around.hands.ports.cluster.pods(&rollout.rollout.namespace, hash, MOST_PODS);
            let pods = within(LIMIT, "read the canary's pods", pods).await.unwrap_or_default();
            attempt_start(rollout, hash, &runs, &pods, now)
        }
    }
}
