//! What the outside does for us, as traits. Each is kept by one room; the orchestrator drives them and knows none of
//! the rooms.
//!
//! Every method has a time limit of its own and fails with a [`Failure`] that says who can do something about it.

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::case::{CaseFile, Point};
use crate::failure::Failure;
use crate::gate::{EvidenceAmount, GateAnswer, GateDecision, GateRefusal, GateRequest, GateSettings};
use crate::handoff::Handoff;
use crate::id::{
    AttemptNumber, BranchName, CaseId, ClusterId, CommitSha, ContainerName, IncidentId, Namespace, PodHash,
    PodName, PullRequestNumber, Uid,
};
use crate::incident::{IncidentIdentity, RolloutRef};
use crate::log::{Incarnation, LogExcerpt};
use crate::observation::{
    AnalysisRun, ClusterEvent, ContainerRole, Observation, Pod, ReplicaSet, Rollout, Side,
};
use crate::patch::{NoPatch, Patch};
use crate::proposal::{Proposal, PullRequest};
use crate::range::{CommitRange, Revision};
use crate::repository::Repository;
use crate::trouble::Trouble;
use crate::verdict::Verdict;
use crate::workflow::{Effect, Event, Occasion, Run};

/// A change of a watched object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A Rollout is there or changed.
    Rollout(Box<Rollout>),
    /// A Rollout is gone.
    RolloutGone(RolloutRef),
    /// An AnalysisRun that a Rollout owns is there or changed.
    AnalysisRun(Box<AnalysisRun>),
    /// Every object of the first list was reported: what is known now is complete. Sent again after each re-list.
    Listed,
}

/// Which container's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogSource {
    /// The namespace.
    pub namespace: Namespace,
    /// The pod.
    pub pod: PodName,
    /// The pod's UID: a pod of the same name made anew is another.
    pub pod_uid: Uid,
    /// The container.
    pub container: ContainerName,
    /// What the container is there for.
    pub role: ContainerRole,
    /// Whose it is.
    pub side: Side,
    /// Which run of it.
    pub which: Incarnation,
}

/// How much of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSpan {
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// At most so many of the last lines.
    pub tail_lines: Option<NonZeroU32>,
    /// At most so many bytes are kept.
    pub limit_bytes: u64,
}

/// Reads and watches a cluster. Namespaces that are not watched are refused with `Remedy::AskHuman`.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// `[cluster] name`, or the UID of `kube-system`.
    async fn cluster_id(&self) -> Result<ClusterId, Failure>;

    /// Whether the namespace is among those watched.
    fn watches(&self, namespace: &Namespace) -> bool;

    /// Rollouts and their AnalysisRuns, from a first list on. Never ends: survives 410, disconnects, restarts and absent CRDs.
    fn changes(&self) -> BoxStream<'static, Change>;

    /// All pods of a hash, whole at each change; a pod that is gone is reported once more with `Presence::Leaving`. Never ends.
    fn pod_changes(&self, namespace: &Namespace, hash: &PodHash) -> BoxStream<'static, Vec<Pod>>;

    /// The Rollout now; `None` when there is none.
    async fn rollout(&self, rollout: &RolloutRef) -> Result<Option<Rollout>, Failure>;

    /// The Rollout's AnalysisRuns, oldest first.
    async fn analysis_runs(&self, rollout: &Rollout) -> Result<Vec<AnalysisRun>, Failure>;

    /// The pods of a hash, at most `limit`, those with trouble first, then newest.
    async fn pods(&self, namespace: &Namespace, hash: &PodHash, limit: usize) -> Result<Vec<Pod>, Failure>;

    /// The Rollout's ReplicaSets.
    async fn replica_sets(&self, rollout: &Rollout) -> Result<Vec<ReplicaSet>, Failure>;

    /// Events about the Rollout, its AnalysisRuns, ReplicaSets and these pods, oldest first, at most 200.
    async fn events(&self, rollout: &Rollout, pods: &[Pod]) -> Result<Vec<ClusterEvent>, Failure>;

    /// A container's log, bounded.
    async fn log(&self, source: &LogSource, span: LogSpan) -> Result<LogExcerpt, Failure>;
}

/// What became of the wish to follow a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// It is followed from now on.
    Started,
    /// It was followed already.
    Already,
    /// A limit on streams is reached; counted.
    OverLimit,
}

/// Follows logs into files on disk.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Follows a container's log from `since` on until it ends. Reconnects on a cut without doubling or losing lines.
    fn follow(&self, observation: &IncidentIdentity, source: LogSource, since: DateTime<Utc>) -> Followed;

    /// What was kept so far of every log of the observation, those of an earlier process included, at most `limit_bytes` each.
    async fn excerpts(
        &self,
        observation: &IncidentIdentity,
        limit_bytes: u64,
    ) -> Result<Vec<LogExcerpt>, Failure>;

    /// Bytes received for the observation so far; rises when there is something new to read.
    fn received(&self, observation: &IncidentIdentity) -> u64;

    /// Resolves when every followed log of the observation has ended.
    async fn ended(&self, observation: &IncidentIdentity);

    /// How many logs of the observation were not followed because of a limit.
    fn not_followed(&self, observation: &IncidentIdentity) -> u64;

    /// Stops following and removes the files.
    async fn release(&self, observation: &IncidentIdentity);
}

/// An Event to be written on a Rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Names it among all announcements: the same key is written once, also after a crash.
    pub key: String,
    /// How it is shown.
    pub severity: Severity,
    /// `reason` of the Event, in CamelCase.
    pub reason: String,
    /// The words, at most 1,000 bytes.
    pub message: String,
}

/// `type` of an Event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// `Normal`.
    Normal,
    /// `Warning`.
    Warning,
}

/// The JSON value of the annotation `rollmend.dev/verdict`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictAnnotation {
    /// The canary's pod hash.
    pub hash: PodHash,
    /// At most 200 characters, without text from logs.
    pub sentence: String,
    /// The pull request, empty when there is none.
    pub url: String,
}

/// The writes into a cluster that the daemon is allowed.
#[async_trait]
pub trait Announcer: Send + Sync {
    /// Writes an Event on the Rollout, once per key.
    async fn announce(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        announcement: &Announcement,
    ) -> Result<(), Failure>;

    /// Sets `rollmend.dev/verdict`, unless the Rollout's current hash is another by now.
    async fn annotate(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        annotation: &VerdictAnnotation,
    ) -> Result<(), Failure>;

    /// Removes `rollmend.dev/verdict` where it names another hash than `current`.
    async fn clear_stale(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        current: Option<&PodHash>,
    ) -> Result<(), Failure>;
}

/// Queries the one Prometheus of the configuration.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// The value of an instant query; `None` for an empty result. More than one series is an error.
    async fn instant(&self, query: &str, at: DateTime<Utc>) -> Result<Option<Point>, Failure>;

    /// The samples of a range query with a single series, at most 500; empty for no data.
    async fn range(&self, query: &str, from: DateTime<Utc>, to: DateTime<Utc>)
    -> Result<Vec<Point>, Failure>;
}

/// A range with how its ends were found.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedRange {
    /// How stable was traced.
    pub stable: Revision,
    /// How the canary was traced.
    pub canary: Revision,
    /// The commits.
    pub range: CommitRange,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The branch is new.
    Created(CommitSha),
    /// An earlier push of ours for the same suspect is there; its commit.
    AlreadyThere(CommitSha),
}

/// Repositories as bare clones; nothing is ever checked out.
#[async_trait]
pub trait Code: Send + Sync {
    /// Fetches the base branch and the tags, finds both revisions (the first of each list that is a commit or tag there) and reads
    /// the first-parent range.
    async fn range(
        &self,
        repository: &Repository,
        stable: &[Revision],
        canary: &[Revision],
    ) -> Result<TracedRange, Failure>;

    /// Reverts `suspect` on top of the base branch, checked for what can be checked without running it. The commit lies in
    /// the clone and is the same for the same base, suspect and message.
    async fn revert(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure>;

    /// Pushes the patch's commit as a new branch; never forces, never touches another's branch.
    async fn push(
        &self,
        repository: &Repository,
        branch: &BranchName,
        patch: &Patch,
    ) -> Result<Pushed, Failure>;
}

/// The forge's REST interface.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Our own login.
    async fn login(&self, repository: &Repository) -> Result<String, Failure>;

    /// Pull requests of any state whose head is the branch, newest first; ones that another opened included.
    async fn find(&self, repository: &Repository, branch: &BranchName) -> Result<Vec<PullRequest>, Failure>;

    /// Opens a draft and sets the labels.
    async fn open(&self, proposal: &Proposal) -> Result<PullRequest, Failure>;

    /// Writes a comment that contains `marker`, unless one of ours with it is there.
    async fn comment_once(
        &self,
        repository: &Repository,
        number: PullRequestNumber,
        marker: &str,
        body: &str,
    ) -> Result<(), Failure>;
}

/// Names an effect for ever: incident, the number of the event that asked for it, and its place in that event's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffectId {
    /// The incident.
    pub incident: IncidentId,
    /// The event's number, from 1.
    pub event: u64,
    /// From 0.
    pub index: u32,
}

/// One transition, to be written as one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The state after it; its `version` is the event's number.
    pub run: Run,
    /// When the event happened.
    pub at: DateTime<Utc>,
    /// The event.
    pub event: Event,
    /// The effects it asks for.
    pub effects: Vec<Effect>,
    /// The effect whose result the event is.
    pub settles: Option<EffectId>,
}

/// An effect without a result.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEffect {
    /// Its name and idempotency key.
    pub id: EffectId,
    /// What is to be done.
    pub effect: Effect,
}

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its number, from 1.
    pub number: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// The journal: event, state and asked-for effects in one transaction.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The incident's state.
    async fn load(&self, incident: &IncidentId) -> Result<Option<Run>, Failure>;

    /// Every incident, last changed first.
    async fn runs(&self) -> Result<Vec<Run>, Failure>;

    /// Writes a step; refused when another step with the same number is there.
    async fn commit(&self, step: &Step) -> Result<(), Failure>;

    /// Effects without a result, oldest first.
    async fn pending(&self) -> Result<Vec<PendingEffect>, Failure>;

    /// The incident's events, oldest first.
    async fn history(&self, incident: &IncidentId) -> Result<Vec<RecordedEvent>, Failure>;
}

/// Case files by content.
#[async_trait]
pub trait CaseStore: Send + Sync {
    /// Keeps it durably; the same content twice is kept once.
    async fn put(&self, case: &CaseFile) -> Result<CaseId, Failure>;

    /// Reads it back and checks that content and id agree.
    async fn get(&self, id: &CaseId) -> Result<CaseFile, Failure>;
}

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
    async fn analyze(&self, case: &CaseFile, brief: &Brief) -> Verdict;
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
}
