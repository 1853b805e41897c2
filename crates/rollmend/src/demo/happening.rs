//! What happens in a demo, as values: a person reads it in words, a machine as JSON.

use std::path::PathBuf;

use domain::{PatchKind, Verdict};
use serde::Serialize;

/// One happening.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum Happening {
    /// Everything around rollmend is up.
    StageSet { github: String, kubernetes: String, prometheus: String },
    /// The shop serves.
    ShopOpen { version: &'static str, pods: usize, answers: u64, failures: u64 },
    /// The daemon runs.
    DaemonStarted { address: String, model: Option<String> },
    /// A release goes to the canary.
    Deployed { version: &'static str, commits: usize, authors: usize, canary_pods: u64, pods: u64 },
    /// The analysis measured.
    Measured { metric: String, phase: String, value: String, condition: String, message: String },
    /// The daemon saw trouble.
    TroubleSeen { incident: String, troubles: Vec<String> },
    /// The Rollout was aborted.
    Aborted { message: String },
    /// A case file was frozen.
    EvidenceFrozen(Evidence),
    /// The case was digested.
    Digested(Digested),
    /// A cause was found in what was frozen at the failure; the rest is still gathered.
    CauseSuspected { category: String, confidence: u8, root_cause: String },
    /// The cause was found.
    CauseFound { verdict: Box<Verdict> },
    /// A patch was made.
    PatchMade { kind: PatchKind, reverts: String, commit: String, files: Vec<PatchedFile>, base: String },
    /// The daemon could not do something, and says what.
    CouldNotGoOn { reason: String },
    /// The pull request is open.
    PullRequestOpened { number: u64, url: String, branch: String },
    /// The incident ended without a pull request.
    Explained { incidents: usize, pull_requests: usize },
    /// What the Rollout's own events say now.
    EventWritten { kind: String, reason: String, message: String },
    /// The gate was asked, as the metric plugin asks, and answered.
    GateAnswered { status: u16, promote: bool, confidence: u64, analysis: String },
    /// The canary became the stable version.
    Promoted { version: &'static str, answers: u64, failures: u64 },
    /// Nothing else happened.
    NothingHappened { incidents: usize, pull_requests: usize },
    /// The pull request as its reviewer reads it.
    PullRequestRead(Page),
    /// Where everything lies.
    Left(Left),
}

/// A frozen case file.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Evidence {
    pub(super) case: String,
    /// Whether this is the attempt's second case.
    pub(super) at_end: bool,
    pub(super) exhibits: usize,
    pub(super) canary_lines: u64,
    pub(super) stable_lines: u64,
    pub(super) canary_pods: u32,
    pub(super) stable_pods: u32,
    pub(super) missing: usize,
    /// How many of the canary's pods are still in the cluster.
    pub(super) canary_pods_left: usize,
}

/// What differs between canary and stable.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Digested {
    pub(super) new_traces: usize,
    pub(super) new_templates: usize,
    /// Metrics that failed.
    pub(super) metrics: usize,
    /// Metrics that could not be measured or decided.
    pub(super) unmeasured: usize,
    pub(super) commits: u64,
    /// Commits against which the evidence stands on its own.
    pub(super) suspects: usize,
}

/// A file of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PatchedFile {
    pub(super) path: String,
    pub(super) added: u32,
    pub(super) removed: u32,
}

/// A pull request as its reviewer sees it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) head: String,
    pub(super) base: String,
    pub(super) author: String,
    pub(super) labels: Vec<String>,
    pub(super) draft: bool,
    /// Markdown.
    pub(super) body: String,
    pub(super) diff: String,
}

/// What a demo leaves behind.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Left {
    pub(super) folder: PathBuf,
    pub(super) configuration: PathBuf,
    pub(super) journal: PathBuf,
    pub(super) case: Option<PathBuf>,
    pub(super) incident: Option<String>,
    pub(super) log: PathBuf,
    pub(super) checkout: PathBuf,
    pub(super) branch: Option<String>,
}
