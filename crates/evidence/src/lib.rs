//! The digestion of evidence and the rules of trouble and gate.
//!
//! From the top: [`Evidence`] says what is trouble by status ([`Digest::troubles`]) and by logs ([`Digest::log_troubles`]), digests a
//! case into a [`Brief`] that fits a budget ([`Digest::brief`]), and decides what the gate may answer ([`Digest::gate`]). Every
//! number behind the rules is a field of [`Thresholds`].
//!
//! Pure and deterministic: the same input gives the same output. Refuses to know where bytes came from, what time it is,
//! and models.

#![forbid(unsafe_code)]

mod attempt;
mod brief;
mod compare;
mod excerpt;
mod gate;
mod levels;
mod logs;
mod metrics;
mod pods;
mod revisions;
mod spec;
mod standing;
mod suspects;
mod templates;
mod thresholds;
mod traces;
mod trouble;

use domain::ports::{Digest, LogSuspicion};
use domain::{
    Brief, CaseFile, CaseId, EvidenceAmount, GateDecision, GateSettings, LogExcerpt, Observation, ReplicaSet,
    Revision, Rollout, Trouble,
};

use logs::{Fate, Source};
pub use thresholds::Thresholds;

/// The rules with their numbers.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    thresholds: Thresholds,
}

impl Evidence {
    /// With other numbers than the documented ones.
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds }
    }

    /// The numbers in force.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }
}

impl Digest for Evidence {
    fn troubles(&self, observation: &Observation) -> Vec<Trouble> {
        trouble::by_status(observation, &self.thresholds)
    }

    fn suspicion(&self, canary: &[LogExcerpt]) -> LogSuspicion {
        if logs::has_errors(canary, &self.thresholds) { LogSuspicion::ReadStable } else { LogSuspicion::None }
    }

    fn log_troubles(&self, canary: &[LogExcerpt], stable: &[LogExcerpt]) -> Vec<Trouble> {
        let sources: Vec<Source<'_>> =
            canary.iter().chain(stable).map(|log| Source { exhibit: None, log, fate: Fate::Lives }).collect();
        trouble::by_logs(&logs::read(&sources, None, &self.thresholds), &self.thresholds)
    }

    fn revisions(&self, rollout: &Rollout, replica_set: &ReplicaSet) -> Vec<Revision> {
        revisions::of(rollout, replica_set)
    }

    fn brief(&self, case: &CaseFile, id: &CaseId) -> Brief {
        brief::of(case, id, &self.thresholds)
    }

    fn gate(&self, brief: &Brief, amount: &EvidenceAmount, settings: &GateSettings) -> GateDecision {
        gate::decide(brief, amount, settings, &self.thresholds)
    }
}
