//! Who is followed, within the limits on streams.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{IncidentId, IncidentIdentity, Uid};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::settings::SpoolSettings;

/// More refusals are not told apart.
const REFUSED: usize = 10_000;

#[derive(Default)]
pub(super) struct Roster {
    observations: BTreeMap<IncidentId, Observed>,
}

struct Observed {
    rollout: Uid,
    received: Arc<AtomicU64>,
    live: watch::Sender<usize>,
    refused: BTreeSet<String>,
    tasks: BTreeMap<String, Task>,
}

/// A task that follows one log, or has.
pub(super) struct Task {
    stop: CancellationToken,
    handle: JoinHandle<()>,
}

/// A place among the followed; given back when it is dropped.
pub(super) struct Seat {
    received: Arc<AtomicU64>,
    live: watch::Sender<usize>,
}

pub(super) enum Admission {
    Seat(Seat),
    Already,
    OverLimit,
}

impl Roster {
    /// Takes a place for a log, unless it has had one or there is none. `stored` says what earlier processes received.
    pub(super) fn admit(
        &mut self,
        observation: &IncidentIdentity,
        key: &str,
        settings: &SpoolSettings,
        stored: impl FnOnce() -> u64,
    ) -> Admission {
        let new = || Observed::new(observation.uid.clone(), stored());
        self.observations.entry(observation.id()).or_insert_with(new);
        let all = self.streams();
        let same = |observed: &&Observed| observed.rollout == observation.uid;
        let of_rollout: usize = self.observations.values().filter(same).map(Observed::live).sum();
        let Some(observed) = self.observations.get_mut(&observation.id()) else {
            return Admission::OverLimit;
        };
        if observed.tasks.contains_key(key) {
            return Admission::Already;
        }
        if all >= settings.streams || of_rollout >= settings.streams_per_rollout {
            if observed.refused.len() < REFUSED {
                observed.refused.insert(key.to_owned());
            }
            return Admission::OverLimit;
        }
        observed.refused.remove(key);
        observed.live.send_modify(|live| *live += 1);
        Admission::Seat(Seat { received: Arc::clone(&observed.received), live: observed.live.clone() })
    }

    /// How many logs are followed at this moment.
    pub(super) fn streams(&self) -> usize {
        self.observations.values().map(Observed::live).sum()
    }

    /// Notes the task that took the place.
    pub(super) fn seat(
        &mut self,
        id: &IncidentId,
        key: String,
        stop: CancellationToken,
        handle: JoinHandle<()>,
    ) {
        if let Some(observed) = self.observations.get_mut(id) {
            observed.tasks.insert(key, Task { stop, handle });
        }
    }

    pub(super) fn received(&self, id: &IncidentId) -> Option<u64> {
        self.observations.get(id).map(|observed| observed.received.load(Ordering::Acquire))
    }

    pub(super) fn live(&self, id: &IncidentId) -> Option<watch::Receiver<usize>> {
        self.observations.get(id).map(|observed| observed.live.subscribe())
    }

    pub(super) fn refused(&self, id: &IncidentId) -> u64 {
        self.observations.get(id).map_or(0, |observed| observed.refused.len() as u64)
    }

    /// Forgets an observation and gives its tasks, to be ended.
    pub(super) fn remove(&mut self, id: &IncidentId) -> Vec<Task> {
        self.observations
            .remove(id)
            .map(|observed| observed.tasks.into_values().collect())
            .unwrap_or_default()
    }

    /// Gives all tasks, to be ended.
    pub(super) fn take_tasks(&mut self) -> Vec<Task> {
        let tasks = self.observations.values_mut().map(|observed| std::mem::take(&mut observed.tasks));
        tasks.flat_map(BTreeMap::into_values).collect()
    }
}

impl Observed {
    fn new(rollout: Uid, stored: u64) -> Self {
        Self {
            rollout,
            received: Arc::new(AtomicU64::new(stored)),
            live: watch::Sender::new(0),
            refused: BTreeSet::new(),
            tasks: BTreeMap::new(),
        }
    }

    fn live(&self) -> usize {
        *self.live.borrow()
    }
}

impl Task {
    /// Ends it and waits until what it received is on disk.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.handle.await {
            tracing::error!("following a log ended badly: {error}");
        }
    }
}

impl Seat {
    /// Counts what is on disk by now.
    pub(super) fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Release);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.live.send_modify(|live| *live = live.saturating_sub(1));
    }
}
