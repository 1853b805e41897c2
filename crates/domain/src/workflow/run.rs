//! The state of one incident.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::Trigger;
use crate::case::Stage;
use crate::handoff::Handoff;
use crate::id::{AttemptNumber, CaseId, IncidentId, PodHash};
use crate::incident::IncidentIdentity;
use crate::proposal::{Proposal, PullRequest};
use crate::repository::{NamedRepository, Repository};
use crate::settings::Mode;
use crate::trouble::{RunEnd, Trouble};
use crate::verdict::Verdict;

/// One incident with everything the workflow knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Its id.
    pub id: IncidentId,
    /// Its identity.
    pub identity: IncidentIdentity,
    /// How far the daemon may go.
    pub mode: Mode,
    /// Number of events so far.
    pub version: u64,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// Who noticed.
    pub triggers: BTreeSet<Trigger>,
    /// What names a repository.
    pub named: NamedRepository,
    /// Which attempt.
    pub attempt: AttemptNumber,
    /// When evidence of the attempt begins.
    pub attempt_started_at: DateTime<Utc>,
    /// The attempt's troubles.
    pub troubles: Vec<Trouble>,
    /// How the attempt ended in the cluster, once it has.
    pub end: Option<RunEnd>,
    /// The attempt's case files: at the trouble, at the end.
    pub first_case: Option<CaseId>,
    /// See `first_case`.
    pub last_case: Option<CaseId>,
    /// The attempt's verdict.
    pub verdict: Option<Box<Verdict>>,
    /// The pull request, with its repository; stays over attempts.
    pub proposed: Option<(Repository, PullRequest)>,
    /// Where it stands.
    pub state: State,
}

/// Where an incident stands. Each state has what it cannot be without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// A case file is being frozen.
    Gathering {
        /// Which.
        stage: Stage,
    },
    /// A case is being judged.
    Analyzing {
        /// Which.
        stage: Stage,
    },
    /// A verdict stands and says no patch so far; the run has not ended.
    Judged,
    /// A verdict leads to a patch; waits until the run has ended.
    HandedOff,
    /// A patch is being made.
    Patching {
        /// From what.
        handoff: Box<Handoff>,
    },
    /// A pull request is being opened.
    Proposing {
        /// Which.
        proposal: Box<Proposal>,
    },
    /// The Rollout was retried; no trouble so far.
    Retrying,
    /// The pull request waits for its reviewer.
    Proposed {
        /// Which.
        pull_request: PullRequest,
    },
    /// Explained; no pull request, and why.
    Explained {
        /// In a sentence.
        why: String,
    },
    /// A human must act, and is told what.
    Escalated {
        /// In a sentence.
        reason: String,
    },
    /// The run passed after all.
    Withdrawn,
    /// Our pull request for the suspect was closed unmerged: not opened again.
    Declined {
        /// Which.
        pull_request: PullRequest,
    },
    /// A newer revision took its place.
    Superseded {
        /// Its hash, when there is one.
        by: Option<PodHash>,
    },
}

/// A state's name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the states are documented at `State`")]
pub enum StateName {
    Gathering,
    Analyzing,
    Judged,
    HandedOff,
    Patching,
    Proposing,
    Retrying,
    Proposed,
    Explained,
    Escalated,
    Withdrawn,
    Declined,
    Superseded,
}

impl State {
    /// Its name.
    pub fn name(&self) -> StateName {
        match self {
            Self::Gathering { .. } => StateName::Gathering,
            Self::Analyzing { .. } => StateName::Analyzing,
            Self::Judged => StateName::Judged,
            Self::HandedOff => StateName::HandedOff,
            Self::Patching { .. } => StateName::Patching,
            Self::Proposing { .. } => StateName::Proposing,
            Self::Retrying => StateName::Retrying,
            Self::Proposed { .. } => StateName::Proposed,
            Self::Explained { .. } => StateName::Explained,
            Self::Escalated { .. } => StateName::Escalated,
            Self::Withdrawn => StateName::Withdrawn,
            Self::Declined { .. } => StateName::Declined,
            Self::Superseded { .. } => StateName::Superseded,
        }
    }
}

impl StateName {
    /// Whether the daemon has nothing left to do unless the Rollout is retried.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Proposed
                | Self::Explained
                | Self::Escalated
                | Self::Withdrawn
                | Self::Declined
                | Self::Superseded
        )
    }
}

impl std::fmt::Display for StateName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gathering => "gathering",
            Self::Analyzing => "analyzing",
            Self::Judged => "judged",
            Self::HandedOff => "handed off",
            Self::Patching => "patching",
            Self::Proposing => "proposing",
            Self::Retrying => "retrying",
            Self::Proposed => "proposed",
            Self::Explained => "explained",
            Self::Escalated => "escalated",
            Self::Withdrawn => "withdrawn",
            Self::Declined => "declined",
            Self::Superseded => "superseded",
        })
    }
}
