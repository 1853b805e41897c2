//! A stand-in for the Argo Rollouts controller, and for the ReplicaSet controller below it.
//!
//! It moves canary Rollouts without traffic routing through the steps `setWeight`, `pause` and `analysis` as the real
//! controller does (argoproj/argo-rollouts 1.10: `rollout/`, `analysis/`, `metricproviders/`), and leaves the same traces:
//! ReplicaSets, AnalysisRuns, conditions, events. Other steps count as done. A canary is held back by no surge limit.
//!
//! This module refuses to know who watches it.

mod analysis_run;
mod assess;
mod conditions;
mod expression;
mod measuring;
mod providers;
mod replica_sets;
mod revision;
mod round;
mod services;
mod status;
mod steps;

pub(crate) use self::steps::duration;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{
    task::{JoinHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::kubernetes::{Change, Importance, Kind, KubernetesApi, Occurrence, Store, text};

/// How many times a pass is repeated until nothing changes any more.
const PASSES: usize = 64;
/// The time between two looks at what only time changes, when nothing is due earlier.
const IDLE: Duration = Duration::from_secs(3_600);

/// How the controller behaves.
#[derive(Debug, Clone)]
pub struct RolloutsOptions {
    /// How long one second of a manifest lasts: intervals, pauses and deadlines are multiples of it.
    pub second: Duration,
}

/// A handle on the controller, which ends with it.
#[derive(Debug)]
pub struct RolloutsController {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

/// What one pass needs.
struct Controller {
    store: Store,
    logs: crate::kubelet::PodLogs,
    options: RolloutsOptions,
    memory: Memory,
}

/// What the controller remembers between passes, by the Rollout's uid.
#[derive(Debug, Default)]
struct Memory {
    /// When the pause of a step began.
    paused: BTreeMap<(String, usize), Instant>,
    /// When the update last made progress.
    progress: BTreeMap<String, Instant>,
    /// The runs that are being measured.
    measuring: BTreeSet<String>,
}

impl Default for RolloutsOptions {
    fn default() -> Self {
        RolloutsOptions { second: Duration::from_secs(1) }
    }
}

impl RolloutsController {
    /// Starts the controller on the objects of `api`.
    pub fn start(api: &KubernetesApi, options: RolloutsOptions) -> RolloutsController {
        let stop = CancellationToken::new();
        let controller = Controller {
            store: api.store().clone(),
            logs: api.logs().clone(),
            options,
            memory: Memory::default(),
        };
        RolloutsController { task: tokio::spawn(controller.run(stop.clone())), stop }
    }

    /// Stops it; what it measures is given up.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // The task only ends early by a panic of its own, which has then been reported.
        let _ = (&mut self.task).await;
    }
}

impl Drop for RolloutsController {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Controller {
    async fn run(mut self, stop: CancellationToken) {
        let mut measuring = JoinSet::new();
        let mut changes = self.store.changes(self.store.version());
        loop {
            let due = self.settle(&mut measuring);
            let wake = tokio::time::sleep_until(due.unwrap_or_else(|| Instant::now() + IDLE));
            tokio::pin!(wake);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = &mut wake => break,
                    Some(_) = measuring.join_next() => {}
                    change = changes.next() => match change {
                        Ok(Change { kind, .. }) if !concerns(kind) => {}
                        Ok(_) => break,
                        // The log was compacted: everything is looked at again anyway.
                        Err(_) => { changes = self.store.changes(self.store.version()); break; }
                    },
                }
            }
        }
    }

    /// Passes over all objects until nothing changes; gives the time of the next look.
    fn settle(&mut self, measuring: &mut JoinSet<()>) -> Option<Instant> {
        let mut due = None;
        for _ in 0..PASSES {
            let before = self.store.version();
            due = None;
            for rollout in self.store.list(Kind::Rollout, None) {
                let wanted = self.reconcile(&rollout);
                due = [due, wanted].into_iter().flatten().min();
            }
            for replica_set in self.store.list(Kind::ReplicaSet, None) {
                replica_sets::reconcile(&self.store, &replica_set);
            }
            self.measure_new_runs(measuring);
            if self.store.version() == before {
                break;
            }
        }
        due
    }

    fn measure_new_runs(&mut self, measuring: &mut JoinSet<()>) {
        for run in self.store.list(Kind::AnalysisRun, None) {
            let uid = text(&run, "/metadata/uid").to_owned();
            if assess::completed(text(&run, "/status/phase")) || self.memory.measuring.contains(&uid) {
                continue;
            }
            self.memory.measuring.insert(uid);
            let run = measuring::Run::new(&self.store, &self.logs, &run, self.options.second);
            measuring.spawn(run.measure());
        }
    }
}

fn concerns(kind: Kind) -> bool {
    matches!(kind, Kind::Rollout | Kind::ReplicaSet | Kind::Pod | Kind::AnalysisRun | Kind::Service)
}

/// An event of the Rollouts controller.
fn occurrence(importance: Importance, reason: &'static str, message: String) -> Occurrence {
    Occurrence { importance, reason, message, component: "rollouts-controller" }
}
