//! The gate: what a caller may be told about a canary. `promote` follows from the digest, never from the cause.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::PodHash;
use crate::incident::RolloutRef;

/// What the digest says of canary against stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The canary shows trouble that stable does not.
    Trouble,
    /// Stable shows the same trouble: nobody can judge.
    SameOnStable,
    /// No trouble.
    Clean,
}

/// What is asked of the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRequest {
    /// The Rollout.
    pub rollout: RolloutRef,
    /// `repoUrl` of the request; hostile.
    pub repository: Option<String>,
    /// `extraPrompt` of the request, bounded; hostile.
    pub extra_prompt: Option<String>,
}

/// What was counted to say that there is enough evidence; all of one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceAmount {
    /// Requests by the `[gate] requests` query, where configured and answered.
    pub requests: Option<f64>,
    /// Lines of the canary's app containers.
    pub lines: u64,
    /// How long every canary pod has been Ready and without restart, while stable's pods are as quiet.
    pub quiet_for: Duration,
    /// Canary pods.
    pub pods: u32,
}

/// When evidence is enough; any one of the three.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSettings {
    /// The query that counts requests, with `{{hash}}` and `{{window}}`.
    pub requests: Option<String>,
    /// 50.
    pub min_requests: f64,
    /// 200.
    pub min_lines: u64,
    /// 60 s.
    pub min_observation: Duration,
    /// How long a call waits for enough: 60 s, never above 270 s.
    pub max_wait: Duration,
    /// How many calls may wait at once: 8.
    pub max_waiting: usize,
    /// What too little evidence means in the end.
    pub too_little: TooLittle,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            requests: None,
            min_requests: 50.0,
            min_lines: 200,
            min_observation: Duration::from_secs(60),
            max_wait: Duration::from_secs(60),
            max_waiting: 8,
            too_little: TooLittle::Error,
        }
    }
}

/// What too little evidence means; a Rollout's annotation `rollmend.dev/too-little` overrides the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TooLittle {
    /// An error status: Argo retries, and aborts in the end.
    Error,
    /// The operator said that no evidence is good enough.
    Promote,
}

/// The decision of the gate rule.
#[derive(Debug, Clone, PartialEq)]
pub enum GateDecision {
    /// Enough evidence and no trouble.
    Promote {
        /// 51–99.
        confidence: u8,
        /// The figures in a sentence.
        figures: String,
    },
    /// Trouble that stable does not show.
    Refuse,
    /// Stable shows the same trouble.
    CannotJudge,
    /// Too little evidence yet.
    TooLittle {
        /// What there is and what is wanted, in a sentence.
        figures: String,
    },
}

/// The gate's answer in the metric plugin's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAnswer {
    /// Promote, or not.
    pub promotion: Promotion,
    /// 0–100.
    pub confidence: u8,
    /// What happened, for the AnalysisRun.
    pub analysis: String,
    /// The cause.
    pub root_cause: String,
    /// What to do.
    pub remediation: String,
    /// The pull request, where there is one.
    pub pull_request: Option<String>,
}

/// Whether the canary may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promotion {
    /// It may.
    Promote,
    /// It must not.
    Hold,
}

/// Why there is no answer; each has its status on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateRefusal {
    /// 403.
    #[error("answer for namespace {0}: it is not among [cluster] namespaces")]
    NamespaceNotWatched(String),
    /// 403.
    #[error("answer: {0}")]
    RepositoryNotAllowed(String),
    /// 404.
    #[error("answer: there is no Rollout {0}")]
    NoSuchRollout(RolloutRef),
    /// 404: nothing to compare.
    #[error("answer: Rollout {0} has no canary to compare with stable")]
    NoCanary(RolloutRef),
    /// 409.
    #[error("judge canary {canary}: stable shows the same trouble ({trouble})")]
    SameOnStable {
        /// The canary.
        canary: PodHash,
        /// What both show, without text from logs.
        trouble: String,
    },
    /// 425.
    #[error("judge canary {canary}: too little evidence ({figures})")]
    TooLittle {
        /// The canary.
        canary: PodHash,
        /// What there is and what is wanted.
        figures: String,
    },
    /// 503.
    #[error("answer: {0}")]
    Ours(String),
}
