//! The kinds of trouble in a digest: template ids and their class, traces, failing metrics, termination reasons, the range. No
//! counts and no comparison with stable, so that more of the same asks no second analysis.

use std::collections::BTreeSet;

use domain::{Brief, CaseFile, ExhibitBody, Fingerprint};

use crate::logs::Logs;
use crate::thresholds::Thresholds;

/// The fingerprint, bounded: of too many templates or traces the first by id are named, and that there are more.
pub(super) fn of(brief: &Brief, logs: &Logs, case: &CaseFile, thresholds: &Thresholds) -> Fingerprint {
    let limit = thresholds.fingerprint_entries;
    let templates = logs.templates.iter().filter(|template| template.tally.canary > 0);
    let traces = logs.traces.iter().filter(|group| group.tally.canary > 0);
    let mut kinds = BTreeSet::new();
    kinds.extend(limited(
        templates.map(|t| format!("template {} {}", t.id, name(&t.class))),
        limit,
        "templates",
    ));
    kinds.extend(limited(traces.map(|group| group.id.replacen('-', " ", 1)), limit, "traces"));
    kinds.extend(
        brief.metrics.iter().take(limit).map(|m| format!("metric {} {}", m.metric, name(&m.problem))),
    );
    kinds.extend(
        brief.pods.iter().take(limit).map(|pod| format!("pod {} {}", pod.container, name(&pod.problem))),
    );
    kinds.insert(range(case));
    Fingerprint(kinds)
}

fn limited(entries: impl Iterator<Item = String>, limit: usize, of: &str) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = entries.collect();
    if all.len() > limit {
        all = all.into_iter().take(limit).collect();
        all.insert(format!("more {of}"));
    }
    all
}

/// The name under which a value is written to JSON.
fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn range(case: &CaseFile) -> String {
    let known = case.exhibits.iter().rev().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Range { range, .. } => {
            Some(format!("range {}..{}", range.stable.twelve(), range.canary.twelve()))
        }
        _ => None,
    });
    known.unwrap_or_else(|| "range unknown".to_owned())
}
