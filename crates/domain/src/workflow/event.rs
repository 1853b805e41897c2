//! What happens to an incident.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::Stage;
use crate::handoff::{Handoff, NoHandoff};
use crate::id::{AttemptNumber, CaseId, PodHash};
use crate::incident::IncidentIdentity;
use crate::patch::NoPatch;
use crate::proposal::{Proposal, PullRequest};
use crate::repository::{NamedRepository, Repository};
use crate::settings::Mode;
use crate::trouble::{RunEnd, Trouble};
use crate::verdict::Verdict;

/// What opened or joined an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The watch.
    Watch,
    /// `POST /a2a/analyze`.
    MetricPlugin,
    /// `GET /v1/verdict/{namespace}/{rollout}`.
    WebMetric,
}

/// An observation that became an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// Who it is.
    pub identity: IncidentIdentity,
    /// How far the daemon may go.
    pub mode: Mode,
    /// When evidence of the attempt begins.
    pub attempt_started_at: DateTime<Utc>,
    /// Why; never empty.
    pub troubles: Vec<Trouble>,
    /// Who noticed.
    pub trigger: Trigger,
    /// What names a repository.
    pub named: NamedRepository,
}

/// What the verdict leads to once the run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum Next {
    /// A patch.
    HandOff {
        /// Checked.
        handoff: Box<Handoff>,
    },
    /// An explanation.
    Explain {
        /// Why no patch.
        why: NoHandoff,
    },
}

/// An event of one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Trouble was seen: opens the incident, joins it, or shows that a retry is in trouble again.
    Detected {
        /// What was seen.
        detection: Box<Detection>,
    },
    /// The attempt has ended in the cluster.
    RunEnded {
        /// How.
        end: RunEnd,
    },
    /// A case file was frozen.
    CaseFrozen {
        /// Of which attempt.
        attempt: AttemptNumber,
        /// When in the attempt.
        stage: Stage,
        /// Its id.
        case: CaseId,
    },
    /// An analyst has judged.
    VerdictReached {
        /// From which case.
        stage: Stage,
        /// The verdict.
        verdict: Box<Verdict>,
        /// What it leads to.
        next: Next,
    },
    /// A patch and its words are there.
    PatchMade {
        /// To be opened.
        proposal: Box<Proposal>,
    },
    /// There is no patch.
    PatchRefused {
        /// Why.
        why: NoPatch,
    },
    /// The pull request is there, new or joined.
    ProposalOpened {
        /// Where.
        repository: Box<Repository>,
        /// As the forge shows it.
        pull_request: PullRequest,
    },
    /// A person closed our pull request for this suspect unmerged, earlier.
    ProposalDeclined {
        /// As the forge shows it.
        pull_request: PullRequest,
    },
    /// The Rollout was retried on the same hash.
    Retried {
        /// When evidence of the new attempt begins.
        at: DateTime<Utc>,
    },
    /// The canary was promoted after all.
    Passed,
    /// A newer revision took its place, or the Rollout is gone.
    Superseded {
        /// The newer hash, when there is one.
        by: Option<PodHash>,
    },
    /// An effect was done whose result nothing waits for.
    EffectDone,
    /// An effect could not be done and will not be tried again.
    EffectFailed {
        /// What a person must know and do, without secrets.
        reason: String,
    },
}
