//! How sure the rules are: one table, so that a reader of a figure can find where it comes from.
//!
//! | ground | what | confidence |
//! |---|---|---|
//! | a new trace's own frame in lines that one commit changed | the trace is on the canary only | 90 |
//! | | it is on stable too, significantly less | 80 |
//! | the only commit outside documentation and tests | a new trace with a frame of the service's own | 85 |
//! | | any other trouble that a commit can bring about | 75 |
//! | a value of a manifest that one commit changed is the change of the pod template that explains it | in exactly one place | 85 |
//! | | in several places | 75 |
//! | no commit is tied to it | Kubernetes' own words and a change of the pod template that fits them | 65 |
//! | | Kubernetes' own words alone (image, reference, scheduling); the gate gave no answer | 60 |
//! | | the log names a dependency or a key; a changed address or variable that it names | 60; 65 |
//! | | an error names a variable that the pod template changed | 60 |
//! | | a metric without data, or whose provider did not answer | 60 |
//! | | a new trace with a frame of the service's own | 55 |
//! | | a container ended, changes of the pod template that may explain it | 45 |
//! | | memory ran out and no limit was lowered; trouble that stable shows as well | 40 |
//! | | a new trace without a frame of the service's own; an end or a metric without an explanation | 30 |
//! | | nothing speaks against the canary | 20 |
//!
//! From that: 25 less where another new sign could be the cause, 20 less per quote that was struck, 15 less where stable could
//! not be compared. 70 and more, from which a patch may follow, is reached on the first three grounds only.

use domain::{Confidence, Novelty, PodProblem};

use super::cause::{Cause, Tie};
use super::diagnosis::Diagnosis;
use super::sign::Sign;

const CONTESTED: u8 = 25;
const STRUCK: u8 = 20;
const NOT_COMPARED: u8 = 15;

/// How sure a diagnosis is, given how many of its quotes were struck.
pub(super) fn confidence(diagnosis: Diagnosis<'_>, struck: usize) -> Confidence {
    let Diagnosis { cause, tie, contested_by } = diagnosis;
    let base = match tie {
        Tie::Frame { .. } => with_frame(cause),
        Tie::Only { .. } => with_only_candidate(cause),
        Tie::Value { places: 1, .. } => 85,
        Tie::Value { .. } => 75,
        Tie::Loose => without_tie(cause),
    };
    let contested = if contested_by.is_some() { CONTESTED } else { 0 };
    let not_compared = match cause.sign().map(Sign::novelty) {
        Some(Novelty::Unknown) => NOT_COMPARED,
        _ => 0,
    };
    let for_quotes = u8::try_from(struck).unwrap_or(u8::MAX).saturating_mul(STRUCK);
    Confidence::of(base.saturating_sub(contested).saturating_sub(not_compared).saturating_sub(for_quotes))
}

fn with_frame(cause: Cause<'_>) -> u8 {
    match cause.sign().map(Sign::novelty) {
        Some(Novelty::New) => 90,
        _ => 80,
    }
}

fn with_only_candidate(cause: Cause<'_>) -> u8 {
    match cause {
        Cause::Error { sign: Sign::Trace(trace), .. } if trace.own_frame().is_some() => 85,
        _ => 75,
    }
}

fn without_tie(cause: Cause<'_>) -> u8 {
    match cause {
        Cause::Pod { finding, change } => pod(finding.problem, change.is_some()),
        Cause::OutOfMemory { change: Some(_), .. }
        | Cause::Dependency { change: Some(_), .. }
        | Cause::MissingKey { change: Some(_), .. } => 65,
        Cause::Dependency { change: None, .. }
        | Cause::MissingKey { change: None, .. }
        | Cause::Variable { .. }
        | Cause::GateCouldNotAnswer
        | Cause::Unmeasured { .. } => 60,
        Cause::Error { sign: Sign::Trace(trace), .. } if trace.own_frame().is_some() => 55,
        Cause::OutOfMemory { change: None, .. } | Cause::SameOnStable { .. } => 40,
        Cause::Error { .. } | Cause::MetricFailed(_) => 30,
        Cause::Inconclusive | Cause::AbortedByHand | Cause::Nothing => 20,
    }
}

fn pod(problem: PodProblem, explained: bool) -> u8 {
    match (problem, explained) {
        (PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady, true) => 45,
        (_, true) => 65,
        (PodProblem::ImagePull | PodProblem::MissingConfiguration | PodProblem::Unschedulable, false) => 60,
        (PodProblem::OomKilled, false) => 40,
        (
            PodProblem::CrashLoop | PodProblem::Exited | PodProblem::ProbeFailing | PodProblem::NotReady,
            false,
        ) => 30,
    }
}
