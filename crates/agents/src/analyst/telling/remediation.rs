//! What to do next, in one or two sentences.

use domain::{PodProblem, SpecChange, TraceFinding};

use super::query;

use crate::analyst::cause::{Cause, MeasuringFault, Place, Tie};
use crate::analyst::diagnosis::Diagnosis;
use crate::analyst::sign::{Sign, place};
use crate::facts::Facts;
use crate::voice::markdown::code;

/// What to do: the revert where a commit is tied to the cause, else what fits the cause.
pub(in crate::analyst) fn remediation(facts: Facts<'_>, diagnosis: Diagnosis<'_>) -> String {
    if let Cause::Unmeasured { metric, fault: MeasuringFault::Template } = diagnosis.cause
        && let Some(correction) = query::correction(facts, metric)
    {
        return correction;
    }
    let handled = match diagnosis.cause.sign() {
        Some(Sign::Trace(trace)) => at_own_frame(trace),
        Some(Sign::Line(_)) | None => None,
    };
    if let Tie::Value { change, place, places, .. } = diagnosis.tie {
        return of_value(change, place, places, diagnosis.cause);
    }
    match (diagnosis.tie.suspect(), diagnosis.cause) {
        (Some(suspect), _) => {
            let or = handled.map(|place| format!(", or handle the case at {place}")).unwrap_or_default();
            format!("Revert {}{or}.", suspect.sha.short())
        }
        (None, Cause::Error { sign: Sign::Trace(_), .. }) => match handled {
            Some(place) => format!("Handle the case at {place}, or go back to stable's version of it."),
            None => "Read the whole trace in the case file: no frame in it is the service's own.".to_owned(),
        },
        (None, Cause::Pod { finding, change }) => of_pod(finding.problem, change.is_some()).to_owned(),
        (None, other) => of_cause(other).to_owned(),
    }
}

/// The value as it was. An image that cannot be pulled may also be pushed.
fn of_value(change: &SpecChange, place: Place<'_>, places: u32, cause: Cause<'_>) -> String {
    let path = code(&change.path, 120);
    let what = match (change.stable.is_empty(), change.canary.is_empty()) {
        (true, _) => format!("Take {path} out again"),
        (false, true) => format!("Put {path} back as {}", code(&change.stable, 80)),
        (false, false) => format!("Set {path} back to {}", code(&change.stable, 80)),
    };
    let more = if places > 1 { " and the places that changed with it" } else { "" };
    let or = match cause {
        Cause::Pod { finding, .. } if finding.problem == PodProblem::ImagePull => ", or push the image",
        _ => "",
    };
    format!("{what} at {}{more}{or}.", place.name())
}

fn at_own_frame(trace: &TraceFinding) -> Option<String> {
    trace.own_frame().map(|frame| place(frame, trace.language))
}

fn of_pod(problem: PodProblem, explained: bool) -> &'static str {
    match (problem, explained) {
        (PodProblem::OomKilled, true) => {
            "Set the memory limit back to stable's, or find out what the service needs."
        }
        (PodProblem::OomKilled, false) => {
            "Compare the service's memory on both versions before the limit is raised."
        }
        (PodProblem::ImagePull, true) => {
            "Push the image or correct its name in the pod template, and check that the cluster may pull it."
        }
        (PodProblem::ImagePull, false) => {
            "Check that the registry answers and that the pull secret is still good: the image is stable's."
        }
        (PodProblem::MissingConfiguration, _) => {
            "Create the ConfigMap, Secret or key that the pod template names, or take the reference out."
        }
        (PodProblem::Unschedulable, _) => {
            "Make room on the cluster's nodes, or lower what the pod template asks for."
        }
        (PodProblem::ProbeFailing, true) => {
            "Check the changed probe or port against what the service listens on."
        }
        (PodProblem::ProbeFailing, false) => {
            "Find out what the probe is answered: the service runs and logs no new error."
        }
        (PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady, true) => {
            "Undo the change of the pod template, or start the new version with stable's settings to tell the two apart."
        }
        (PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady, false) => {
            "Start the new version by hand and read its first lines: the log that was kept says no more."
        }
    }
}

fn of_cause(cause: Cause<'_>) -> &'static str {
    match cause {
        Cause::GateCouldNotAnswer => {
            "Read the Events on the Rollout and this daemon's log for the error, mend that, and retry the rollout."
        }
        Cause::OutOfMemory { .. } => {
            "Compare the memory of both versions, and the limits that they run under."
        }
        Cause::Dependency { change: Some(_), .. } => {
            "Check the changed address, and that what it names runs."
        }
        Cause::Dependency { change: None, .. } => {
            "Check that what the service connects to runs and that its name resolves from the canary's namespace, then retry."
        }
        Cause::Variable { .. } => {
            "Compare what the service makes of the variable on both versions, or set it back to stable's."
        }
        Cause::MissingKey { .. } => "Set the key for the new version, or give the code a default.",
        Cause::Unmeasured { fault: MeasuringFault::Provider, .. } => {
            "Check that the metric's provider answers, then retry the rollout."
        }
        Cause::Unmeasured { fault: MeasuringFault::Template, .. } => {
            "Run the query of the AnalysisTemplate by hand for the canary: check its labels, its window, and whether the \
             canary had traffic; then retry."
        }
        Cause::Inconclusive => {
            "Look at the metric and decide: promote or abort. Conditions that leave no gap between success and failure \
             avoid this."
        }
        Cause::SameOnStable { .. } => "Mend what ails both versions first; then retry the rollout.",
        Cause::AbortedByHand => "Ask who aborted it.",
        Cause::Pod { .. } | Cause::Error { .. } | Cause::MetricFailed(_) | Cause::Nothing => {
            "Read the case file: what was seen is in it, and it does not decide the cause."
        }
    }
}
