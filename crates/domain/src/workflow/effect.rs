//! What an incident asks of the outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::Stage;
use crate::handoff::Handoff;
use crate::id::{AttemptNumber, CaseId};
use crate::proposal::{Proposal, PullRequest};
use crate::repository::Repository;

/// An effect. Each may run more than once: writes look for their own earlier result first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Gather and freeze a case file. At the end: after the followed logs have ended or 30 s. Answered by `CaseFrozen`.
    Freeze {
        /// Of which attempt.
        attempt: AttemptNumber,
        /// When in the attempt.
        stage: Stage,
    },
    /// Digest and judge. Answered by `VerdictReached`.
    Analyze {
        /// Of which attempt.
        attempt: AttemptNumber,
        /// When in the attempt.
        stage: Stage,
        /// The case.
        case: CaseId,
    },
    /// Make a patch. Answered by `PatchMade` or `PatchRefused`.
    Fix {
        /// Checked.
        handoff: Box<Handoff>,
        /// The case.
        case: CaseId,
    },
    /// Push the branch and open the pull request, or join the one that is there. Answered by `ProposalOpened` or
    /// `ProposalDeclined`.
    Propose {
        /// What to open.
        proposal: Box<Proposal>,
    },
    /// Say it in the cluster: an Event, and the annotation where allowed. Answered by `EffectDone`.
    Announce {
        /// Of which attempt.
        attempt: AttemptNumber,
        /// What there is to say.
        occasion: Occasion,
    },
    /// Comment once on the pull request that a retry passed. Answered by `EffectDone`.
    TellPassed {
        /// Where.
        repository: Box<Repository>,
        /// On which.
        pull_request: PullRequest,
    },
}

/// What there is to say in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// The first verdict of an attempt.
    Verdict,
    /// How it ended: a pull request, an explanation that says something new, an escalation.
    Outcome,
}
