//! The settings as they stand, while they may change.

use std::sync::{Arc, PoisonError, RwLock};

use super::Settings;

/// What the operator decided, as it stands now; cheap to clone. Whoever works with it asks each time, so that a changed file holds from the
/// next decision on, also for incidents that are open. Each answer is one whole file's settings, never a mixture of two.
#[derive(Debug, Clone)]
pub struct LiveSettings(Arc<RwLock<Arc<Settings>>>);

impl LiveSettings {
    /// The settings as they stand.
    pub fn now(&self) -> Arc<Settings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts others in their place. The numbers of clones and analyses at once stay what they were at the start.
    pub fn change(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

impl From<Settings> for LiveSettings {
    fn from(settings: Settings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }
}
