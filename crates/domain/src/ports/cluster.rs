//! The cluster: watching, reading, spooling logs, the few writes; and Prometheus.

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::case::Point;
use crate::failure::Failure;
use crate::id::{ClusterId, ContainerName, Namespace, PodHash, PodName, Uid};
use crate::incident::{IncidentIdentity, RolloutRef};
use crate::log::{Incarnation, LogExcerpt};
use crate::observation::{AnalysisRun, ClusterEvent, ContainerRole, Pod, ReplicaSet, Rollout, Side};

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

    /// Percent of the traffic that the canary gets, where the Rollout's status says so; it does with traffic routing.
    async fn canary_weight(&self, rollout: &RolloutRef) -> Result<Option<u8>, Failure>;

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

    /// How many logs are followed at this moment, of all observations.
    fn streams(&self) -> usize;

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
