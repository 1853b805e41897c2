//! The verdict in words: what happened, why, what to do, and what is not known. Evidence stands between backticks.

use domain::{Brief, Claim, MetricProblem, RangeFinding, SpecChange, Trouble};

use super::cause::{Cause, MeasuringFault, Tie};
use super::claims::{says, value};
use super::diagnosis::Diagnosis;
use super::sign::{Sign, error_name, place};
use crate::facts::{Facts, clock, fragment};
use crate::voice::markdown::code;
use crate::voice::plain::plain;

/// What happened: the failure, the cause, what was ruled out, and what is not known.
pub(super) fn analysis(
    facts: Facts<'_>,
    troubles: &[Trouble],
    brief: &Brief,
    cause: &str,
    claims: &[Claim],
    ruled_out: &[Claim],
) -> String {
    let mut sentences = vec![failure(facts, troubles, brief)];
    let shown: Vec<String> = claims.iter().map(|claim| claim.exhibit.to_string()).collect();
    let shown = if shown.is_empty() { String::new() } else { format!(" ({})", unique(shown).join(", ")) };
    sentences.push(format!("{}{shown}.", cause.trim_end_matches('.')));
    if !ruled_out.is_empty() {
        let words: Vec<String> =
            ruled_out.iter().map(|claim| format!("{} ({})", claim.text, claim.exhibit)).collect();
        sentences.push(format!("Ruled out: {}.", words.join("; ")));
    }
    let unknown = unknown(facts, brief);
    if !unknown.is_empty() {
        sentences.push(format!("Not known: {}.", unknown.join("; ")));
    }
    sentences.join(" ")
}

fn unique(mut words: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words
}

/// `Canary 86686d4656 of shop/users failed metric …: 0.189, stable 0, at 02:31:37 UTC.`
fn failure(facts: Facts<'_>, troubles: &[Trouble], brief: &Brief) -> String {
    let at = facts.failed_at().map(|at| format!(" at {}", clock(at))).unwrap_or_default();
    let subject = format!("The {}", facts.canary_words());
    let failed = brief.metrics.iter().find(|metric| metric.problem == MetricProblem::Failed);
    if let Some(metric) = failed {
        let canary = value(metric.canary.as_deref());
        let stable = value(metric.stable.as_deref());
        let figures = match (canary.is_empty(), stable.is_empty()) {
            (false, false) => format!(": {canary}, stable {stable}"),
            (false, true) => format!(": {canary}"),
            _ => String::new(),
        };
        return format!("{subject} failed metric {}{at}{figures}.", code(metric.metric.as_str(), 80));
    }
    let has = |kind: fn(&Trouble) -> bool| troubles.iter().any(kind);
    if has(|trouble| matches!(trouble, Trouble::ProgressDeadlineExceeded { .. })) {
        let deadline = facts.rollout().map(|rollout| format!(" of {} s", rollout.progress_deadline_seconds));
        format!("{subject} missed its progress deadline{}{at}.", deadline.unwrap_or_default())
    } else if has(|trouble| matches!(trouble, Trouble::AbortedByHand)) {
        format!("The {} was aborted by a person{at}.", facts.canary_words())
    } else if has(|trouble| {
        matches!(trouble, Trouble::MetricErrored { .. } | Trouble::GateCouldNotAnswer { .. })
    }) {
        format!("The analysis of {} ended in errors{at}.", facts.canary_words())
    } else {
        format!("{subject} is in trouble{at}.")
    }
}

/// What could not be found, in words.
fn unknown(facts: Facts<'_>, brief: &Brief) -> Vec<String> {
    let mut words = Vec::new();
    if let RangeFinding::Unknown { why } = &brief.range {
        words.push(format!("the commits between stable and canary ({})", fragment(why, 200)));
    }
    let commits_said = words.len();
    words.extend(facts.missing(4));
    if brief.volume.dropped_lines > 0 {
        words.push(format!(
            "{} log lines that limits dropped",
            super::claims::grouped(brief.volume.dropped_lines)
        ));
    }
    let left_out = brief.left_out.iter().map(|what| fragment(what, 160));
    let known: Vec<String> = words.get(commits_said..).unwrap_or_default().to_vec();
    words.extend(left_out.filter(|what| !known.iter().any(|one| one.contains(what.as_str()))).take(4));
    words
}

/// The cause in one or two sentences.
pub(super) fn root_cause(diagnosis: Diagnosis<'_>) -> String {
    let cause = the_cause(diagnosis);
    match diagnosis.contested_by {
        Some(sign) => format!("{cause} It may also follow from {}, which is new as well.", sign.name()),
        None => cause,
    }
}

fn the_cause(diagnosis: Diagnosis<'_>) -> String {
    let since = since(diagnosis);
    match diagnosis.cause {
        Cause::GateCouldNotAnswer => {
            "The gate could not answer: its calls ended in errors of this daemon's own, \
             so the run failed without a judgement of the canary."
                .to_owned()
        }
        Cause::Pod { finding, change } => {
            let container = code(&finding.container, 63);
            let detail = if finding.detail.trim().is_empty() {
                String::new()
            } else {
                format!(": {}", code(&finding.detail, 200))
            };
            let first = format!("Container {container} {}{detail}{since}.", says(finding.problem));
            with_change(first, change)
        }
        Cause::OutOfMemory { sign, change } => {
            with_change(format!("The service runs out of memory: {}{since}.", sign.name()), change)
        }
        Cause::Dependency { sign, change } => with_change(
            format!("Something that the service depends on cannot be reached: {}.", sign.name()),
            change,
        ),
        Cause::MissingKey { sign, change } => {
            with_change(format!("A configuration key is missing: {}{since}.", said(sign)), change)
        }
        Cause::Error { sign: sign @ Sign::Trace(_), crash } => {
            let ends = crash
                .map(|pod| format!(", and container {} {}", code(&pod.container, 63), says(pod.problem)));
            format!("{}{}{since}.", said(sign), ends.unwrap_or_default())
        }
        Cause::Error { sign: sign @ Sign::Line(_), .. } if since.is_empty() => {
            format!("Not known. The canary logs {}, which does not say where it comes from.", sign.name())
        }
        Cause::Error { sign: sign @ Sign::Line(_), .. } => format!("The canary logs {}{since}.", sign.name()),
        Cause::MetricFailed(_) if since.is_empty() => {
            "Not known: the metric failed, and neither the logs nor the pods say why.".to_owned()
        }
        Cause::MetricFailed(metric) => {
            format!(
                "Metric {} is worse on the canary{since}; no log says why.",
                code(metric.metric.as_str(), 80)
            )
        }
        other => without_service(other),
    }
}

/// Causes that are not in the service.
fn without_service(cause: Cause<'_>) -> String {
    match cause {
        Cause::Unmeasured { metric, fault } => {
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
            let message = if metric.message.is_empty() {
                String::new()
            } else {
                format!(": {}", code(&metric.message, 160))
            };
            format!("{words}{message}. Nothing else speaks against the canary.")
        }
        Cause::Inconclusive => {
            "Not known: the analysis was inconclusive, a metric met neither of its conditions.".to_owned()
        }
        Cause::SameOnStable { sign: Some(sign) } => {
            format!("Not the canary alone: stable shows the same trouble, {}.", sign.name())
        }
        Cause::SameOnStable { sign: None } => {
            "Not the canary alone: stable shows the same trouble.".to_owned()
        }
        Cause::AbortedByHand => {
            "A person aborted the rollout. Nothing was seen that speaks against the canary.".to_owned()
        }
        _ => "Not known: no log, pod or metric was seen that speaks against the canary.".to_owned(),
    }
}

/// The trace's error, place and message; a line's pattern.
fn said(sign: Sign<'_>) -> String {
    match sign {
        Sign::Trace(trace) => {
            let message = if trace.message.trim().is_empty() {
                String::new()
            } else {
                format!(" ({})", code(&trace.message, 160))
            };
            let at = trace.own_frame().map(|frame| format!(" at {}", place(frame, trace.language)));
            format!("{}{}{message}", error_name(trace), at.unwrap_or_default())
        }
        Sign::Line(_) => sign.name(),
    }
}

fn since(diagnosis: Diagnosis<'_>) -> String {
    match (diagnosis.tie, diagnosis.cause.sign()) {
        (Tie::Frame { suspect, frame }, Some(Sign::Trace(trace))) => {
            let is_said = trace.own_frame() == Some(frame);
            let line = if is_said {
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

fn with_change(first: String, change: Option<&SpecChange>) -> String {
    let Some(change) = change else { return first };
    let value = |text: &str| if text.is_empty() { "absent".to_owned() } else { code(text, 80) };
    format!(
        "{first} The pod template has {} as {}, stable's as {}.",
        code(&change.path, 120),
        value(&change.canary),
        value(&change.stable)
    )
}

/// What to do next, in one or two sentences.
pub(super) fn remediation(diagnosis: Diagnosis<'_>) -> String {
    use domain::PodProblem as P;
    if let Some(suspect) = diagnosis.tie.suspect() {
        let other = match diagnosis.cause.sign() {
            Some(Sign::Trace(trace)) => trace
                .own_frame()
                .map(|frame| format!(", or handle the case at {}", place(frame, trace.language))),
            _ => None,
        };
        return format!("Revert {}{}.", suspect.sha.short(), other.unwrap_or_default());
    }
    let words = match diagnosis.cause {
        Cause::GateCouldNotAnswer => {
            "Read the Events on the Rollout and this daemon's log for the error, mend that, and retry the rollout."
        }
        Cause::Pod { finding, change } => match (finding.problem, change) {
            (P::OomKilled, Some(_)) => {
                "Set the memory limit back to stable's, or find out what the service needs."
            }
            (P::OomKilled, None) => {
                "Compare the service's memory on both versions before the limit is raised: no limit was lowered."
            }
            (P::ImagePull, Some(_)) => {
                "Push the image or correct its name in the pod template, and check that the cluster may pull it."
            }
            (P::ImagePull, None) => {
                "Check that the registry answers and that the pull secret is still good: the image is stable's."
            }
            (P::MissingConfiguration, _) => {
                "Create the ConfigMap, Secret or key that the pod template names, or take the reference out."
            }
            (P::Unschedulable, _) => {
                "Make room on the cluster's nodes, or lower what the pod template asks for."
            }
            (P::ProbeFailing, Some(_)) => {
                "Check the changed probe or port against what the service listens on."
            }
            (P::ProbeFailing, None) => {
                "Find out why the service does not pass the probe: it starts, and its log shows no new error."
            }
            (_, Some(_)) => {
                "Undo the change of the pod template, or start the new version with stable's settings to tell the two apart."
            }
            (_, None) => {
                "Start the new version by hand and read its first lines: the log that was kept says no more."
            }
        },
        Cause::OutOfMemory { .. } => {
            "Compare the memory of both versions, and the limits that they run under."
        }
        Cause::Dependency { change: Some(_), .. } => {
            "Check the changed address, and that what it names runs."
        }
        Cause::Dependency { change: None, .. } => {
            "Check that what the service connects to runs and that its name resolves from the canary's namespace, then retry."
        }
        Cause::MissingKey { .. } => "Set the key for the new version, or give the code a default.",
        Cause::Error { sign: Sign::Trace(trace), .. } => {
            return trace.own_frame().map_or_else(
                || "Read the whole trace in the case file: no frame in it is the service's own.".to_owned(),
                |frame| {
                    format!(
                        "Handle the case at {}, or go back to stable's version of it.",
                        place(frame, trace.language)
                    )
                },
            );
        }
        Cause::Unmeasured { fault: MeasuringFault::Provider, .. } => {
            "Check that the metric's provider answers, then retry the rollout."
        }
        Cause::Unmeasured { .. } => {
            "Run the query of the AnalysisTemplate by hand for the canary: check its labels, its window, and whether the canary had traffic; then retry."
        }
        Cause::Inconclusive => {
            "Look at the metric and decide: promote or abort. Conditions that leave no gap between success and failure avoid this."
        }
        Cause::SameOnStable { .. } => "Mend what ails both versions first; then retry the rollout.",
        Cause::AbortedByHand => "Ask who aborted it.",
        Cause::Error { .. } | Cause::MetricFailed(_) | Cause::Nothing => {
            "Read the case file: what was seen is in it, and it does not decide the cause."
        }
    };
    plain(words, 400)
}
