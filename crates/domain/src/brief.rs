//! The digest of a case: what differs between canary and stable, small enough to reason about.
//!
//! Deterministic: the same case file gives the same brief. Everything quoted here is hostile text, bounded and redacted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gate::Standing;
use crate::id::{CaseId, CommitSha, ExhibitId, MetricName};
use crate::observation::ContainerRole;
use crate::trouble::Fingerprint;

/// What the analyst reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Brief {
    /// The case it digests.
    pub case: CaseId,
    /// What the gate may say.
    pub standing: Standing,
    /// The kinds of trouble in it.
    pub fingerprint: Fingerprint,
    /// How much was read.
    pub volume: Volume,
    /// Deciding metrics that failed or errored, worst first.
    pub metrics: Vec<MetricFinding>,
    /// Pods with trouble, one per container and kind.
    pub pods: Vec<PodFinding>,
    /// Stack traces, the canary's new ones first.
    pub traces: Vec<TraceFinding>,
    /// Error-level log templates, the canary's new ones first.
    pub templates: Vec<TemplateFinding>,
    /// Differences between the two pod templates.
    pub changes: Vec<SpecChange>,
    /// The git range, mapped to the frames.
    pub range: RangeFinding,
    /// What was left out for size, and what could not be had.
    pub left_out: Vec<String>,
}

/// How much was read of each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    /// Canary log lines of the app's containers, dropped ones included.
    pub canary_lines: u64,
    /// Stable log lines of the app's containers.
    pub stable_lines: u64,
    /// Canary pods seen.
    pub canary_pods: u32,
    /// Stable pods read.
    pub stable_pods: u32,
    /// Lines that were dropped by limits.
    pub dropped_lines: u64,
}

/// A metric that speaks against the canary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricFinding {
    /// The AnalysisRun's exhibit.
    pub exhibit: ExhibitId,
    /// Its name.
    pub metric: MetricName,
    /// Why it speaks.
    pub problem: MetricProblem,
    /// The condition that did not hold, such as `result[0] < 0.05`.
    pub condition: String,
    /// The last measured value on the canary, as Prometheus wrote it.
    pub canary: Option<String>,
    /// The same query's last value on stable, where the hash tells the two apart.
    pub stable: Option<String>,
    /// Exhibits of the re-run query.
    pub series: Vec<ExhibitId>,
    /// Words of provider or controller, bounded.
    pub message: String,
}

/// Why a metric speaks against the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricProblem {
    /// Its condition did not hold.
    Failed,
    /// It could not be measured.
    Errored,
    /// Its query returned no data.
    NoData,
    /// Its value was NaN.
    NotANumber,
    /// Neither condition held.
    Inconclusive,
}

/// What is wrong with a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PodFinding {
    /// The pods' exhibit.
    pub exhibit: ExhibitId,
    /// What is wrong.
    pub problem: PodProblem,
    /// The container.
    pub container: String,
    /// What the container is there for.
    pub role: ContainerRole,
    /// Canary pods that show it.
    pub canary_pods: u32,
    /// Stable pods that show it.
    pub stable_pods: u32,
    /// The kubelet's or an event's words, bounded.
    pub detail: String,
}

/// Kinds of pod trouble that Kubernetes itself names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PodProblem {
    /// Killed at its memory limit.
    OomKilled,
    /// Ends and is restarted again and again.
    CrashLoop,
    /// Ended with a non-zero code.
    Exited,
    /// The image cannot be pulled.
    ImagePull,
    /// A ConfigMap, Secret or key that the pod spec names is not there.
    MissingConfiguration,
    /// A readiness, liveness or startup probe fails.
    ProbeFailing,
    /// Cannot be scheduled.
    Unschedulable,
    /// Not Ready, reason unknown.
    NotReady,
}

/// A stack trace with how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceFinding {
    /// The exhibit of its first sight.
    pub exhibit: ExhibitId,
    /// The language of its shape.
    pub language: Language,
    /// Type of error, such as `java.lang.NullPointerException` or `panic`.
    pub error: String,
    /// The error's message, bounded.
    pub message: String,
    /// Its frames, innermost first, bounded.
    pub frames: Vec<Frame>,
    /// Occurrences on the canary.
    pub canary: u64,
    /// Occurrences on stable.
    pub stable: u64,
    /// A line to quote: it stands in the exhibit exactly so.
    pub quote: String,
    /// Whether the canary shows it significantly more.
    pub novelty: Novelty,
}

impl TraceFinding {
    /// The innermost frame of the service's own code.
    pub fn own_frame(&self) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.owner == FrameOwner::Service)
    }
}

/// Languages whose traces are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// `thread '…' panicked at src/x.rs:1:2`.
    Rust,
    /// `at a.b.C.m(C.java:1)`.
    Java,
    /// `File "x.py", line 1, in f`.
    Python,
}

/// One frame of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    /// The file as the trace names it; a Java frame's is prefixed by its package's path.
    pub file: String,
    /// The line, from 1, where known.
    pub line: Option<u32>,
    /// The function or method, empty when unknown.
    pub function: String,
    /// Whose code it is.
    pub owner: FrameOwner,
}

/// Whose code a frame is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FrameOwner {
    /// The service's own.
    Service,
    /// A library's, the runtime's or the framework's.
    Library,
}

/// A log template at error level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateFinding {
    /// A stable id: the first 8 hex of SHA-256 over the pattern.
    pub id: String,
    /// The exhibit of its first sight.
    pub exhibit: ExhibitId,
    /// The line with its variable parts as `<*>`, bounded.
    pub pattern: String,
    /// What class of trouble its words name.
    pub class: TemplateClass,
    /// Occurrences on the canary.
    pub canary: u64,
    /// Occurrences on stable.
    pub stable: u64,
    /// A line to quote: it stands in the exhibit exactly so, cut at 300 characters.
    pub quote: String,
    /// Whether the canary shows it significantly more.
    pub novelty: Novelty,
}

/// What class of trouble a line's words name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateClass {
    /// A connection was refused.
    ConnectionRefused,
    /// A name could not be resolved.
    NameResolution,
    /// A configuration key or variable is missing.
    MissingConfiguration,
    /// Memory ran out.
    OutOfMemory,
    /// An error of another class.
    Error,
}

/// Canary against stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Novelty {
    /// On the canary only.
    New,
    /// Significantly more on the canary.
    More,
    /// Alike on both.
    Alike,
    /// On stable only, or more there.
    Less,
    /// Stable was not read, or too little of it to compare.
    Unknown,
}

impl Novelty {
    /// Whether it speaks against the canary.
    pub fn is_against_canary(self) -> bool {
        matches!(self, Self::New | Self::More)
    }
}

/// A difference between the two pod templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpecChange {
    /// The exhibit of the templates.
    pub exhibit: ExhibitId,
    /// Where, such as `containers[shop].env[FEATURE_X].value`.
    pub path: String,
    /// Stable's value as JSON text, bounded; empty when absent.
    pub stable: String,
    /// The canary's.
    pub canary: String,
}

/// What the git range says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "range", rename_all = "kebab-case")]
pub enum RangeFinding {
    /// Read.
    Known {
        /// Its exhibit.
        exhibit: ExhibitId,
        /// Commits in it.
        commits: u64,
        /// The canary's commit.
        canary: CommitSha,
        /// The commits that may be to blame, most suspicious first.
        suspects: Vec<Suspect>,
    },
    /// Not read, and why.
    Unknown {
        /// In words that help.
        why: String,
    },
}

/// A commit that may be to blame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// The commit.
    pub sha: CommitSha,
    /// Its subject, bounded; hostile.
    pub subject: String,
    /// From 0 (innocent) to 100 (certain).
    pub score: u8,
    /// Why.
    pub reasons: Vec<SuspectReason>,
    /// Whether the evidence against this commit stands on its own (design: rules alone are sure enough).
    pub grounds: Grounds,
    /// Paths it changed, at most 20.
    pub files: Vec<String>,
}

/// Whether rules alone are sure enough of a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grounds {
    /// A trace that is new on the canary has a frame of its own in lines that exactly this commit of the range changed.
    FrameInItsLines,
    /// It is the only commit of the range outside documentation and tests, and the trouble is new on the canary.
    OnlyCandidate,
    /// It changed the very value of the repository's manifests by which the two pod templates differ and which explains the trouble.
    SpecChange,
    /// The analyst named it, with a quote of its evidence that stands.
    Named,
    /// None of these.
    Weak,
}

/// Why a commit is suspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum SuspectReason {
    /// A frame lies in lines that it changed.
    FrameInLines {
        /// The file.
        file: String,
        /// The frame's line.
        line: u32,
        /// The trace's exhibit.
        exhibit: ExhibitId,
    },
    /// A frame lies in a file that it changed, on another line.
    FrameInFile {
        /// The file.
        file: String,
        /// The trace's exhibit.
        exhibit: ExhibitId,
    },
    /// It is the only commit outside documentation and tests.
    OnlyCandidate,
    /// It changed a value in a manifest to the canary's.
    SpecInLines {
        /// The manifest.
        file: String,
        /// The line of the value in the canary's version.
        line: u32,
        /// Where the pod templates differ, as [`SpecChange::path`].
        path: String,
        /// The templates' exhibit.
        exhibit: ExhibitId,
        /// In how many places the commits of the range made this very change, this place included; 0 where not all are known.
        #[serde(default)]
        places: u32,
    },
    /// It changes code.
    ChangesCode,
    /// It changes documentation or tests only.
    Harmless,
}
