//! What is seen of a cluster: Rollout, AnalysisRun, pods and their state, cut to the fields that somebody uses.
//!
//! Names are Argo Rollouts' and Kubernetes'. Refuses to know how any of it was read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AnalysisRunName, ContainerName, MetricName, PodHash, PodName, Uid};
use crate::incident::RolloutRef;

/// A Rollout as its status shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollout {
    /// Namespace and name.
    pub rollout: RolloutRef,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `status.phase` (`Progressing`, `Paused`, `Healthy`, `Degraded`), empty when not set yet.
    pub phase: String,
    /// `status.message`, empty when absent.
    pub message: String,
    /// `status.stableRS`.
    pub stable: Option<PodHash>,
    /// `status.currentPodHash`.
    pub current: Option<PodHash>,
    /// Annotation `rollout.argoproj.io/revision`.
    pub revision: Option<u64>,
    /// Present while `status.abort` is true.
    pub abort: Option<Abort>,
    /// The condition `Progressing`.
    pub progressing: Option<Condition>,
    /// `status.controllerPause`/`pauseConditions[].reason` contains `InconclusiveAnalysisRun`.
    pub pause_reasons: BTreeSet<String>,
    /// `spec.progressDeadlineSeconds`, 600 by default.
    pub progress_deadline_seconds: u64,
    /// Annotations whose key starts with `rollmend.dev/`, key without that prefix; and `org.opencontainers.image.revision` from the
    /// Rollout's annotations, else its labels.
    pub annotations: BTreeMap<String, String>,
}

impl Rollout {
    /// The canary's hash, where there is something to compare it with: stable is known and differs. A first deploy has
    /// no stable, a promoted Rollout no canary.
    pub fn canary(&self) -> Option<&PodHash> {
        match (&self.stable, &self.current) {
            (Some(stable), Some(current)) if stable != current => Some(current),
            _ => None,
        }
    }
}

/// `status.abort` with its time and the controller's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Abort {
    /// `status.abortedAt`.
    pub at: Option<DateTime<Utc>>,
    /// The message of the condition `Progressing`, such as `Rollout aborted update to revision 2: Step-based analysis …`.
    pub message: String,
}

impl Abort {
    /// Whether a person aborted: the controller's message then ends after the revision number
    /// (argoproj/argo-rollouts, `conditions.RolloutAbortedMessage`).
    pub fn by_hand(&self) -> bool {
        self.message
            .split_once("aborted update to revision ")
            .is_some_and(|(_, rest)| rest.trim().bytes().all(|b| b.is_ascii_digit()))
    }
}

/// One of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Such as `RolloutAborted` or `ProgressDeadlineExceeded`.
    pub reason: String,
    /// The controller's words.
    pub message: String,
    /// `lastTransitionTime`.
    pub at: Option<DateTime<Utc>>,
}

/// An AnalysisRun that a Rollout owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnalysisRun {
    /// Its name in the Rollout's namespace.
    pub name: AnalysisRunName,
    /// `metadata.uid`.
    pub uid: Uid,
    /// The owning Rollout.
    pub rollout: RolloutRef,
    /// UID of the owning Rollout.
    pub rollout_uid: Uid,
    /// Label `rollouts-pod-template-hash`.
    pub canary: Option<PodHash>,
    /// Label `rollout-type`: `Step`, `Background`, `PrePromotion`, `PostPromotion`.
    pub kind: String,
    /// `metadata.creationTimestamp`.
    pub created_at: DateTime<Utc>,
    /// `status.phase`.
    pub phase: AnalysisPhase,
    /// `status.message`.
    pub message: String,
    /// `spec.metrics`, merged with what `status.metricResults` says of each.
    pub metrics: Vec<Metric>,
}

/// The phase of an AnalysisRun, a metric or a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum AnalysisPhase {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// Ended well.
    Successful,
    /// Ended badly; aborts the Rollout.
    Failed,
    /// Could not be measured too often; aborts the Rollout.
    Error,
    /// Neither condition held; pauses the Rollout.
    Inconclusive,
}

impl AnalysisPhase {
    /// Whether nothing more will be measured.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// A metric of an AnalysisRun: what it asks and what it measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Its name.
    pub name: MetricName,
    /// Where its value comes from.
    pub provider: Provider,
    /// `successCondition`, empty when absent.
    pub success_condition: String,
    /// `failureCondition`, empty when absent.
    pub failure_condition: String,
    /// Whether `spec.dryRun` names it: it then decides nothing.
    pub standing: MetricStanding,
    /// Its phase; `Pending` before the first measurement.
    pub phase: AnalysisPhase,
    /// The controller's words on it.
    pub message: String,
    /// Number of failed measurements.
    pub failed: u64,
    /// Number of measurements that ended in an error.
    pub errors: u64,
    /// `metadata.ResolvedPrometheusQuery`, the query with its arguments filled in.
    pub resolved_query: Option<String>,
    /// The last measurements (the controller keeps ten by default), oldest first.
    pub measurements: Vec<Measurement>,
}

/// Whether a metric decides the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetricStanding {
    /// It decides.
    Deciding,
    /// It is named under `spec.dryRun`.
    DryRun,
}

/// The provider of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Provider {
    /// Prometheus, with the query as written in the run's spec.
    Prometheus {
        /// The query.
        query: String,
    },
    /// An HTTP request.
    Web {
        /// Its URL.
        url: String,
    },
    /// A metric plugin.
    Plugin {
        /// Such as `argoproj-labs/metric-ai`.
        name: String,
        /// The plugin's `githubUrl`, where set.
        github_url: Option<String>,
    },
    /// Another provider, by its key in the spec.
    Other {
        /// The key, such as `job`.
        kind: String,
    },
}

impl Provider {
    /// Whether this daemon gives the metric its value: the metric plugin, or a web request to one of our doors. Such a
    /// metric's failure ends a run but is no evidence.
    pub fn is_ours(&self) -> bool {
        match self {
            Self::Plugin { name, .. } => name == "argoproj-labs/metric-ai",
            Self::Web { url } => url.contains("/v1/verdict/") || url.contains("/a2a/"),
            Self::Prometheus { .. } | Self::Other { .. } => false,
        }
    }
}

/// One measurement of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// How it ended.
    pub phase: AnalysisPhase,
    /// The value as text (`[0.19]`, `NaN`, …), empty when absent.
    pub value: String,
    /// The provider's words.
    pub message: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The provider's metadata, each value bounded.
    pub metadata: BTreeMap<String, String>,
}

/// Which of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Side {
    /// The new version.
    Canary,
    /// The version that serves.
    Stable,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Canary => "canary",
            Self::Stable => "stable",
        })
    }
}

/// A pod and its containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pod {
    /// Its name.
    pub name: PodName,
    /// `metadata.uid`.
    pub uid: Uid,
    /// Label `rollouts-pod-template-hash`.
    pub hash: PodHash,
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`, such as `Evicted`; empty when absent.
    pub reason: String,
    /// `status.message`; empty when absent.
    pub message: String,
    /// The condition `Ready`.
    pub readiness: Readiness,
    /// Whether it is being deleted.
    pub presence: Presence,
    /// `metadata.creationTimestamp`.
    pub created_at: DateTime<Utc>,
    /// Init, app and sidecar containers.
    pub containers: Vec<Container>,
}

/// The condition `Ready` of a pod or container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Readiness {
    /// Serves.
    Ready,
    /// Does not serve.
    NotReady,
}

/// Whether a pod stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Presence {
    /// It stays.
    Staying,
    /// It has a `deletionTimestamp`, or it is already gone.
    Leaving,
}

/// A container of a pod with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Container {
    /// Its name.
    pub name: ContainerName,
    /// What it is there for.
    pub role: ContainerRole,
    /// The image as written.
    pub image: String,
    /// The image's digest where known, else empty.
    pub image_id: String,
    /// `restartCount`.
    pub restarts: u32,
    /// Whether its readiness probe passes.
    pub readiness: Readiness,
    /// Its state now.
    pub state: ContainerState,
    /// `lastState.terminated`.
    pub last_termination: Option<Termination>,
}

/// Told apart by the pod spec: init containers, init containers with `restartPolicy: Always` or well-known injected
/// proxies (sidecars), and the application's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ContainerRole {
    /// The service itself.
    App,
    /// Runs before it.
    Init,
    /// Runs beside it.
    Sidecar,
}

/// `state` of a container status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ContainerState {
    /// Not running yet, or between restarts.
    Waiting {
        /// Such as `CrashLoopBackOff`, `ImagePullBackOff`, `CreateContainerConfigError`.
        reason: String,
        /// The kubelet's words.
        message: String,
    },
    /// Running.
    Running {
        /// Since when.
        since: Option<DateTime<Utc>>,
    },
    /// Ended.
    Terminated(Termination),
}

/// How a container's process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Termination {
    /// The exit code; 137 is SIGKILL.
    pub exit_code: i32,
    /// `OOMKilled`, `Error`, `Completed`, …
    pub reason: String,
    /// The kubelet's words, or the termination message.
    pub message: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A ReplicaSet of a Rollout: the template of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplicaSet {
    /// Label `rollouts-pod-template-hash`.
    pub hash: PodHash,
    /// Annotation `rollout.argoproj.io/revision`.
    pub revision: Option<u64>,
    /// Annotation `org.opencontainers.image.revision`: Argo Rollouts copies a Rollout's annotations to the ReplicaSet that is
    /// current, so this is what the Rollout said while this version was.
    pub source_revision: Option<String>,
    /// `spec.template` as JSON, values of variables that look secret replaced.
    pub template: serde_json::Value,
}

/// An Event of the cluster about one of the objects at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterEvent {
    /// Kind and name of the object, such as `Pod/shop-678dd648d6-x`.
    pub about: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// Such as `BackOff`.
    pub reason: String,
    /// The words, bounded.
    pub message: String,
    /// How often.
    pub count: u32,
    /// When last.
    pub at: Option<DateTime<Utc>>,
}

/// Everything the trouble rule looks at, of one Rollout's current attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The Rollout.
    pub rollout: Rollout,
    /// When the attempt began: evidence counts from here.
    pub attempt_started_at: DateTime<Utc>,
    /// The AnalysisRuns of this canary hash that were created in the attempt.
    pub runs: Vec<AnalysisRun>,
    /// The canary's pods as last seen, gone ones included (`Presence::Leaving`).
    pub pods: Vec<Pod>,
    /// When this was put together.
    pub at: DateTime<Utc>,
}
