//! What the observer has seen of each canary, kept in memory for those who freeze or judge: pods that are gone stay here with their
//! last status.
//!
//! Refuses to know what any of it means.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use domain::{AnalysisRun, IncidentIdentity, NamedRepository, Pod, Rollout};

/// What was last seen of one canary.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    /// The Rollout.
    pub(crate) rollout: Rollout,
    /// Its AnalysisRuns of this attempt.
    pub(crate) runs: Vec<AnalysisRun>,
    /// The canary's pods of this attempt, gone ones included.
    pub(crate) pods: Vec<Pod>,
    /// When evidence of the attempt begins.
    pub(crate) attempt_started_at: DateTime<Utc>,
    /// Since when every canary pod has been Ready and without restart.
    pub(crate) quiet_since: Option<DateTime<Utc>>,
    /// What names a repository.
    pub(crate) named: NamedRepository,
}

/// The sightings of all canaries under observation.
#[derive(Debug, Default)]
pub(crate) struct Sightings(Mutex<HashMap<IncidentIdentity, Sighting>>);

impl Sightings {
    pub(crate) fn get(&self, identity: &IncidentIdentity) -> Option<Sighting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(identity).cloned()
    }

    /// The canaries under observation.
    pub(crate) fn identities(&self) -> Vec<IncidentIdentity> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(crate) fn put(&self, identity: &IncidentIdentity, sighting: Sighting) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(identity.clone(), sighting);
    }

    pub(crate) fn forget(&self, identity: &IncidentIdentity) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(identity);
    }
}
