//! What the daemon shows of itself: its steps, its figures, whether it is ready, and one Rollout as it stands.
//!
//! Nothing here starts any work, and none of it holds text from logs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;

use super::ModelUse;
use crate::gate::GateRefusal;
use crate::id::IncidentId;
use crate::incident::RolloutRef;
use crate::verdict::Category;
use crate::workflow::StateName;

/// Shows what is known; all but [`Insight::rollout`] answer from memory.
#[async_trait]
pub trait Insight: Send + Sync {
    /// How far the start has come.
    fn startup(&self) -> Startup;

    /// The steps after the one with this number, oldest first: at most the last 1,000 since the start. 0 for all.
    fn steps(&self, since: u64) -> Vec<ToldStep>;

    /// The same, and then each step as it is written. Never ends. Whoever reads too slowly misses the oldest, which the numbers show.
    fn follow(&self, since: u64) -> BoxStream<'static, ToldStep>;

    /// Counts since the start, and of what is there now.
    fn figures(&self) -> Figures;

    /// The Rollout as it stands; takes at most 10 s.
    async fn rollout(&self, rollout: &RolloutRef) -> Result<RolloutSummary, GateRefusal>;
}

/// How far the start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Startup {
    /// Nothing is begun: one replica acts, and it is not this one.
    Passive {
        /// Who acts, as its Lease says; none while nobody is known to.
        holder: Option<String>,
    },
    /// What an earlier process left is being read.
    ReadingJournal,
    /// The first list of Rollouts and AnalysisRuns is not complete, or not acted on.
    Listing,
    /// Both are done.
    Ready,
    /// Nothing new is begun any more.
    Stopping,
}

/// A step of an incident that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldStep {
    /// Rises by one with each step, also over a restart: the first of a process is the milliseconds of its start since 1970.
    pub id: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of event, a fixed name such as `verdict-reached`.
    pub kind: &'static str,
    /// The incident.
    pub incident: IncidentId,
    /// The state after it.
    pub state: StateName,
    /// What happened, in a few words without text from logs, commits or the cluster's messages.
    pub words: String,
}

/// Counts, for those who watch the daemon from afar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Incidents in the journal by state and, once there is a verdict, category.
    pub incidents: BTreeMap<(StateName, Option<Category>), u64>,
    /// Seconds from the trouble of an attempt to its first verdict.
    pub to_verdict: Spread,
    /// Seconds from the trouble of an attempt to its pull request.
    pub to_pull_request: Spread,
    /// Failed calls to the outside by [`Failure::kind`](crate::Failure::kind).
    pub failures: BTreeMap<&'static str, u64>,
    /// What models were used for, by their name in the file.
    pub models: BTreeMap<String, ModelUse>,
    /// Canaries under observation.
    pub canaries: u64,
    /// Logs followed at this moment.
    pub streams: u64,
    /// Bytes of log received for the canaries under observation.
    pub spooled_bytes: u64,
    /// Their logs that were not followed because of a limit.
    pub not_followed: u64,
}

/// How values are spread: a histogram.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spread {
    /// How many values lie at or below each bound and above the one before it, by rising bound; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// All values added up.
    pub sum: f64,
}

impl Spread {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }
}

/// A Rollout in a few figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutSummary {
    /// `status.phase`, bounded; empty when not set yet.
    pub phase: String,
    /// Percent of the traffic that the canary gets: as the status says, else the canary's share of the pods.
    pub canary_weight: u8,
    /// The rest of it.
    pub stable_weight: u8,
    /// Pods of stable that stay.
    pub stable_pods: u32,
    /// Pods of the canary that stay; 0 where there is no canary.
    pub canary_pods: u32,
}
