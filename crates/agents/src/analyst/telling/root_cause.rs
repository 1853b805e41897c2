//! The cause in one or two sentences.

use domain::{Language, MetricFinding, MetricProblem, PodFinding, PodProblem, SpecChange, TraceFinding};

use crate::analyst::cause::{Cause, MeasuringFault, Tie};
use crate::analyst::claims::{says, subject};
use crate::analyst::diagnosis::Diagnosis;
use crate::analyst::sign::{Sign, error_name, place};
use crate::voice::markdown::code;

/// The cause, and what else it may come from.
pub(in crate::analyst) fn root_cause(diagnosis: Diagnosis<'_>) -> String {
    let cause = the_cause(diagnosis);
    match diagnosis.contested_by {
        Some(sign) => format!("{cause} It may also follow from {}, which is new as well.", sign.name()),
        None => cause,
    }
}

fn the_cause(diagnosis: Diagnosis<'_>) -> String {
    let (since, tie) = (since(diagnosis), diagnosis.tie);
    match diagnosis.cause {
        Cause::Pod { finding, change } => with_change(of_pod(finding, &since, change), change, tie),
        Cause::OutOfMemory { sign, change } => {
            with_change(format!("The service runs out of memory: {}{since}.", sign.name()), change, tie)
        }
        Cause::Dependency { sign, change } => {
            let first = format!("Something that the service depends on cannot be reached: {}.", sign.name());
            with_change(first, change, tie)
        }
        Cause::MissingKey { sign: sign @ Sign::Line(_), change } => {
            with_change(format!("A configuration key is missing: {}{since}.", sign.name()), change, tie)
        }
        Cause::MissingKey { sign: Sign::Trace(trace), change } => with_change(
            format!("A configuration key is missing: {}{}{since}.", error_name(trace), at_and_message(trace)),
            change,
            tie,
        ),
        Cause::Variable { sign, change, crash } => {
            let end = crash.map(|pod| format!(" {} {}.", sentence(&subject(pod)), says(pod.problem)));
            let first = match sign {
                Sign::Trace(trace) => of_trace(trace, crash, ""),
                Sign::Line(_) => format!("The canary logs {}.{}", sign.name(), end.unwrap_or_default()),
            };
            with_change(first, Some(change), tie)
        }
        Cause::Error { sign: Sign::Trace(trace), crash } => of_trace(trace, crash, &since),
        Cause::Error { sign: sign @ Sign::Line(_), .. } if since.is_empty() => {
            format!(
                "The cause is not known: the canary logs {}, which does not say where it comes from.",
                sign.name()
            )
        }
        Cause::Error { sign: sign @ Sign::Line(_), .. } => format!("The canary logs {}{since}.", sign.name()),
        Cause::MetricFailed(metric) => of_metric(metric, &since),
        Cause::Unmeasured { metric, fault } => unmeasured(metric, fault),
        Cause::SameOnStable { sign: Some(sign) } => {
            format!("It is not the canary alone: stable shows the same trouble, {}.", sign.name())
        }
        Cause::GateCouldNotAnswer
        | Cause::Inconclusive
        | Cause::SameOnStable { sign: None }
        | Cause::AbortedByHand
        | Cause::Nothing => without_evidence(diagnosis.cause).to_owned(),
    }
}

fn without_evidence(cause: Cause<'_>) -> &'static str {
    match cause {
        Cause::GateCouldNotAnswer => {
            "The gate could not answer: its calls ended in errors of this daemon's own, so the run failed without a \
             judgement of the canary."
        }
        Cause::Inconclusive => {
            "The cause is not known: the analysis was inconclusive, a metric met neither of its conditions."
        }
        Cause::SameOnStable { .. } => "It is not the canary alone: stable shows the same trouble.",
        Cause::AbortedByHand => {
            "A person aborted the rollout. Nothing was seen that speaks against the canary."
        }
        _ => "The cause is not known: no log, pod or metric was seen that speaks against the canary.",
    }
}

fn of_pod(pod: &PodFinding, since: &str, change: Option<&SpecChange>) -> String {
    let detail = match pod.detail.trim() {
        "" => String::new(),
        detail => format!(": {}", code(detail, 200)),
    };
    let unexplained = match pod.problem {
        _ if change.is_some() || !since.is_empty() => "",
        PodProblem::OomKilled => " No limit was lowered; what needs the memory is not known.",
        PodProblem::CrashLoop | PodProblem::Exited => " The log that was kept does not say why.",
        PodProblem::ProbeFailing | PodProblem::NotReady => " Why is not known: no new error is in the logs.",
        PodProblem::ImagePull | PodProblem::MissingConfiguration | PodProblem::Unschedulable => "",
    };
    format!("{} {}{detail}{since}.{unexplained}", sentence(&subject(pod)), says(pod.problem))
}

fn of_trace(trace: &TraceFinding, crash: Option<&PodFinding>, since: &str) -> String {
    let own = match trace.own_frame() {
        Some(_) => "",
        None => " No frame of the trace is the service's own.",
    };
    let end = crash.map(|pod| format!(" {} {}.", sentence(&subject(pod)), says(pod.problem)));
    let happens = match trace.language {
        Language::Rust => "The service panics".to_owned(),
        Language::Java => format!("{} is thrown", error_name(trace)),
        Language::Python => format!("{} is raised", error_name(trace)),
    };
    format!("{happens}{}{since}.{own}{}", at_and_message(trace), end.unwrap_or_default())
}

/// The words with a capital.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// ` at …:42 (message)`, as far as both are known.
fn at_and_message(trace: &TraceFinding) -> String {
    let message = match trace.message.trim() {
        "" => String::new(),
        message => format!(" ({})", code(message, 160)),
    };
    let at = trace.own_frame().map(|frame| format!(" at {}", place(frame, trace.language)));
    format!("{}{message}", at.unwrap_or_default())
}

fn of_metric(metric: &MetricFinding, since: &str) -> String {
    if since.is_empty() {
        return "The cause is not known: the metric failed, and neither the logs nor the pods say why."
            .to_owned();
    }
    format!("Metric {} is worse on the canary{since}. No log says why.", code(metric.metric.as_str(), 80))
}

fn unmeasured(metric: &MetricFinding, fault: MeasuringFault) -> String {
    let name = code(metric.metric.as_str(), 80);
    let words = match (fault, metric.problem) {
        (MeasuringFault::Provider, _) => format!("The provider of metric {name} did not answer"),
        (_, MetricProblem::NoData) if metric.stable.is_some() => {
            format!("The query of metric {name} finds data for stable and none for the canary")
        }
        (_, MetricProblem::NoData) => format!("The query of metric {name} finds no data"),
        (_, MetricProblem::NotANumber) => {
            format!("The query of metric {name} gives NaN, as 0/0 does without requests")
        }
        _ => format!("Metric {name} cannot be measured as it is written"),
    };
    let message = match metric.message.trim() {
        "" | "NaN" => String::new(),
        message => format!(": {}", code(message, 160)),
    };
    format!("{words}{message}. Nothing else speaks against the canary.")
}

fn since(diagnosis: Diagnosis<'_>) -> String {
    match (diagnosis.tie, diagnosis.cause.sign()) {
        (Tie::Frame { suspect, frame }, Some(Sign::Trace(trace))) => {
            let line = if trace.own_frame() == Some(frame) {
                "a line".to_owned()
            } else {
                format!("called from {}, a line", place(frame, trace.language))
            };
            format!(", {line} that {} ({}) changed", suspect.sha.short(), code(&suspect.subject, 72))
        }
        (Tie::Only { suspect }, _) => format!(
            ", since {} ({}), the only commit outside documentation and tests",
            suspect.sha.short(),
            code(&suspect.subject, 72)
        ),
        _ => String::new(),
    }
}

fn with_change(first: String, change: Option<&SpecChange>, tie: Tie<'_>) -> String {
    let Some(change) = change else { return first };
    let path = code(&change.path, 120);
    let value = |text: &str| code(text, 80);
    let second = match (change.canary.is_empty(), change.stable.is_empty()) {
        (true, _) => {
            format!("The canary's pod template lacks {path}, which is {} on stable", value(&change.stable))
        }
        (false, true) => {
            format!("The canary's pod template has {path} as {}, stable's has none", value(&change.canary))
        }
        (false, false) => {
            format!(
                "The pod template has {path} as {}, stable's as {}",
                value(&change.canary),
                value(&change.stable)
            )
        }
    };
    let since = match tie {
        Tie::Value { suspect, place, places, .. } => format!(
            ", since {} ({}) changed {}{}",
            suspect.sha.short(),
            code(&suspect.subject, 72),
            place.name(),
            more_places(places)
        ),
        Tie::Frame { .. } | Tie::Only { .. } | Tie::Loose => String::new(),
    };
    format!("{first} {second}{since}.")
}

/// The places beside the first.
fn more_places(places: u32) -> String {
    match places {
        0 | 1 => String::new(),
        2 => " and one more place".to_owned(),
        more => format!(" and {} more places", more - 1),
    }
}
