//! How many benches are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts open benches of all repositories.
#[derive(Debug, Default)]
pub(crate) struct OpenBenches(AtomicUsize);

/// One of them; it ends with its drop.
#[derive(Debug)]
pub(super) struct OpenBench(Arc<OpenBenches>);

impl OpenBenches {
    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub(super) fn one_more(self: &Arc<Self>) -> OpenBench {
        self.0.fetch_add(1, Ordering::SeqCst);
        OpenBench(Arc::clone(self))
    }
}

impl Drop for OpenBench {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
