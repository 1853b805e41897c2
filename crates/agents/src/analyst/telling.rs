//! The verdict in words: what happened, why, what to do, and what is not known. Evidence stands between backticks.

mod query;
mod remediation;
mod root_cause;

pub(super) use remediation::remediation;
pub(super) use root_cause::root_cause;

use domain::{Brief, Claim, MetricProblem, RangeFinding};

use super::claims::value;
use crate::facts::{Facts, words};
use crate::failure::{FailedMetric, failure};
use crate::voice::markdown::code;

/// What happened: the failure, the cause, what was ruled out, and what is not known.
pub(crate) fn analysis(
    facts: Facts<'_>,
    brief: &Brief,
    cause: &str,
    claims: &[Claim],
    ruled_out: &[Claim],
) -> String {
    let mut sentences = vec![failure(facts, failed_metric(brief))];
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

/// The first failed metric with its figures.
fn failed_metric(brief: &Brief) -> Option<FailedMetric<'_>> {
    let metric = brief.metrics.iter().find(|metric| metric.problem == MetricProblem::Failed)?;
    let [canary, stable] = [&metric.canary, &metric.stable].map(|figure| value(figure.as_deref()));
    Some(FailedMetric { name: metric.metric.as_str(), canary, stable })
}

/// What could not be found, in words.
fn unknown(facts: Facts<'_>, brief: &Brief) -> Vec<String> {
    let mut fragments = Vec::new();
    let why_no_range = match &brief.range {
        RangeFinding::Unknown { why } => why.as_str(),
        RangeFinding::Known { .. } => "",
    };
    if !why_no_range.is_empty() {
        fragments.push(format!("the commits between stable and canary ({})", code(why_no_range, 200)));
    }
    fragments.extend(facts.missing(4, |missing| why_no_range.contains(&missing.what)));
    let left_out = brief.left_out.iter().filter(|what| !facts.is_missing(what));
    fragments.extend(left_out.take(4).map(|what| words(what, 160)));
    fragments
}
