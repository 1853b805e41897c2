//! The log of what happened, and a place in it to read on from.

use std::{collections::VecDeque, sync::Arc};

use serde_json::Value;
use tokio::sync::watch;

use super::{Kind, Refusal, Store};

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Added,
    Modified,
    Deleted,
}

/// One entry of the log.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) kind: Kind,
    pub(crate) deed: Deed,
    pub(crate) object: Arc<Value>,
    /// The object before a modification.
    pub(crate) before: Option<Arc<Value>>,
}

/// A place in the log.
#[derive(Debug)]
pub(crate) struct Changes {
    store: Store,
    seen: u64,
    ready: VecDeque<Change>,
    versions: watch::Receiver<u64>,
}

impl Store {
    /// The changes after version `from`.
    pub(crate) fn changes(&self, from: u64) -> Changes {
        Changes {
            store: self.clone(),
            seen: from,
            ready: VecDeque::new(),
            versions: self.inner.version.subscribe(),
        }
    }

    /// Whether the log still reaches back to `from`, and `from` is not in the future.
    pub(crate) fn can_watch_from(&self, from: u64) -> Result<(), Refusal> {
        let state = self.lock();
        if from > state.version {
            return Err(Refusal::too_large_version(from, state.version));
        }
        if from < state.compacted {
            return Err(Refusal::expired(format!("too old resource version: {from} ({})", state.compacted)));
        }
        Ok(())
    }

    fn changes_after(&self, seen: u64) -> Result<VecDeque<Change>, Refusal> {
        self.can_watch_from(seen)?;
        let state = self.lock();
        let begin = state.log.partition_point(|change| change.version <= seen);
        Ok(state.log.range(begin..).cloned().collect())
    }
}

impl Changes {
    /// The next change, when there is one.
    ///
    /// Cancelling the future loses nothing.
    ///
    /// # Errors
    /// When the place was compacted away.
    pub(crate) async fn next(&mut self) -> Result<Change, Refusal> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                self.seen = change.version;
                return Ok(change);
            }
            self.versions.mark_unchanged();
            self.ready = self.store.changes_after(self.seen)?;
            if self.ready.is_empty() && self.versions.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The version up to which everything was read.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }
}
