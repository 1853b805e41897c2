//! What counts as trouble on a canary, and what makes it a new kind of trouble.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ContainerName, MetricName, PodName};

/// Why an observation became an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trouble {
    /// A deciding metric failed.
    MetricFailed {
        /// Its name.
        metric: MetricName,
        /// The controller's words on it.
        message: String,
    },
    /// A deciding metric went over its error limit.
    MetricErrored {
        /// Its name.
        metric: MetricName,
        /// The controller's words on it.
        message: String,
    },
    /// The Rollout aborted.
    Aborted {
        /// The controller's words.
        message: String,
    },
    /// A person aborted the Rollout: explained at most.
    AbortedByHand,
    /// The run ended only because metrics that this daemon answers failed or errored: no evidence of a cause.
    GateCouldNotAnswer {
        /// The controller's words.
        message: String,
    },
    /// An analysis was inconclusive: explained.
    Inconclusive {
        /// The controller's words.
        message: String,
    },
    /// The condition `Progressing` says `ProgressDeadlineExceeded`.
    ProgressDeadlineExceeded {
        /// The controller's words.
        message: String,
    },
    /// The app's own container was killed for its memory use.
    OomKilled {
        /// The pod.
        pod: PodName,
        /// The container.
        container: ContainerName,
    },
    /// The app's own container ended with a non-zero code.
    Exited {
        /// The pod.
        pod: PodName,
        /// The container.
        container: ContainerName,
        /// The exit code.
        exit_code: i32,
    },
    /// The app's own container was restarted.
    Restarted {
        /// The pod.
        pod: PodName,
        /// The container.
        container: ContainerName,
        /// How often.
        restarts: u32,
    },
    /// A pod is not Ready past its deadline, with the waiting reason where there is one.
    NotReady {
        /// The pod.
        pod: PodName,
        /// Such as `ImagePullBackOff`; empty when unknown.
        reason: String,
    },
    /// An error-level log template or a stack trace is significantly more frequent on the canary.
    LogErrors {
        /// The template's or trace's stable id.
        template: String,
        /// Occurrences on the canary and on the stable pods read for the same span.
        canary: u64,
        /// The same on stable.
        stable: u64,
    },
}

impl Trouble {
    /// The kind without the particulars that differ between two pods: equal classes are no new kind of trouble.
    pub fn class(&self) -> String {
        match self {
            Self::MetricFailed { metric, .. } => format!("metric-failed {metric}"),
            Self::MetricErrored { metric, .. } => format!("metric-errored {metric}"),
            Self::Aborted { .. } => "aborted".to_owned(),
            Self::AbortedByHand => "aborted-by-hand".to_owned(),
            Self::GateCouldNotAnswer { .. } => "gate-could-not-answer".to_owned(),
            Self::Inconclusive { .. } => "inconclusive".to_owned(),
            Self::ProgressDeadlineExceeded { .. } => "progress-deadline".to_owned(),
            Self::OomKilled { container, .. } => format!("oom-killed {container}"),
            Self::Exited { container, exit_code, .. } => format!("exited {container} {exit_code}"),
            Self::Restarted { container, .. } => format!("restarted {container}"),
            Self::NotReady { reason, .. } => format!("not-ready {reason}"),
            Self::LogErrors { template, .. } => format!("log {template}"),
        }
    }
}

/// How an attempt ended, as the cluster shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// The Rollout is aborted; the controller's words.
    Aborted(String),
    /// A person aborted it.
    AbortedByHand,
    /// An analysis was inconclusive and paused it.
    Inconclusive(String),
    /// The progress deadline passed without an abort.
    DeadlineExceeded(String),
}

/// What kind of trouble a verdict was made for: template ids and their class, failing metrics, termination reasons and
/// the range; no counts, so that more of the same asks no second analysis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(pub BTreeSet<String>);

impl Fingerprint {
    /// Whether `later` contains a kind that this one lacks.
    pub fn is_exceeded_by(&self, later: &Self) -> bool {
        !later.0.is_subset(&self.0)
    }
}
