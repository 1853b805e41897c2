//! What time it is for the stand-ins, as a value that a test can choose.

use std::{fmt, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};

/// A source of the present time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock::by(Utc::now)
    }

    /// A clock that shows whatever `now` says.
    pub fn by(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// A clock that shows `start` now and goes on as tokio's clock does: it stands still while a test has paused that.
    pub fn from_tokio(start: DateTime<Utc>) -> Self {
        let begun = tokio::time::Instant::now();
        Clock(Arc::new(move || start + chrono::Duration::from_std(begun.elapsed()).unwrap_or_default()))
    }

    /// The present time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }

    /// The present time as Kubernetes' `metav1.Time` writes it: whole seconds.
    pub(crate) fn seconds(&self) -> String {
        seconds(self.now())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// A time in whole seconds, as `metav1.Time` writes it.
pub(crate) fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
