//! What every door works with.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::Doors;
use crate::metrics::Measures;

/// What every door works with; cheap to clone.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) doors: Doors,
    pub(crate) measures: Arc<Measures>,
    /// Places for readers of the event stream.
    pub(crate) listeners: Arc<Semaphore>,
    pub(crate) closing: CancellationToken,
}

impl House {
    pub(crate) fn new(doors: Doors, closing: CancellationToken) -> Self {
        let measures = Arc::new(Measures::of(doors.insight.clone(), &doors.reloads));
        let listeners = Arc::new(Semaphore::new(doors.limits.listeners.min(Semaphore::MAX_PERMITS)));
        Self { doors, measures, listeners, closing }
    }
}
