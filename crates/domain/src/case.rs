//! The case file: what was frozen of a failed canary, immutable and named by its content.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{AttemptNumber, CaseId, ExhibitId, IncidentId, MetricName};
use crate::incident::IncidentIdentity;
use crate::log::LogExcerpt;
use crate::observation::{AnalysisRun, ClusterEvent, Pod, ReplicaSet, Rollout, Side};
use crate::range::{CommitRange, Revision};
use crate::redaction::Redactor;
use crate::repository::{NamedRepository, RepositoryStanding};
use crate::trouble::Trouble;

/// The version of the JSON shape below; a reader refuses another.
pub const CASE_VERSION: u32 = 1;

/// Numbered exhibits with where they came from, and what could not be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseFile {
    /// [`CASE_VERSION`].
    pub version: u32,
    /// What it is about.
    pub header: CaseHeader,
    /// The exhibits, by number.
    pub exhibits: Vec<Exhibit>,
    /// What was asked for and not had, with the reason.
    pub missing: Vec<Missing>,
}

/// What a case is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseHeader {
    /// The incident.
    pub incident: IncidentId,
    /// Its identity.
    pub identity: IncidentIdentity,
    /// The attempt.
    pub attempt: AttemptNumber,
    /// When in the attempt it was frozen.
    pub stage: Stage,
    /// The first case file of the attempt, when this is the second.
    pub follows: Option<CaseId>,
    /// When evidence of the attempt begins.
    pub from: DateTime<Utc>,
    /// When it was frozen.
    pub frozen_at: DateTime<Utc>,
    /// The troubles that made it an incident.
    pub troubles: Vec<Trouble>,
    /// What named a repository.
    pub named: NamedRepository,
    /// Whether that one is allowed.
    pub repository: RepositoryStanding,
}

/// A case is frozen at most twice per attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// At the trouble, before any answer leaves.
    AtTrouble,
    /// When the run has ended and the followed logs have reached their end.
    AtEnd,
}

/// One numbered piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exhibit {
    /// Its number.
    pub id: ExhibitId,
    /// Where it came from, unique in the case, such as `log canary/shop-86686d4656-x/shop`. The same source keeps its number in
    /// the attempt's second case.
    pub source: String,
    /// What it shows.
    pub body: ExhibitBody,
}

/// What an exhibit shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ExhibitBody {
    /// The Rollout.
    Rollout {
        /// As last seen.
        rollout: Rollout,
    },
    /// An AnalysisRun.
    AnalysisRun {
        /// As last seen.
        run: AnalysisRun,
    },
    /// Pods of one side.
    Pods {
        /// Which.
        side: Side,
        /// As last seen.
        pods: Vec<Pod>,
    },
    /// A container's log.
    Log {
        /// The excerpt.
        log: LogExcerpt,
    },
    /// Events about Rollout, ReplicaSets and pods.
    Events {
        /// Oldest first.
        events: Vec<ClusterEvent>,
    },
    /// Both pod templates.
    Templates {
        /// Stable's, where it could be had.
        stable: Option<ReplicaSet>,
        /// The canary's, where it could be had.
        canary: Option<ReplicaSet>,
    },
    /// A failing metric's own query, re-run for one side over the window.
    Series {
        /// The metric.
        metric: MetricName,
        /// Which side the query was for.
        side: Side,
        /// The query as run.
        query: String,
        /// The samples.
        points: Vec<Point>,
    },
    /// The commits between stable and canary.
    Range {
        /// How stable was traced.
        stable: Revision,
        /// How the canary was traced.
        canary: Revision,
        /// The commits.
        range: CommitRange,
    },
}

/// A sample of a series; NaN is kept as text since JSON has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Its time.
    pub at: DateTime<Utc>,
    /// Its value as Prometheus wrote it.
    pub value: String,
}

impl Point {
    /// The value as a number; `NaN` and infinities parse, anything else is `None`.
    pub fn number(&self) -> Option<f64> {
        self.value.parse().ok()
    }
}

/// Something that was asked for and not had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why, in words that help.
    pub why: String,
}

impl CaseFile {
    /// The canonical bytes: JSON with the fields in declared order. The same content gives the same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The SHA-256 of the canonical bytes.
    pub fn id_of(bytes: &[u8]) -> CaseId {
        CaseId::trusted(hex::encode(Sha256::digest(bytes)))
    }

    /// The exhibit with that number.
    pub fn exhibit(&self, id: ExhibitId) -> Option<&Exhibit> {
        self.exhibits.iter().find(|exhibit| exhibit.id == id)
    }
}

/// Collects exhibits, redacts them on the way in, and freezes them.
#[derive(Debug)]
pub struct CaseBuilder<'a> {
    redactor: &'a Redactor,
    numbers: Vec<(String, ExhibitId)>,
    exhibits: Vec<Exhibit>,
    missing: Vec<Missing>,
}

impl<'a> CaseBuilder<'a> {
    /// An empty case; exhibits whose source `first` has keep their number.
    pub fn new(redactor: &'a Redactor, first: Option<&CaseFile>) -> Self {
        let numbers = first
            .map(|case| case.exhibits.iter().map(|e| (e.source.clone(), e.id)).collect())
            .unwrap_or_default();
        Self { redactor, numbers, exhibits: Vec::new(), missing: Vec::new() }
    }

    /// Adds an exhibit; one with the same source is replaced. Returns its number.
    pub fn add(&mut self, source: impl Into<String>, body: ExhibitBody) -> ExhibitId {
        let source = source.into();
        let id = self.number(&source);
        let exhibit = Exhibit { id, source, body: self.redactor.redact(body) };
        match self.exhibits.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = exhibit,
            None => self.exhibits.push(exhibit),
        }
        id
    }

    /// Notes what could not be had.
    pub fn missing(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.missing.push(Missing { what: what.into(), why: self.redactor.text(&why.into()) });
    }

    /// Takes over the first case's exhibits that were not added anew (what is gone from the cluster stays in evidence), and freezes.
    pub fn freeze(mut self, header: CaseHeader, first: Option<&CaseFile>) -> CaseFile {
        for old in first.map(|case| case.exhibits.as_slice()).unwrap_or_default() {
            if !self.exhibits.iter().any(|new| new.id == old.id) {
                self.exhibits.push(old.clone());
            }
        }
        self.exhibits.sort_by_key(|exhibit| exhibit.id);
        CaseFile {
            version: CASE_VERSION,
            header: self.redactor.redact(header),
            exhibits: self.exhibits,
            missing: self.missing,
        }
    }

    fn number(&mut self, source: &str) -> ExhibitId {
        if let Some((_, id)) = self.numbers.iter().find(|(known, _)| known == source) {
            return *id;
        }
        let next = self
            .numbers
            .iter()
            .map(|(_, id)| id.0)
            .max()
            .map_or(std::num::NonZeroU32::MIN, |last| last.saturating_add(1));
        let id = ExhibitId(next);
        self.numbers.push((source.to_owned(), id));
        id
    }
}
