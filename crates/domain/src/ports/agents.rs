//! What agents work with: tools over a case, a bench for a repository, a ledger, and where they left off.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::case::CaseFile;
use crate::cost::{Budget, Cost, OverBudget};
use crate::failure::Failure;
use crate::handoff::Handoff;
use crate::id::IncidentId;
use crate::patch::{NoPatch, Patch};
use crate::tool::Tool;

/// Read-only tools over one case: what was frozen first, the live cluster only for what the case does not hold and only where it is
/// still there.
pub trait CaseTools: Send + Sync {
    /// The tools, each with a name of its own.
    fn tools(&self, case: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>>;
}

/// Opens repositories for a fixer.
#[async_trait]
pub trait Workshop: Send + Sync {
    /// A bench over the base branch's tree, with nothing changed, or as `state` says. An unknown state is a failure with
    /// `Remedy::GiveUp`.
    async fn open(&self, handoff: &Handoff, state: Option<&str>) -> Result<Arc<dyn Workbench>, Failure>;
}

/// One repository with changes that no branch has yet; git objects of a bare clone, never a checkout.
#[async_trait]
pub trait Workbench: Send + Sync {
    /// `list`, `search`, `read_file`, `git_range`, `show_commit`, `edit`, `write_file`.
    fn tools(&self) -> Vec<Arc<dyn Tool>>;

    /// What was changed so far, as text that [`Workshop::open`] takes.
    fn state(&self) -> String;

    /// The changes as a patch on the base branch with the prime suspect as what it mends, or why they are none: nothing changed,
    /// too large, a path that a patch may not touch. The commit lies in the clone and is the same for the same base, changes and message.
    async fn patch(&self, message: &str) -> Result<Result<Patch, NoPatch>, Failure>;
}

/// Money that may be spent, held back before a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Its number in the ledger.
    pub number: u64,
}

/// What models cost, over restarts.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Holds back the most that a call can cost, in one transaction with the check against both limits. What was held back and never
    /// settled counts as spent.
    async fn reserve(
        &self,
        incident: &IncidentId,
        worst: Cost,
        at: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Result<Reservation, OverBudget>, Failure>;

    /// Puts what it really cost in place of what was held back.
    async fn settle(&self, reservation: &Reservation, actual: Cost) -> Result<(), Failure>;

    /// What the incident has cost so far.
    async fn spent(&self, incident: &IncidentId) -> Result<Cost, Failure>;
}

/// Where an agent's run has come to, so that a restart goes on and pays for nothing twice.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// The last one under the key, where there is one.
    async fn load(&self, key: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Puts it in place of the last one. At most 8 MiB; a larger one is not kept, which is a failure.
    async fn save(&self, key: &str, state: &[u8]) -> Result<(), Failure>;

    /// Forgets it.
    async fn clear(&self, key: &str) -> Result<(), Failure>;
}

/// What one model was used for since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelUse {
    /// Calls that were answered.
    pub calls: u64,
    /// Calls that failed for good.
    pub failures: u64,
    /// What the answered ones cost.
    pub cost: Cost,
}

/// Counts what models were used for.
pub trait ModelMeter: Send + Sync {
    /// By the model's name in the file.
    fn models(&self) -> BTreeMap<String, ModelUse>;
}
