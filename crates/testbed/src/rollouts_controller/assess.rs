//! What measurements make of a metric, and metrics of a run (`analysis/analysis.go` of argo-rollouts).

use serde_json::{Value, json};

use crate::kubernetes::{items, number, set, text};

/// How many errors in a row a metric may have when it names no limit.
const CONSECUTIVE_ERROR_LIMIT: i64 = 4;

/// An assessment of a whole run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assessment {
    pub(super) phase: &'static str,
    pub(super) message: String,
    pub(super) run_summary: Value,
    pub(super) dry_run_summary: Value,
}

/// Whether more is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It is.
    Open,
    /// A metric that counts has decided the run.
    Decided,
    /// The run was told to end.
    Told,
}

/// Whether a phase is a final one.
pub(super) fn completed(phase: &str) -> bool {
    matches!(phase, "Successful" | "Failed" | "Error" | "Inconclusive")
}

/// How it stands with a run.
pub(super) fn course(run: &Value) -> Course {
    if run.pointer("/spec/terminate") == Some(&Value::Bool(true)) {
        return Course::Told;
    }
    let decided = items(run, "/status/metricResults").iter().any(|result| {
        !is_dry(result) && matches!(text(result, "/phase"), "Failed" | "Error" | "Inconclusive")
    });
    if decided { Course::Decided } else { Course::Open }
}

/// Adds a finished measurement to a metric's result.
pub(super) fn count(result: &mut Value, measurement: Value) {
    let raise = |result: &mut Value, field: &str| {
        set(result, field, number(result, field).unwrap_or(0) + 1);
    };
    let phase = text(&measurement, "/phase").to_owned();
    let field = match phase.as_str() {
        "Successful" => "/successful",
        "Failed" => "/failed",
        "Inconclusive" => "/inconclusive",
        _ => "/error",
    };
    raise(result, field);
    for (field, goes_on) in
        [("/consecutiveError", phase == "Error"), ("/consecutiveSuccess", phase == "Successful")]
    {
        if goes_on {
            raise(result, field);
        } else {
            crate::kubernetes::remove(result, field);
        }
    }
    if phase != "Error" {
        raise(result, "/count");
    }
    let mut measurements = items(result, "/measurements").to_vec();
    measurements.push(measurement);
    set(result, "/measurements", measurements);
}

/// How many measurements a metric takes; nothing when it goes on for ever.
pub(super) fn effective_count(metric: &Value) -> Option<i64> {
    let count = integer(metric.get("count"));
    match count {
        Some(count) if count > 0 => Some(count),
        _ if metric.get("interval").is_none() => Some(1),
        _ => None,
    }
}

/// The phase of one metric after its newest measurement.
pub(super) fn metric_phase(metric: &Value, result: &Value, course: Course) -> &'static str {
    if let Some((phase, _)) = over_a_limit(metric, result) {
        return phase;
    }
    let count = number(result, "/count").unwrap_or(0);
    if effective_count(metric).is_some_and(|wanted| count >= wanted) || course != Course::Open {
        return "Successful";
    }
    "Running"
}

/// The run's phase and message, given its metrics in order with their results.
pub(super) fn assess(metrics: &[Value], results: &[Value], course: Course) -> Assessment {
    let mut worst: Option<&'static str> = None;
    let mut message = if course == Course::Told { "Run Terminated".to_owned() } else { String::new() };
    let mut all_completed = true;
    let (mut summary, mut dry) = (json!({}), json!({}));
    for metric in metrics {
        let result = results.iter().find(|result| text(result, "/name") == text(metric, "/name"));
        let is_dry = result.is_some_and(is_dry);
        let counted = if is_dry { &mut dry } else { &mut summary };
        raise(counted, "/count");
        let Some(result) = result.filter(|result| completed(text(result, "/phase"))) else {
            all_completed = false;
            continue;
        };
        let phase = known(text(result, "/phase"));
        let limit = over_a_limit(metric, result);
        let counted_as = limit.as_ref().map_or("Successful", |(phase, _)| phase);
        raise(counted, &format!("/{}", counted_as.to_lowercase()));
        if is_dry {
            worst = worst.or(Some("Successful"));
        } else if worst.is_none_or(|worst| badness(phase) > badness(worst)) {
            worst = Some(phase);
            message = limit.map_or(message, |(_, why)| words(result, phase, &why));
        }
    }
    let (phase, message) = match worst {
        Some(worst) if all_completed || course != Course::Open => (worst, message),
        None if course != Course::Open => ("Successful", message),
        _ => ("Running", String::new()),
    };
    Assessment { phase, message, run_summary: summary, dry_run_summary: dry }
}

fn words(result: &Value, phase: &str, why: &str) -> String {
    let assessed = format!("Metric \"{}\" assessed {phase} due to {why}", text(result, "/name"));
    match text(result, "/message") {
        "" => assessed,
        message => format!("{assessed}: \"Error Message: {message}\""),
    }
}

fn is_dry(result: &Value) -> bool {
    result.get("dryRun") == Some(&Value::Bool(true))
}

/// Whether a limit of the metric is passed, and in which words.
fn over_a_limit(metric: &Value, result: &Value) -> Option<(&'static str, String)> {
    let seen = |field: &str| number(result, field).unwrap_or(0);
    let limit = |field: &str, default: i64| integer(metric.get(field)).unwrap_or(default);
    let errors = (seen("/consecutiveError"), limit("consecutiveErrorLimit", CONSECUTIVE_ERROR_LIMIT));
    if errors.0 > errors.1 {
        return Some((
            "Error",
            format!("consecutiveErrors ({}) > consecutiveErrorLimit ({})", errors.0, errors.1),
        ));
    }
    let inconclusive = (seen("/inconclusive"), limit("inconclusiveLimit", 0));
    if inconclusive.0 > inconclusive.1 {
        let why = format!("inconclusive ({}) > inconclusiveLimit ({})", inconclusive.0, inconclusive.1);
        return Some(("Inconclusive", why));
    }
    let failed = (seen("/failed"), limit("failureLimit", 0));
    if failed.1 >= 0 && failed.0 > failed.1 {
        return Some(("Failed", format!("failed ({}) > failureLimit ({})", failed.0, failed.1)));
    }
    None
}

/// Integers may be written as text, so that an argument can stand for them.
fn integer(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn raise(summary: &mut Value, field: &str) {
    set(summary, field, number(summary, field).unwrap_or(0) + 1);
}

fn badness(phase: &str) -> u8 {
    match phase {
        "Successful" => 0,
        "Inconclusive" => 1,
        "Error" => 2,
        _ => 3,
    }
}

fn known(phase: &str) -> &'static str {
    match phase {
        "Successful" => "Successful",
        "Inconclusive" => "Inconclusive",
        "Error" => "Error",
        _ => "Failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(metric: &Value, phases: &[&str]) -> Value {
        let mut result = json!({"name": "m", "phase": "Running"});
        for phase in phases {
            count(&mut result, json!({"phase": phase}));
        }
        let phase = metric_phase(metric, &result, Course::Open);
        set(&mut result, "/phase", phase);
        result
    }

    #[test]
    fn the_fifth_error_in_a_row_ends_a_metric_and_a_success_between_resets_the_count() {
        let metric = json!({"name": "m", "interval": "1s"});
        assert_eq!(after(&metric, &["Error"; 4])["phase"], "Running");
        assert_eq!(
            after(&metric, &["Error", "Error", "Successful", "Error", "Error", "Error"])["phase"],
            "Running"
        );
        let ended = after(&metric, &["Error"; 5]);
        assert_eq!(
            assess(&[metric], &[ended], Course::Decided),
            Assessment {
                phase: "Error",
                message:
                    "Metric \"m\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)"
                        .to_owned(),
                run_summary: json!({"count": 1, "error": 1}),
                dry_run_summary: json!({}),
            }
        );
    }

    #[test]
    fn a_failed_dry_run_decides_nothing() {
        let metric = json!({"name": "m", "count": 1});
        let mut failed = after(&metric, &["Failed"]);
        set(&mut failed, "/dryRun", true);
        let assessed = assess(&[metric], &[failed], Course::Open);
        assert_eq!((assessed.phase, assessed.message.as_str()), ("Successful", ""));
        assert_eq!(assessed.dry_run_summary, json!({"count": 1, "failed": 1}));
    }

    #[test]
    fn a_metric_without_count_and_interval_is_measured_once() {
        assert_eq!(after(&json!({"name": "m"}), &["Successful"])["phase"], "Successful");
        assert_eq!(after(&json!({"name": "m", "interval": "1s"}), &["Successful"])["phase"], "Running");
    }
}
