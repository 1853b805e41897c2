//! Bytes on disk over all logs, held below a limit.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Usage {
    used: AtomicU64,
    limit: u64,
}

impl Usage {
    pub(super) fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit }
    }

    /// Takes that much, unless the limit would be passed.
    pub(super) fn reserve(&self, bytes: u64) -> Result<(), Full> {
        let enough = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enough).map(drop).map_err(|_| Full)
    }

    /// Counts what is there already, whatever the limit.
    pub(super) fn add(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn release(&self, bytes: u64) {
        let less = |used: u64| Some(used.saturating_sub(bytes));
        // The closure never refuses.
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Whether that much more fits.
    pub(super) fn fits(&self, bytes: u64) -> bool {
        self.used().saturating_add(bytes) <= self.limit
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// The limit on all logs is reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;
