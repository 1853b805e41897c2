//! Counts what models were used for, for `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Cost;
use domain::ports::{ModelMeter, ModelUse};

/// What each model was used for since the start, by its name in the file.
#[derive(Debug, Default)]
pub struct Meter {
    uses: Mutex<BTreeMap<String, ModelUse>>,
}

impl Meter {
    /// A meter at zero.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn answered(&self, name: &str, cost: Cost) {
        let mut uses = self.lock();
        let counted = uses.entry(name.to_owned()).or_default();
        counted.calls = counted.calls.saturating_add(1);
        counted.cost += cost;
    }

    pub(crate) fn failed(&self, name: &str) {
        let mut uses = self.lock();
        let counted = uses.entry(name.to_owned()).or_default();
        counted.failures = counted.failures.saturating_add(1);
    }

    /// A poisoned lock still holds whole values: every critical section only adds.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ModelUse>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelMeter for Meter {
    fn models(&self) -> BTreeMap<String, ModelUse> {
        self.lock().clone()
    }
}
