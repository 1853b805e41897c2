//! What happens, for those who want to watch it happen.

use chrono::{DateTime, Utc};
use domain::workflow::{Event, Next, StateName};
use domain::{IncidentId, Stage};

/// A step that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The incident.
    pub incident: IncidentId,
    /// The state after it.
    pub state: StateName,
    /// What happened, in a few words without text from logs.
    pub event: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The kind of event, by a fixed name.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::Detected { .. } => "detected",
        Event::RunEnded { .. } => "run-ended",
        Event::CaseFrozen { .. } => "case-frozen",
        Event::VerdictReached { .. } => "verdict-reached",
        Event::PatchMade { .. } => "patch-made",
        Event::PatchRefused { .. } => "patch-refused",
        Event::ProposalOpened { .. } => "proposal-opened",
        Event::ProposalDeclined { .. } => "proposal-declined",
        Event::Retried { .. } => "retried",
        Event::Passed => "passed",
        Event::Superseded { .. } => "superseded",
        Event::EffectDone => "effect-done",
        Event::EffectFailed { .. } => "effect-failed",
    }
}

/// The event in a few words, without text from logs, commits or the cluster's messages.
pub(crate) fn words(event: &Event) -> String {
    match event {
        Event::Detected { detection } => {
            let kinds: Vec<String> = detection.troubles.iter().map(domain::Trouble::class).collect();
            format!("trouble: {}", kinds.join(", "))
        }
        Event::RunEnded { .. } => "the run has ended".to_owned(),
        Event::CaseFrozen { stage, .. } => match stage {
            Stage::AtTrouble => "evidence frozen at the trouble".to_owned(),
            Stage::AtEnd => "evidence frozen at the end".to_owned(),
        },
        Event::VerdictReached { verdict, next, .. } => {
            let leads_to = match next {
                Next::HandOff { .. } => "a patch",
                Next::Explain { .. } => "an explanation",
            };
            format!(
                "cause: {}, confidence {}; leads to {leads_to}",
                verdict.category,
                verdict.confidence.get()
            )
        }
        Event::PatchMade { proposal } => {
            format!("patch: reverts {}", proposal.patch.reverts.short())
        }
        Event::PatchRefused { .. } => "no patch".to_owned(),
        Event::ProposalOpened { pull_request, .. } => format!("pull request {}", pull_request.number),
        Event::ProposalDeclined { pull_request } => {
            format!("pull request {} was closed unmerged earlier", pull_request.number)
        }
        Event::Retried { .. } => "retried".to_owned(),
        Event::Passed => "passed".to_owned(),
        Event::Superseded { .. } => "superseded".to_owned(),
        Event::EffectDone => "done".to_owned(),
        Event::EffectFailed { .. } => "could not go on".to_owned(),
    }
}
