//! Events on the Rollout, for those who look in `kubectl describe`, and the annotation.
//!
//! Refuses to know when they are written, and whether they may be.

use domain::ports::{Announcement, Severity, VerdictAnnotation};
use domain::workflow::{Occasion, Run, State};
use domain::{AnalystKind, AttemptNumber, GateRefusal, PodHash, RolloutRef, Verdict};

use super::answer::page;
use super::judged::judged;
use super::plain::within_bytes;
use crate::facts::fragment;

/// The most bytes of a message; the API server allows 1,024 (Kubernetes, `EventSpec.note`).
pub const LONGEST: usize = 1_000;

/// The Event for an occasion; `None` where the run has nothing to say.
pub fn announcement(run: &Run, occasion: Occasion) -> Option<Announcement> {
    let (severity, reason, message) = match occasion {
        Occasion::Verdict => {
            let verdict = run.verdict.as_ref()?;
            (Severity::Warning, "CanaryExplained", explained(verdict))
        }
        Occasion::Outcome => outcome(run)?,
    };
    let name = match occasion {
        Occasion::Verdict => "verdict",
        Occasion::Outcome => "outcome",
    };
    Some(Announcement {
        key: format!("{}-{}-{name}", run.id, run.attempt),
        severity,
        reason: reason.to_owned(),
        message: closed(&message, &format!(" Case {}.", run.id)),
    })
}

/// The annotation: the headline, which carries no text from outside, and the pull request's page.
pub fn annotation(run: &Run) -> Option<VerdictAnnotation> {
    let verdict = run.verdict.as_ref()?;
    let url = run.proposed.as_ref().and_then(|(_, pull_request)| page(&pull_request.url));
    Some(VerdictAnnotation {
        hash: run.identity.canary.clone(),
        sentence: verdict.headline.chars().take(200).collect(),
        url: url.unwrap_or_default(),
    })
}

/// The Warning Event for a refused call at the gate: one key per attempt and cause. `None` where the Rollout is not there or not in
/// a namespace of ours: nothing may be written on it.
pub fn refusal(
    rollout: &RolloutRef,
    canary: &PodHash,
    attempt: AttemptNumber,
    refusal: &GateRefusal,
) -> Option<Announcement> {
    let (cause, advice) = advice(refusal)?;
    let why = fragment(&refusal.to_string(), 600);
    Some(Announcement {
        key: format!("{}-{}-{canary}-{attempt}-gate-{cause}", rollout.namespace, rollout.name),
        severity: Severity::Warning,
        reason: "GateCouldNotAnswer".to_owned(),
        message: closed(
            &format!("The gate gave no answer, so the measurement is an error: failed to {why}."),
            &format!(" {advice}"),
        ),
    })
}

/// A fixed name for the cause, and what to do.
fn advice(refusal: &GateRefusal) -> Option<(&'static str, &'static str)> {
    match refusal {
        GateRefusal::NamespaceNotWatched(_) | GateRefusal::NoSuchRollout(_) => None,
        GateRefusal::RepositoryNotAllowed(_) => Some((
            "repository",
            "Add a [[repository]] for it to agents.toml, or correct githubUrl in the AnalysisTemplate.",
        )),
        GateRefusal::NoCanary(_) => {
            Some(("no-canary", "A first deploy has no stable version: start the analysis with the second."))
        }
        GateRefusal::SameOnStable { .. } => {
            Some(("same-on-stable", "Mend what ails both versions, then retry the rollout."))
        }
        GateRefusal::TooLittle { .. } => Some((
            "too-little",
            "Give the canary more time or traffic, lower [gate] min_requests, min_lines or min_observation, or set the \
             annotation rollmend.dev/too-little to promote.",
        )),
        GateRefusal::Ours(_) => Some(("ours", "The daemon's log has more; the next measurement asks again.")),
    }
}

fn explained(verdict: &Verdict) -> String {
    format!(
        "{}. Cause: {} (confidence {}{}): {} Next: {}",
        verdict.headline.trim_end_matches('.'),
        verdict.category,
        verdict.confidence.get(),
        judge(verdict),
        within_bytes(&verdict.root_cause, 400),
        within_bytes(&verdict.remediation, 200),
    )
}

/// Who judged, where a model was asked for it.
fn judge(verdict: &Verdict) -> String {
    match &verdict.analyst {
        AnalystKind::Rules => String::new(),
        asked => format!(", {}", judged(asked)),
    }
}

fn outcome(run: &Run) -> Option<(Severity, &'static str, String)> {
    let headline = run.verdict.as_ref().map(|verdict| verdict.headline.trim_end_matches('.'));
    let after = |words: String| match headline {
        Some(headline) => format!("{words} {headline}."),
        None => words,
    };
    Some(match &run.state {
        State::Proposed { pull_request } => {
            let url = page(&pull_request.url).unwrap_or_else(|| pull_request.number.to_string());
            (
                Severity::Normal,
                "FixProposed",
                after(format!("Draft pull request {url} proposes a fix and waits for its reviewer.")),
            )
        }
        State::Explained { why } => (Severity::Warning, "NoFixProposed", after(no_pull_request(why))),
        State::Escalated { reason } => {
            (Severity::Warning, "HumanNeeded", after(format!("A person must act: {}.", failed_to(reason))))
        }
        State::Declined { pull_request } => {
            let url = page(&pull_request.url).unwrap_or_else(|| pull_request.number.to_string());
            let words =
                format!("Pull request {url} for this suspect was closed unmerged and is not opened again.");
            (Severity::Warning, "FixDeclined", after(words))
        }
        State::Gathering { .. }
        | State::Analyzing { .. }
        | State::Judged
        | State::HandedOff
        | State::Patching { .. }
        | State::Proposing { .. }
        | State::Retrying
        | State::Withdrawn
        | State::Superseded { .. } => return None,
    })
}

/// A reason that fits after "failed to" as a sentence on the pull request that there is not.
pub(super) fn no_pull_request(why: &str) -> String {
    let words = fragment(why, 400);
    match words.strip_prefix("open a pull request: ") {
        Some(rest) => format!("No pull request: {rest}."),
        None => format!("No pull request: {}.", failed_to(&words)),
    }
}

pub(super) fn failed_to(why: &str) -> String {
    let words = fragment(why, 500);
    if words.starts_with("failed to ") { words } else { format!("failed to {words}") }
}

/// The message with its ending whole, cut before it where both are too long.
fn closed(message: &str, ending: &str) -> String {
    let room = LONGEST.saturating_sub(ending.len());
    within_bytes(&format!("{}{ending}", within_bytes(message, room)), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_before_its_ending() {
        let message = closed(&"ä".repeat(5_000), " Case x.");
        assert!(message.len() <= LONGEST && message.len() > LONGEST - 4, "{}", message.len());
        assert!(message.ends_with("ä… Case x."), "{message}");
    }

    #[test]
    fn a_reason_reads_as_a_sentence_whoever_gave_it() {
        assert_eq!(
            no_pull_request("open a pull request: confidence 55 is below 70"),
            "No pull request: confidence 55 is below 70."
        );
        assert_eq!(
            no_pull_request("make a patch for 4f2c9d1: it is empty"),
            "No pull request: failed to make a patch for 4f2c9d1: it is empty."
        );
        assert_eq!(failed_to("failed to clone: try again."), "failed to clone: try again");
    }
}
