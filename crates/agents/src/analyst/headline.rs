//! The one sentence that goes where text is believed: an annotation, an Event's beginning.
//!
//! It is built from our own words, figures, metric and container names and short commits. No text from logs, commits or the
//! cluster's messages is in it, so nobody can speak through it.

use domain::{Brief, ContainerRole, MetricFinding, MetricName, MetricProblem, PodFinding, PodProblem};

use super::cause::{Cause, MeasuringFault, Tie};
use super::claims::{grouped, pods};
use super::diagnosis::Diagnosis;
use super::sign::Sign;
use crate::voice::plain::plain;

/// At most so many characters.
const LONGEST: usize = 200;

/// The headline.
pub(super) fn headline(brief: &Brief, diagnosis: Diagnosis<'_>) -> String {
    let what = what(diagnosis.cause);
    let since = match diagnosis.tie {
        Tie::Frame { suspect, .. } => format!(", at a line that {} changed", suspect.sha.short()),
        Tie::Only { suspect } => {
            format!(", and {} is the only commit that can be to blame", suspect.sha.short())
        }
        Tie::Value { suspect, .. } => format!(", since {}", suspect.sha.short()),
        Tie::Loose => String::new(),
    };
    let failed = brief.metrics.iter().find(|metric| metric.problem == MetricProblem::Failed);
    let metric = match (diagnosis.cause, failed) {
        (Cause::MetricFailed(_), _) | (_, None) => String::new(),
        (_, Some(metric)) => format!("; metric {} failed", name(&metric.metric)),
    };
    plain(&format!("{what}{since}{metric}"), LONGEST)
}

fn what(cause: Cause<'_>) -> String {
    match cause {
        Cause::GateCouldNotAnswer => {
            "The gate could not answer, which says nothing about the canary".to_owned()
        }
        Cause::Pod { finding, change } => of_pod(finding, change.is_some()),
        Cause::OutOfMemory { sign, change } => {
            let why = if change.is_some() { ", and its memory limit was lowered" } else { "" };
            format!("The canary runs out of memory{why} ({})", counts(sign))
        }
        Cause::Dependency { sign, change } => {
            let why = if change.is_some() { ", at an address that the pod template changed" } else { "" };
            format!("The canary cannot reach something it depends on{why} ({})", counts(sign))
        }
        Cause::MissingKey { sign, .. } => format!("The canary misses a configuration key ({})", counts(sign)),
        Cause::Variable { sign, crash, .. } => {
            let ends = if crash.is_some() { " and ends with it" } else { "" };
            format!(
                "The canary logs an error{ends}; it names a variable that the pod template changed ({})",
                counts(sign)
            )
        }
        Cause::Error { sign: sign @ Sign::Trace(_), crash } => {
            let ends = if crash.is_some() { " and ends with it" } else { "" };
            format!("The canary throws an error{ends} ({})", counts(sign))
        }
        Cause::Error { sign: sign @ Sign::Line(_), .. } => {
            format!("The canary logs an error whose cause is not known ({})", counts(sign))
        }
        Cause::MetricFailed(metric) => of_metric(metric),
        Cause::Unmeasured { metric, fault } => unmeasured(metric, fault),
        Cause::Inconclusive => {
            "The analysis was inconclusive: a metric met neither of its conditions".to_owned()
        }
        Cause::SameOnStable { .. } => {
            "Stable shows the same trouble, so the canary cannot be judged".to_owned()
        }
        Cause::AbortedByHand => {
            "A person aborted the rollout; nothing was seen that speaks against the canary".to_owned()
        }
        Cause::Nothing => {
            "The cause is not known: nothing was seen that speaks against the canary".to_owned()
        }
    }
}

fn of_pod(pod: &PodFinding, explained: bool) -> String {
    let kind = match pod.role {
        _ if pod.container.is_empty() => "pod".to_owned(),
        ContainerRole::App => format!("container {}", name_text(&pod.container)),
        ContainerRole::Init => format!("init container {}", name_text(&pod.container)),
        ContainerRole::Sidecar => format!("sidecar {}", name_text(&pod.container)),
    };
    let why = match (pod.problem, explained) {
        (PodProblem::OomKilled, true) => ", which was lowered",
        (PodProblem::ImagePull, true) => ", which is another than stable's",
        (_, true) => "; the pod template was changed where that can come from",
        (_, false) => "",
    };
    let says = super::claims::says(pod.problem);
    format!("The canary's {kind} {says}{why} ({})", pods(pod.canary_pods as usize))
}

fn of_metric(metric: &MetricFinding) -> String {
    let figure = |value: Option<&str>| {
        let number: f64 = value?.trim_matches(['[', ']']).parse().ok()?;
        number.is_finite().then(|| super::claims::value(Some(&number.to_string())))
    };
    let at = match (figure(metric.canary.as_deref()), figure(metric.stable.as_deref())) {
        (Some(canary), Some(stable)) => format!(" at {canary} (stable {stable})"),
        (Some(canary), None) => format!(" at {canary}"),
        _ => String::new(),
    };
    format!("Metric {} failed{at}, and no log or pod says why", name(&metric.metric))
}

fn unmeasured(metric: &MetricFinding, fault: MeasuringFault) -> String {
    let name = name(&metric.metric);
    match (fault, metric.problem) {
        (MeasuringFault::Provider, _) => {
            format!("The provider of metric {name} did not answer; nothing speaks against the canary")
        }
        (MeasuringFault::Template, MetricProblem::NoData) => {
            format!("The query of metric {name} finds no data; nothing else speaks against the canary")
        }
        (MeasuringFault::Template, MetricProblem::NotANumber) => {
            format!("The query of metric {name} gives NaN; nothing else speaks against the canary")
        }
        (MeasuringFault::Template, _) => {
            format!("Metric {name} cannot be measured as written; nothing else speaks against the canary")
        }
    }
}

fn counts(sign: Sign<'_>) -> String {
    let (canary, stable) = sign.counts();
    match sign.novelty() {
        domain::Novelty::Unknown => format!("{} times, too little to compare with stable", grouped(canary)),
        _ => format!("{} times, stable {}", grouped(canary), grouped(stable)),
    }
}

/// A metric's name where it is a name; an AnalysisTemplate may call a metric anything.
pub(crate) fn name(metric: &MetricName) -> String {
    name_text(metric.as_str())
}

fn name_text(text: &str) -> String {
    let is_name = text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:/-".contains(c));
    if is_name { text.to_owned() } else { "(with an odd name)".to_owned() }
}
