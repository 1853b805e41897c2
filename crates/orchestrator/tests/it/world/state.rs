//! What lies outside and outlives the daemon.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::ports::{Announcement, Change, EffectId, LogSource, VerdictAnnotation};
use domain::workflow::{Event, Run, StateName};
use domain::{
    AnalysisRun, BranchName, CaseId, ClusterEvent, CommitSha, ContainerName, Failure, Incarnation,
    IncidentId, IncidentIdentity, Pod, PodHash, PodName, PullRequest, PullRequestNumber, PullRequestState,
    ReplicaSet, Rollout, RolloutRef,
};
use futures::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use super::Hold;

/// What a scripted call does instead of succeeding.
pub(crate) type Fault = Box<dyn FnOnce(&Hold) -> BoxFuture<'static, Result<(), Failure>> + Send>;

/// An incident's state, and its events with their times.
pub(crate) type Journaled = (String, Vec<(DateTime<Utc>, String)>);

/// Everything outside.
pub(crate) struct State {
    pub(crate) now: DateTime<Utc>,
    // The cluster.
    pub(crate) rollouts: BTreeMap<RolloutRef, Rollout>,
    pub(crate) runs: Vec<AnalysisRun>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) logs: HashMap<(PodName, ContainerName, Incarnation), String>,
    pub(crate) replica_sets: Vec<ReplicaSet>,
    pub(crate) events: Vec<ClusterEvent>,
    pub(crate) watchers: Vec<UnboundedSender<Change>>,
    pub(crate) pod_watchers: Vec<(PodHash, UnboundedSender<Vec<Pod>>)>,
    pub(crate) announced: Vec<Announcement>,
    pub(crate) annotations: Vec<VerdictAnnotation>,
    pub(crate) cleared: u32,
    pub(crate) requests: Option<f64>,
    pub(crate) weight: Option<u8>,
    pub(crate) queries: Vec<String>,
    // The daemon's disk. Runs, events and effects are kept as JSON.
    pub(crate) journal: BTreeMap<IncidentId, Journaled>,
    pub(crate) pending: BTreeMap<EffectId, String>,
    pub(crate) cases: HashMap<CaseId, Vec<u8>>,
    pub(crate) spool: HashMap<IncidentIdentity, Vec<LogSource>>,
    pub(crate) spooled: HashMap<(IncidentIdentity, LogSource), String>,
    pub(crate) released: u32,
    pub(crate) spool_ends: bool,
    pub(crate) received: u64,
    // The forge.
    pub(crate) branches: BTreeMap<BranchName, CommitSha>,
    pub(crate) pulls: Vec<PullRequest>,
    pub(crate) comments: Vec<(PullRequestNumber, String)>,
    pub(crate) knows_commit: bool,
    // The script.
    pub(crate) faults: HashMap<&'static str, Vec<Fault>>,
    pub(crate) calls: Vec<&'static str>,
    /// The journal writes, and says that it did not.
    pub(crate) lies: bool,
    /// The trouble rule panics so often.
    pub(crate) rule_panics: u32,
    /// So many logs are followed at once.
    pub(crate) streams: usize,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            now: "2026-11-24T02:30:00Z".parse().unwrap(),
            rollouts: BTreeMap::new(),
            runs: Vec::new(),
            pods: Vec::new(),
            logs: HashMap::new(),
            replica_sets: Vec::new(),
            events: Vec::new(),
            watchers: Vec::new(),
            pod_watchers: Vec::new(),
            announced: Vec::new(),
            annotations: Vec::new(),
            cleared: 0,
            requests: None,
            weight: None,
            queries: Vec::new(),
            journal: BTreeMap::new(),
            pending: BTreeMap::new(),
            cases: HashMap::new(),
            spool: HashMap::new(),
            spooled: HashMap::new(),
            released: 0,
            spool_ends: true,
            received: 0,
            branches: BTreeMap::new(),
            pulls: Vec::new(),
            comments: Vec::new(),
            knows_commit: true,
            faults: HashMap::new(),
            calls: Vec::new(),
            lies: false,
            rule_panics: 0,
            streams: 64,
        }
    }

    pub(crate) fn run(&self, incident: &IncidentId) -> Option<Run> {
        self.journal.get(incident).map(|(run, _)| serde_json::from_str(run).unwrap())
    }

    pub(crate) fn runs_by_state(&self) -> Vec<(IncidentId, StateName)> {
        self.journal.keys().map(|id| (id.clone(), self.run(id).unwrap().state.name())).collect()
    }

    /// What pods have written so far is in the spool.
    pub(crate) fn spool_all(&mut self) {
        for ((_, source), kept) in &mut self.spooled {
            let key = (source.pod.clone(), source.container.clone(), source.which);
            if let Some(live) = self.logs.get(&key) {
                kept.clone_from(live);
            }
        }
    }

    /// Another process writes a step that changes nothing but the number.
    pub(crate) fn touch(&mut self, incident: &IncidentId) {
        let mut run = self.run(incident).unwrap();
        run.version += 1;
        let entry = self.journal.get_mut(incident).unwrap();
        entry.0 = serde_json::to_string(&run).unwrap();
        entry.1.push((self.now, serde_json::to_string(&Event::EffectDone).unwrap()));
    }

    pub(crate) fn events_of(&self, incident: &IncidentId) -> Vec<Event> {
        let events = self.journal.get(incident).map(|(_, events)| events.as_slice()).unwrap_or_default();
        events.iter().map(|(_, event)| serde_json::from_str(event).unwrap()).collect()
    }

    pub(crate) fn open_pulls(&self) -> usize {
        self.pulls.iter().filter(|pull| pull.state == PullRequestState::Open).count()
    }

    pub(crate) fn calls_of(&self, name: &str) -> usize {
        self.calls.iter().filter(|call| **call == name).count()
    }

    /// The next calls of that name fail so, each once, in this order.
    pub(crate) fn fail(&mut self, name: &'static str, failures: Vec<Failure>) {
        let faults = failures
            .into_iter()
            .rev()
            .map(|failure| -> Fault { Box::new(move |_| Box::pin(async move { Err(failure) })) });
        self.faults.entry(name).or_default().extend(faults);
    }

    /// The next call of that name does this first.
    pub(crate) fn at(&mut self, name: &'static str, fault: Fault) {
        self.faults.entry(name).or_default().push(fault);
    }
}
