//! The nouns of rollmend and the seams between its rooms.
//!
//! The story from top to bottom: an [`Observation`] of a canary shows [`Trouble`]; the incident ([`IncidentIdentity`],
//! [`workflow::Run`]) freezes a [`CaseFile`]; its digest is a [`Brief`]; an analyst makes a [`Verdict`] of it; only
//! [`Handoff::from_verdict`] leads on to a [`Patch`] and a [`Proposal`]. What the outside does for us are the traits in
//! [`ports`]; what happens next is decided by [`workflow::transition`], purely.
//!
//! Refuses to know: I/O, async runtimes, and every other crate of ours.

#![forbid(unsafe_code)]

mod brief;
mod case;
mod cost;
mod failure;
mod gate;
mod handoff;
mod id;
mod incident;
mod log;
mod observation;
mod patch;
pub mod ports;
mod proposal;
mod range;
mod redaction;
mod repository;
mod settings;
mod tool;
mod trouble;
mod verdict;
mod visible;
pub mod workflow;

pub use brief::{
    Brief, Frame, FrameOwner, Grounds, Language, MetricFinding, MetricProblem, Novelty, PodFinding,
    PodProblem, RangeFinding, SpecChange, Suspect, SuspectReason, TemplateClass, TemplateFinding,
    TraceFinding, Volume,
};
pub use case::{
    CASE_VERSION, CaseBuilder, CaseFile, CaseHeader, Exhibit, ExhibitBody, Missing, Point, Stage,
};
pub use cost::{Budget, Cost, OverBudget, Price};
pub use failure::{Failure, Remedy};
pub use gate::{
    EvidenceAmount, GateAnswer, GateDecision, GateRefusal, GateRequest, GateSettings, Promotion, Standing,
    TooLittle,
};
pub use handoff::{Handoff, MIN_CONFIDENCE, NoHandoff};
pub use id::{
    AnalysisRunName, AttemptNumber, BranchName, CaseId, ClusterId, CommitSha, ContainerName, ExhibitId,
    IncidentId, InvalidId, MetricName, Namespace, PodHash, PodName, PullRequestNumber, RolloutName, Uid,
};
pub use incident::{IncidentIdentity, RolloutRef};
pub use log::{Dropped, Incarnation, LogExcerpt, LogLine};
pub use observation::{
    Abort, AnalysisPhase, AnalysisRun, ClusterEvent, Condition, Container, ContainerRole, ContainerState,
    Measurement, Metric, MetricStanding, Observation, Pod, Presence, Provider, Readiness, ReplicaSet,
    Rollout, Side, Termination,
};
pub use patch::{NoPatch, Patch, PatchKind, PatchedFile};
pub use proposal::{Marker, Proposal, PullRequest, PullRequestState, branch_for};
pub use range::{Ancestry, ChangeKind, ChangedValue, Commit, CommitRange, FileChange, LineRange, Revision};
pub use redaction::{REDACTED, Redactor};
pub use repository::{
    AllowedRepositories, InvalidRepositoryUrl, NamedRepository, Repository, RepositoryStanding, RepositoryUrl,
};
pub use settings::{Annotate, Mode};
pub use tool::{Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of};
pub use trouble::{Fingerprint, RunEnd, Trouble};
pub use verdict::{AnalystKind, Category, Claim, Confidence, Verdict};
pub use visible::{is_invisible, with_hidden_shown};
