//! The rules, the analyst, the fixer, the words, and the gate.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Announcement, VerdictAnnotation};
use crate::brief::Brief;
use crate::case::CaseFile;
use crate::failure::Failure;
use crate::gate::{EvidenceAmount, GateAnswer, GateDecision, GateRefusal, GateRequest, GateSettings};
use crate::handoff::Handoff;
use crate::id::{AttemptNumber, CaseId, PodHash};
use crate::incident::RolloutRef;
use crate::log::LogExcerpt;
use crate::observation::{Observation, ReplicaSet, Rollout};
use crate::patch::NoPatch;
use crate::proposal::Proposal;
use crate::range::Revision;
use crate::trouble::Trouble;
use crate::verdict::Verdict;
use crate::workflow::{Occasion, Run};

/// Whether the logs of stable have to be read for comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSuspicion {
    /// Nothing at error level on the canary.
    None,
    /// Error-level lines or a trace: stable has to be read for the same span.
    ReadStable,
}

/// The pure rules and the digestion. No I/O: plain calls.
pub trait Digest: Send + Sync {
    /// Trouble by status alone.
    fn troubles(&self, observation: &Observation) -> Vec<Trouble>;

    /// Whether the canary's logs give reason to read stable's.
    fn suspicion(&self, canary: &[LogExcerpt]) -> LogSuspicion;

    /// Trouble by logs, significantly above stable.
    fn log_troubles(&self, canary: &[LogExcerpt], stable: &[LogExcerpt]) -> Vec<Trouble>;

    /// What names the commit of a version, best first.
    fn revisions(&self, rollout: &Rollout, replica_set: &ReplicaSet) -> Vec<Revision>;

    /// The digest of a case.
    fn brief(&self, case: &CaseFile, id: &CaseId) -> Brief;

    /// The gate rule.
    fn gate(&self, brief: &Brief, amount: &EvidenceAmount, settings: &GateSettings) -> GateDecision;
}

/// Finds the cause.
#[async_trait]
pub trait Analyst: Send + Sync {
    /// The verdict on a case; never fails: what is not known is unknown.
    async fn analyze(&self, case: &Arc<CaseFile>, brief: &Brief) -> Verdict;
}

/// Makes the patch and the words of its pull request.
#[async_trait]
pub trait Fixer: Send + Sync {
    /// A proposal, or why there is none.
    async fn fix(&self, handoff: &Handoff, case: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure>;
}

/// A comment on a pull request that is written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// A hidden HTML comment that names it among all comments.
    pub marker: String,
    /// The words, Markdown; contains `marker`.
    pub body: String,
}

/// Puts what is known into words: pure, no I/O. Everything that comes from outside is bounded and defused in what it returns.
pub trait Voice: Send + Sync {
    /// The Event for an occasion of the run's attempt, with a key that names incident, attempt and occasion. `None`: the run has
    /// nothing to say at that occasion (no verdict yet, or it does not stand in a final state).
    fn announcement(&self, run: &Run, occasion: Occasion) -> Option<Announcement>;

    /// The annotation: the verdict's headline and the pull request's page. `None` while there is no verdict.
    fn annotation(&self, run: &Run) -> Option<VerdictAnnotation>;

    /// The gate's answer from the attempt's verdict, always `Promotion::Hold`. `None` while there is no verdict.
    fn answer(&self, run: &Run) -> Option<GateAnswer>;

    /// The gate's answer for a clean canary, `Promotion::Promote` with the confidence of the gate rule (clamped to 51–99) and its figures.
    fn clean_answer(
        &self,
        rollout: &RolloutRef,
        canary: &PodHash,
        confidence: u8,
        figures: &str,
    ) -> GateAnswer;

    /// The Warning Event for a refused gate call, with one key per attempt and cause. `None` where there is no Rollout of ours to write on.
    fn refusal_announcement(
        &self,
        rollout: &RolloutRef,
        canary: &PodHash,
        attempt: AttemptNumber,
        refusal: &GateRefusal,
    ) -> Option<Announcement>;

    /// The one comment on the run's pull request when a retry passed.
    fn passed_comment(&self, run: &Run) -> Comment;
}

/// Answers callers at the gate.
#[async_trait]
pub trait Gate: Send + Sync {
    /// The answer for a Rollout's canary, or why there is none. Takes at most 280 s.
    async fn answer(&self, request: GateRequest) -> Result<GateAnswer, GateRefusal>;

    /// What is known by now. Takes at most 2 s; what takes longer goes on in the background for the next call.
    async fn glance(&self, request: GateRequest) -> Result<Glance, GateRefusal>;
}

/// What is known of a canary by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glance {
    /// The answer.
    Known(GateAnswer),
    /// It is being worked on.
    NotYet,
}
