//! One operation at a time for each repository, and a few in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Quick, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Operations of different repositories at the same time.
const AT_ONCE: usize = 2;

/// Hands out turns.
#[derive(Debug)]
pub(crate) struct Lanes {
    places: Arc<Semaphore>,
    lanes: Quick<HashMap<String, Arc<Mutex<()>>>>,
}

/// A turn; it ends with its drop.
#[derive(Debug)]
pub(crate) struct Turn {
    _lane: OwnedMutexGuard<()>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), lanes: Quick::default() }
    }

    /// Waits for the repository's turn. There are as many lanes as listed repositories.
    pub(crate) async fn turn(&self, key: &str) -> Turn {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(key.to_owned()).or_default())
        };
        let lane = lane.lock_owned().await;
        // The semaphore is never closed, so that a permit always comes.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        Turn { _lane: lane, _place: place }
    }
}
