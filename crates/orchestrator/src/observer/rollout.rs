//! One Rollout's task: which of its hashes is the canary, when its observation begins and ends, and when it begins anew.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::workflow::Run;
use domain::{AnalysisPhase, AnalysisRun, Annotate, Mode, PodHash, Rollout, RolloutRef, Uid};
use tokio::sync::{mpsc, oneshot};

use super::attempt::{attempt_start, retry_start};
use super::canary::{Canary, Sight};
use super::stir::{Stir, Stirs};
use super::{Ignored, Surroundings};
use crate::catch_up::{catch_up, run_end};
use crate::effects::within;
use crate::engine::Stopped;

/// AnalysisRuns that are kept in mind per Rollout, the newest; the controller keeps about ten.
const MOST_RUNS: usize = 50;
/// Pods that are looked at for the beginning of an attempt.
const MOST_PODS: usize = 50;
/// The time for a read that would only make things more exact.
const LIMIT: Duration = Duration::from_secs(5);

/// What a Rollout's task is told.
pub(super) enum Sign {
    /// The Rollout is there or changed.
    Rollout(Box<Rollout>),
    /// One of its AnalysisRuns is.
    AnalysisRun(Box<AnalysisRun>),
    /// The first list is complete: what the journal knows of this Rollout, and whom to tell what was left alone.
    Listed { known: Vec<Run>, answer: oneshot::Sender<Ignored> },
    /// A later list is complete: it may be gone.
    ListedAgain,
    /// It is gone.
    Gone,
}

/// How a canary came into sight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// It was there when the Rollout was first seen.
    Found,
    /// The Rollout was seen to change to it.
    Changed,
}

/// One Rollout's task.
pub(super) struct RolloutWatch {
    around: Surroundings,
    reference: RolloutRef,
    listed: bool,
    rollout: Option<Rollout>,
    runs: BTreeMap<Uid, AnalysisRun>,
    canary: Option<Canary>,
    /// The hash for which a stale annotation was removed last.
    cleared_for: Option<PodHash>,
}

impl RolloutWatch {
    pub(super) fn new(around: Surroundings, reference: RolloutRef, listed: bool) -> Self {
        Self {
            around,
            reference,
            listed,
            rollout: None,
            runs: BTreeMap::new(),
            canary: None,
            cleared_for: None,
        }
    }

    /// Lives until the channel is closed or the daemon stops.
    pub(super) async fn run(mut self, mut signs: mpsc::Receiver<Sign>) {
        let stopping = self.around.stopping.clone();
        loop {
            let stirs = self.canary.as_mut().and_then(|canary| canary.stirs.as_mut());
            let done = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                sign = signs.recv() => match sign {
                    Some(sign) => self.sign(sign).await,
                    None => break,
                },
                stir = next(stirs) => self.stir(stir).await,
            };
            if done.is_err() {
                break;
            }
            self.rest().await;
        }
    }

    async fn sign(&mut self, sign: Sign) -> Result<(), Stopped> {
        match sign {
            Sign::Rollout(rollout) => self.see_rollout(*rollout).await,
            Sign::AnalysisRun(run) => {
                self.keep_run(*run);
                self.conclude().await
            }
            Sign::Listed { known, answer } => {
                let ignored = self.begin(known).await?;
                // The one who asked may have stopped.
                let _ = answer.send(ignored);
                Ok(())
            }
            Sign::ListedAgain => self.check_presence().await,
            Sign::Gone => self.gone().await,
        }
    }

    async fn stir(&mut self, stir: Stir) -> Result<(), Stopped> {
        let runs = self.attempt_runs();
        let (Some(canary), Some(rollout)) = (&mut self.canary, &self.rollout) else { return Ok(()) };
        let sight = Sight { rollout, runs: &runs };
        match stir {
            Stir::Pods(pods) => {
                canary.see_pods(&self.around, pods);
                canary.conclude(&self.around, sight).await
            }
            Stir::Compared(compared) => canary.compared(&self.around, sight, compared).await,
            Stir::Tick => canary.tick(&self.around, sight).await,
        }
    }

    /// Stops watching a canary whose incident is over; it is remembered, so that a retry is noticed.
    async fn rest(&mut self) {
        if let Some(canary) = self.canary.as_mut().filter(|canary| canary.stirs.is_some() && canary.is_over())
        {
            canary.leave(&self.around).await;
        }
    }

    fn keep_run(&mut self, run: AnalysisRun) {
        self.runs.insert(run.uid.clone(), run);
        while self.runs.len() > MOST_RUNS {
            let Some(oldest) = self.runs.values().min_by_key(|run| run.created_at).map(|run| run.uid.clone())
            else {
                break;
            };
            self.runs.remove(&oldest);
        }
    }

    fn attempt_runs(&self) -> Vec<AnalysisRun> {
        let mut runs: Vec<AnalysisRun> = self.runs.values().cloned().collect();
        runs.sort_by_key(|run| run.created_at);
        runs
    }

    async fn conclude(&mut self) -> Result<(), Stopped> {
        let runs = self.attempt_runs();
        match (&mut self.canary, &self.rollout) {
            (Some(canary), Some(rollout)) if self.listed && canary.stirs.is_some() => {
                canary.conclude(&self.around, Sight { rollout, runs: &runs }).await
            }
            _ => Ok(()),
        }
    }

    async fn see_rollout(&mut self, rollout: Rollout) -> Result<(), Stopped> {
        let before = self.rollout.replace(rollout.clone());
        if !self.listed {
            return Ok(());
        }
        self.clear_stale(before.as_ref(), &rollout);
        let is_the_same = self.canary.as_ref().is_some_and(|canary| {
            canary.identity.uid == rollout.uid && Some(&canary.identity.canary) == rollout.canary()
        });
        if is_the_same {
            return self.see_again(before.as_ref(), &rollout).await;
        }
        if let Some(mut canary) = self.canary.take() {
            canary.reconcile(&self.around, &rollout, self.around.hands.clock.now()).await?;
            canary.leave(&self.around).await;
        }
        let changed = before.is_some_and(|before| before.current != rollout.current);
        let arrival = if changed { Arrival::Changed } else { Arrival::Found };
        self.meet(&rollout, arrival).await.map(|_| ())
    }

    /// The same canary: its end, or a retry.
    async fn see_again(&mut self, before: Option<&Rollout>, rollout: &Rollout) -> Result<(), Stopped> {
        let now = self.around.hands.clock.now();
        let aborted_before = before.and_then(|before| before.abort.as_ref());
        let is_retry = aborted_before.is_some() && rollout.abort.is_none();
        if !is_retry {
            return self.conclude().await;
        }
        let start = retry_start(aborted_before, now);
        let Some(canary) = &mut self.canary else { return Ok(()) };
        let run = canary.retried(&self.around, rollout, start).await?;
        let start = run.map_or(start, |run| run.attempt_started_at);
        let identity = canary.identity.clone();
        canary.leave(&self.around).await;
        self.canary = Some(Canary::watched(&self.around, identity, start));
        self.conclude().await
    }

    /// A canary comes into sight.
    async fn meet(&mut self, rollout: &Rollout, arrival: Arrival) -> Result<Ignored, Stopped> {
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

    /// At start, only failures that are younger than `ignore_older_than` become incidents; one of unknown age is not known to be young.
    fn is_old_failure(&self, rollout: &Rollout, attempt_started_at: DateTime<Utc>) -> bool {
        if run_end(rollout, attempt_started_at).is_none() {
            return false;
        }
        let condition = rollout.progressing.as_ref().and_then(|condition| condition.at);
        let failed_at = rollout.abort.as_ref().and_then(|abort| abort.at).or(condition);
        let age = failed_at.and_then(|at| (self.around.hands.clock.now() - at).to_std().ok());
        let known_and_young =
            failed_at.is_some() && age.is_none_or(|age| age <= self.around.hands.settings.ignore_older_than);
        !known_and_young
    }

    /// The first list is complete.
    async fn begin(&mut self, known: Vec<Run>) -> Result<Ignored, Stopped> {
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

    /// A list that was made again does not name what is gone.
    async fn check_presence(&mut self) -> Result<(), Stopped> {
        if self.canary.is_none() {
            return Ok(());
        }
        let read = self.around.hands.ports.cluster.rollout(&self.reference);
        match within(LIMIT, "read the Rollout", read).await {
            Ok(None) => self.gone().await,
            Ok(Some(_)) | Err(_) => Ok(()),
        }
    }

    async fn gone(&mut self) -> Result<(), Stopped> {
        self.rollout = None;
        self.runs.clear();
        if let Some(mut canary) = self.canary.take() {
            let now = self.around.hands.clock.now();
            self.around.engine.decide(&canary.id, |run| catch_up(run, None, now)).await?;
            canary.leave(&self.around).await;
        }
        Ok(())
    }

    /// Removes the annotation of another hash: at a change of the hash, and whenever one is seen.
    fn clear_stale(&mut self, before: Option<&Rollout>, rollout: &Rollout) {
        let settings = &self.around.hands.settings;
        if settings.annotate == Annotate::No || settings.mode == Mode::Observe {
            return;
        }
        let changed = before.is_some_and(|before| before.current != rollout.current);
        let is_stale = annotated_hash(rollout)
            .is_some_and(|hash| Some(hash.as_str()) != rollout.current.as_ref().map(PodHash::as_str));
        if !(changed || is_stale && self.cleared_for != rollout.current) {
            return;
        }
        self.cleared_for.clone_from(&rollout.current);
        let announcer = self.around.hands.ports.announcer.clone();
        let (reference, uid, current) =
            (rollout.rollout.clone(), rollout.uid.clone(), rollout.current.clone());
        tokio::spawn(async move {
            if let Err(failure) = announcer.clear_stale(&reference, &uid, current.as_ref()).await {
                tracing::warn!(rollout = %reference, kind = failure.kind, "{}", failure.sentence());
            }
        });
    }
}

/// Ends the incidents of Rollouts that are not in the list. Not in the list is not yet gone: the namespace may be watched no more, or the
/// list was cut, so each is asked for.
pub(super) async fn end_if_gone(around: &Surroundings, known: &[Run]) -> Result<(), Stopped> {
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

/// The hash that the annotation names.
fn annotated_hash(rollout: &Rollout) -> Option<String> {
    let text = rollout.annotations.get("verdict")?;
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    value.get("hash")?.as_str().map(str::to_owned)
}

async fn next(stirs: Option<&mut Stirs>) -> Stir {
    match stirs {
        Some(stirs) => stirs.next().await,
        None => std::future::pending().await,
    }
}
