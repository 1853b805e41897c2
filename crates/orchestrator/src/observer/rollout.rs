//! One Rollout's task: which of its hashes is the canary, when its observation begins and ends, and when it begins anew.

mod annotation;
mod arrival;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::workflow::Run;
use domain::{AnalysisRun, PodHash, Rollout, RolloutRef, Uid};
use tokio::sync::{mpsc, oneshot};

pub(super) use arrival::end_if_gone;

use super::attempt::retry_start;
use super::canary::{Canary, Sight};
use super::stir::{Stir, Stirs};
use super::{Ignored, Surroundings};
use crate::catch_up::catch_up;
use crate::effects::within;
use crate::engine::Stopped;
use arrival::Arrival;

/// AnalysisRuns that are kept in mind per Rollout, the newest; the controller keeps about ten.
const MOST_RUNS: usize = 50;
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
}

async fn next(stirs: Option<&mut Stirs>) -> Stir {
    match stirs {
        Some(stirs) => stirs.next().await,
        None => std::future::pending().await,
    }
}
