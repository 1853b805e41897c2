//! The observer: drives the watch, the spool and the rules, and tells the engine what they say. It holds no rule of its own.
//!
//! One task per Rollout, so that everything about one incident is told in order: trouble before the end, the end before a retry.
//! Before the first list is complete nothing is concluded.
//!
//! Refuses to know what counts as trouble, and how anything is read.

mod attempt;
mod canary;
mod comparison;
mod follow;
mod named;
mod order;
mod rollout;
mod stir;

use std::collections::HashMap;
use std::sync::Arc;

use domain::RolloutRef;
use domain::ports::Change;
use domain::workflow::Run;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use attempt::attempt_start;
pub(crate) use named::named;
pub(crate) use order::troubled_first;

use crate::effects::Hands;
use crate::engine::Engine;
use crate::identity::Identities;
use crate::sightings::Sightings;
use rollout::{RolloutWatch, Sign, end_if_gone};

/// Signs that may wait for one Rollout's task; the watch waits when it is full.
const WAITING_SIGNS: usize = 256;

/// What every Rollout's task works with; cheap to clone.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) engine: Engine,
    pub(crate) hands: Hands,
    pub(crate) sightings: Arc<Sightings>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) stopping: CancellationToken,
}

/// Old failures that were left alone at the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ignored {
    rollouts: u64,
    runs: u64,
}

/// Watches all Rollouts.
pub(crate) struct Observer {
    around: Surroundings,
    watches: HashMap<RolloutRef, mpsc::Sender<Sign>>,
    tasks: TaskTracker,
    ready: watch::Sender<bool>,
    /// What the journal holds, until the first list is complete.
    known: Option<Vec<Run>>,
}

impl Observer {
    /// `known` is every incident in the journal; `ready` becomes true when the first list has been acted on.
    pub(crate) fn new(around: Surroundings, known: Vec<Run>, ready: watch::Sender<bool>) -> Self {
        Self { around, watches: HashMap::new(), tasks: TaskTracker::new(), ready, known: Some(known) }
    }

    /// Watches until the order to stop, and until every Rollout's task has ended.
    pub(crate) async fn run(mut self) {
        let mut changes = self.around.hands.ports.cluster.changes();
        let stopping = self.around.stopping.clone();
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                change = changes.next() => {
                    let Some(change) = change else {
                        tracing::error!("the watch ended: restart the daemon");
                        break;
                    };
                    self.change(change).await;
                }
            }
        }
        self.watches.clear();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn change(&mut self, change: Change) {
        match change {
            Change::Rollout(rollout) => {
                let reference = rollout.rollout.clone();
                self.send(&reference, Sign::Rollout(rollout)).await;
            }
            Change::AnalysisRun(run) => {
                let reference = run.rollout.clone();
                self.send(&reference, Sign::AnalysisRun(run)).await;
            }
            Change::RolloutGone(reference) => {
                self.send(&reference, Sign::Gone).await;
                self.watches.remove(&reference);
            }
            Change::Listed => match self.known.take() {
                Some(known) => self.begin(known).await,
                None => {
                    for watch in self.watches.values() {
                        // A task that has ended has nothing to check.
                        let _ = watch.send(Sign::ListedAgain).await;
                    }
                }
            },
        }
    }

    async fn send(&mut self, reference: &RolloutRef, sign: Sign) {
        let watch = self.watch(reference);
        let Err(unsent) = watch.send(sign).await else { return };
        if !self.around.stopping.is_cancelled() {
            tracing::error!(rollout = %reference, "its task panicked and is begun anew: this is a bug of rollmend");
            self.watches.remove(reference);
            // A task that has just begun takes its first sign, unless the daemon stops.
            let _ = self.watch(reference).send(unsent.0).await;
        }
    }

    /// The Rollout's task, begun where there is none.
    fn watch(&mut self, reference: &RolloutRef) -> mpsc::Sender<Sign> {
        let watch = self.watches.entry(reference.clone()).or_insert_with(|| {
            let (sender, signs) = mpsc::channel(WAITING_SIGNS);
            let listed = self.known.is_none();
            let task = RolloutWatch::new(self.around.clone(), reference.clone(), listed);
            self.tasks.spawn(task.run(signs));
            sender
        });
        watch.clone()
    }

    /// The first list is complete: every Rollout's task catches up with what was missed, and begins.
    async fn begin(&mut self, known: Vec<Run>) {
        let mut by_rollout: HashMap<RolloutRef, Vec<Run>> = HashMap::new();
        for run in known {
            by_rollout.entry(run.identity.rollout.clone()).or_default().push(run);
        }
        let mut answers = Vec::new();
        for (reference, watch) in &self.watches {
            let (answer, answered) = oneshot::channel();
            let known = by_rollout.remove(reference).unwrap_or_default();
            if watch.send(Sign::Listed { known, answer }).await.is_ok() {
                answers.push(answered);
            }
        }
        let gone: Vec<Run> = by_rollout.into_values().flatten().collect();
        self.tasks.spawn(finish_start(self.around.clone(), answers, gone, self.ready.clone()));
    }
}

async fn finish_start(
    around: Surroundings,
    answers: Vec<oneshot::Receiver<Ignored>>,
    gone: Vec<Run>,
    ready: watch::Sender<bool>,
) {
    if end_if_gone(&around, &gone).await.is_err() {
        return;
    }
    let mut ignored = Ignored::default();
    for answer in answers {
        let one = answer.await.unwrap_or_default();
        ignored.rollouts += one.rollouts;
        ignored.runs += one.runs;
    }
    if ignored != Ignored::default() {
        tracing::info!(
            rollouts = ignored.rollouts,
            analysis_runs = ignored.runs,
            "leaving old failures alone: they are older than [daemon] ignore_older_than or not of the current revision"
        );
    }
    ready.send_replace(true);
}
