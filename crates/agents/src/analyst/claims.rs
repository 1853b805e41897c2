//! What shows the cause: one claim per exhibit that carries it, the decisive one first.

use domain::{
    Brief, Claim, ExhibitId, MetricFinding, MetricProblem, PodFinding, PodProblem, RangeFinding, SpecChange,
    Suspect, SuspectReason, Volume,
};

use super::diagnosis::{Diagnosis, signs};
use super::sign::{Sign, place};
use crate::facts::Facts;
use crate::voice::markdown::code;

/// The most claims of a verdict; what else there is stays in the case file.
const MOST: usize = 8;

/// The claims, quotes unchecked.
pub(super) fn claims(facts: Facts<'_>, brief: &Brief, diagnosis: Diagnosis<'_>) -> Vec<Claim> {
    let cause = diagnosis.cause;
    let primary = cause.sign();
    let mut claims = Vec::new();
    claims.extend(primary.map(|sign| of_sign(sign, brief.volume)));
    claims.extend(cause.pod().map(|pod| of_pod(pod, brief.volume)));
    claims.extend(cause.change().map(of_change));
    claims.extend(brief.metrics.iter().map(of_metric));
    claims.extend(of_range(facts, brief, diagnosis));
    let others = brief.pods.iter().filter(|pod| pod.canary_pods > 0 && pod.stable_pods == 0);
    claims.extend(others.filter(|pod| Some(*pod) != cause.pod()).map(|pod| of_pod(pod, brief.volume)));
    let more_signs = signs(brief).filter(|sign| primary.is_none_or(|first| first.quote() != sign.quote()));
    claims.extend(more_signs.take(2).map(|sign| of_sign(sign, brief.volume)));
    claims.truncate(MOST);
    claims
}

fn claim(exhibit: ExhibitId, text: String, canary: String, stable: String) -> Claim {
    Claim { exhibit, text, canary, stable, quote: None }
}

/// `412 in 12,180 lines`; `not read` where no line of that side was.
fn figure(count: u64, lines: u64) -> String {
    if lines == 0 { "not read".to_owned() } else { format!("{} in {} lines", grouped(count), grouped(lines)) }
}

/// A number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 pod`, `2 pods`.
pub(super) fn pods(number: usize) -> String {
    if number == 1 { "1 pod".to_owned() } else { format!("{} pods", grouped(number as u64)) }
}

fn of_sign(sign: Sign<'_>, volume: Volume) -> Claim {
    let (canary, stable) = sign.counts();
    Claim {
        exhibit: sign.exhibit(),
        text: match sign {
            Sign::Trace(_) => sign.name(),
            Sign::Line(_) => "an error line".to_owned(),
        },
        canary: figure(canary, volume.canary_lines.max(canary)),
        stable: figure(stable, volume.stable_lines),
        quote: (!sign.quote().is_empty()).then(|| sign.quote().to_owned()),
    }
}

fn of_pod(pod: &PodFinding, volume: Volume) -> Claim {
    let of = |some: u32, all: u32| {
        if all == 0 { "not seen".to_owned() } else { format!("{some} of {}", pods(all as usize)) }
    };
    let text = format!("{} {}", subject(pod), says(pod.problem));
    let text = match code(&pod.detail, 200) {
        detail if pod.detail.trim().is_empty() || detail == "(empty)" => text,
        detail => format!("{text}: {detail}"),
    };
    let all = volume.canary_pods.max(pod.canary_pods);
    claim(pod.exhibit, text, of(pod.canary_pods, all), of(pod.stable_pods, volume.stable_pods))
}

/// The container, fenced, or the pod where no container is to blame.
pub(super) fn subject(pod: &PodFinding) -> String {
    if pod.container.is_empty() {
        "a pod".to_owned()
    } else {
        format!("container {}", code(&pod.container, 63))
    }
}

/// What Kubernetes says of a container, as the end of a sentence.
pub(super) fn says(problem: PodProblem) -> &'static str {
    match problem {
        PodProblem::OomKilled => "was killed at its memory limit",
        PodProblem::CrashLoop => "ends and is restarted again and again",
        PodProblem::Exited => "ended with a non-zero code",
        PodProblem::ImagePull => "cannot pull its image",
        PodProblem::MissingConfiguration => "refers to a ConfigMap, Secret or key that is not there",
        PodProblem::ProbeFailing => "fails its probe",
        PodProblem::Unschedulable => "cannot be created or scheduled",
        PodProblem::NotReady => "does not become Ready",
    }
}

fn of_change(change: &SpecChange) -> Claim {
    let value = |text: &str| if text.is_empty() { "absent".to_owned() } else { code(text, 80) };
    let text = format!("{} differs between the pod templates", code(&change.path, 120));
    claim(change.exhibit, text, value(&change.canary), value(&change.stable))
}

fn of_metric(metric: &MetricFinding) -> Claim {
    let name = code(metric.metric.as_str(), 80);
    let condition = code(&metric.condition, 120);
    let text = match metric.problem {
        MetricProblem::Failed if metric.condition.is_empty() => format!("metric {name} failed"),
        MetricProblem::Failed => format!("metric {name} failed {condition}"),
        MetricProblem::Errored => format!("metric {name} could not be measured"),
        MetricProblem::NoData => format!("the query of metric {name} returned no data"),
        MetricProblem::NotANumber => format!("the query of metric {name} returned NaN"),
        MetricProblem::Inconclusive => format!("metric {name} met neither of its conditions"),
    };
    let text = match metric.problem {
        MetricProblem::Errored if !metric.message.is_empty() => {
            format!("{text}: {}", code(&metric.message, 200))
        }
        _ => text,
    };
    let exhibit = metric.series.first().copied().unwrap_or(metric.exhibit);
    claim(exhibit, text, value(metric.canary.as_deref()), value(metric.stable.as_deref()))
}

/// A value as text: a number with at most four digits after the point, anything else fenced, nothing where there is none.
pub(super) fn value(text: Option<&str>) -> String {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return String::new() };
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let shown = format!("{number:.4}");
            let shown = shown.trim_end_matches('0').trim_end_matches('.');
            if shown == "0" && number != 0.0 { format!("{number:.1e}") } else { shown.to_owned() }
        }
        Ok(number) if number.is_nan() => "NaN".to_owned(),
        _ => code(text, 40),
    }
}

/// The commit that is tied to the cause, or else the first suspect as what it is: a suspicion.
fn of_range(facts: Facts<'_>, brief: &Brief, diagnosis: Diagnosis<'_>) -> Option<Claim> {
    let RangeFinding::Known { exhibit, commits, suspects, .. } = &brief.range else { return None };
    let tied = diagnosis.tie.suspect();
    let suspect = tied.or_else(|| suspects.first().filter(|first| points_somewhere(first)))?;
    let shown = match diagnosis.tie.words(diagnosis.cause) {
        Some(words) => words,
        None => reason(suspect),
    };
    let place = match commits {
        1 => "the only commit".to_owned(),
        many => format!("one of {} commits", grouped(*many)),
    };
    let between = facts.between().map(|between| format!(" {between}")).unwrap_or_default();
    let text = format!("{} {} {shown}; {place}{between}", suspect.sha.short(), code(&suspect.subject, 72));
    Some(claim(*exhibit, text, String::new(), String::new()))
}

pub(super) fn points_somewhere(suspect: &Suspect) -> bool {
    suspect.reasons.iter().any(|reason| {
        matches!(
            reason,
            SuspectReason::FrameInLines { .. }
                | SuspectReason::FrameInFile { .. }
                | SuspectReason::SpecInLines { .. }
        )
    })
}

fn reason(suspect: &Suspect) -> String {
    let words = |reason: &SuspectReason| match reason {
        SuspectReason::FrameInLines { file, line, .. } => {
            Some(format!("changed the line {}", code(&format!("{file}:{line}"), 160)))
        }
        SuspectReason::FrameInFile { file, .. } => {
            Some(format!("changed {}, on other lines", code(file, 160)))
        }
        SuspectReason::OnlyCandidate => Some("is the only one outside documentation and tests".to_owned()),
        SuspectReason::SpecInLines { file, line, .. } => {
            Some(format!("changed the value at {}", code(&format!("{file}:{line}"), 160)))
        }
        SuspectReason::ChangesCode | SuspectReason::Harmless => None,
    };
    suspect.reasons.iter().find_map(words).unwrap_or_else(|| "changes code".to_owned())
}

impl super::cause::Tie<'_> {
    /// What the commit did that ties it.
    fn words(self, cause: super::cause::Cause<'_>) -> Option<String> {
        match (self, cause.sign()) {
            (Self::Frame { frame, .. }, Some(Sign::Trace(trace))) => {
                Some(format!("changed the line {}", place(frame, trace.language)))
            }
            (Self::Value { place, places, .. }, _) => Some(format!(
                "changed the value at {}{}",
                place.name(),
                match places {
                    0 | 1 => String::new(),
                    2 => ", and in one more place".to_owned(),
                    more => format!(", and in {} more places", more - 1),
                }
            )),
            (Self::Only { .. }, _) => Some("is the only one outside documentation and tests".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(value(Some("[0.18900000000000003]")), "0.189");
        assert_eq!(value(Some("0")), "0");
        assert_eq!(value(Some("0.00001")), "1.0e-5");
        assert_eq!(value(Some("NaN")), "NaN");
        assert_eq!(value(Some("a | b")), "`a | b`");
        assert_eq!(value(None), "");
    }
}
