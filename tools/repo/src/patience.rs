//! How long one operation may go on: until its time is over, or nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fault::Fault;

/// A deadline that can also be called off from elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    until: Instant,
    called_off: Arc<AtomicBool>,
}

impl Patience {
    pub(crate) fn lasting(span: Duration) -> Self {
        Self { until: Instant::now() + span, called_off: Arc::default() }
    }

    /// The time that is left; an error when there is none.
    pub(crate) fn left(&self) -> Result<Duration, Fault> {
        if self.called_off.load(Ordering::Relaxed) {
            return Err(Fault::CalledOff);
        }
        match self.until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(Fault::OutOfTime),
        }
    }

    /// Calls the operation off when the guard is dropped.
    pub(crate) fn guard(&self) -> CallOff {
        CallOff(Arc::clone(&self.called_off))
    }
}

/// Ends the operation with its drop.
#[derive(Debug)]
pub(crate) struct CallOff(Arc<AtomicBool>);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
