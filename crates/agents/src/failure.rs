//! The failure in one sentence, as analysis and pull request begin.

use domain::Trouble;

use crate::facts::{Facts, clock};
use crate::voice::markdown::code;

/// A failed metric with its figures, as they are shown; an empty figure is not known.
pub(crate) struct FailedMetric<'a> {
    pub(crate) name: &'a str,
    pub(crate) canary: String,
    pub(crate) stable: String,
}

/// `The canary 1.1.0 (86686d4656) of shop/users failed metric … at 02:31:37 UTC: 0.189, stable 0.`
pub(crate) fn failure(facts: Facts<'_>, metric: Option<FailedMetric<'_>>) -> String {
    let at = facts.failed_at().map(|at| format!(" at {}", clock(at))).unwrap_or_default();
    let subject = format!("The {}", facts.canary_words());
    if let Some(metric) = metric {
        let figures = match (metric.canary.is_empty(), metric.stable.is_empty()) {
            (false, false) => format!(": {}, stable {}", metric.canary, metric.stable),
            (false, true) => format!(": {}", metric.canary),
            (true, _) => String::new(),
        };
        return format!("{subject} failed metric {}{at}{figures}.", code(metric.name, 80));
    }
    let has = |kind: fn(&Trouble) -> bool| facts.troubles().iter().any(kind);
    if has(|trouble| matches!(trouble, Trouble::ProgressDeadlineExceeded { .. })) {
        let deadline = facts.rollout().map(|rollout| format!(" of {} s", rollout.progress_deadline_seconds));
        format!("{subject} missed its progress deadline{}{at}.", deadline.unwrap_or_default())
    } else if has(|trouble| matches!(trouble, Trouble::AbortedByHand)) {
        format!("{subject} was aborted by a person{at}.")
    } else if has(|trouble| {
        matches!(trouble, Trouble::MetricErrored { .. } | Trouble::GateCouldNotAnswer { .. })
    }) {
        format!("The analysis of {} ended in errors{at}.", facts.canary_words())
    } else if at.is_empty() {
        format!("{subject} is in trouble.")
    } else {
        format!("{subject} failed{at}.")
    }
}
