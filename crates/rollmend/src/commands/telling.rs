//! What was seen, gathered and digested, in a line each.

use chrono::{DateTime, Utc};
use domain::ports::ModelUse;
use domain::{Brief, CaseFile, ExhibitBody, Handoff, NoHandoff, Novelty, Rollout, RunEnd, Side, Trouble};
use orchestrator::Once;

use super::listing::ago;
use super::words::{count, grouped};

/// Troubles that are named.
const MOST: usize = 3;

pub(super) fn no_canary(rollout: &Rollout) -> String {
    let name = named(rollout);
    match &rollout.stable {
        Some(stable) => format!("{name}: stable {stable} serves, there is no canary to compare with it"),
        None => format!("{name}: a first deploy has no stable version to compare with"),
    }
}

pub(super) fn canary(once: &Once, now: DateTime<Utc>) -> String {
    let rollout = once.rollout();
    let revision = rollout.revision.map_or_else(String::new, |revision| format!(" revision {revision}"));
    let since = rollout.abort.as_ref().and_then(|abort| abort.at);
    let since = since.map_or_else(String::new, |at| format!(" {}", ago(at, now)));
    let end = match once.end() {
        Some(RunEnd::Aborted(_)) => format!("aborted{since}"),
        Some(RunEnd::AbortedByHand) => format!("aborted by hand{since}"),
        Some(RunEnd::Inconclusive(_)) => "paused, its analysis was inconclusive".to_owned(),
        Some(RunEnd::DeadlineExceeded(_)) => "over its progress deadline".to_owned(),
        None => "under way".to_owned(),
    };
    let mut parts = vec![format!("{}:{revision} {end}", named(rollout))];
    let troubles = once.troubles();
    parts.extend(troubles.iter().filter_map(trouble).take(MOST));
    if troubles.len() > MOST {
        parts.push(format!("{} in all", count(troubles.len() as u64, "trouble")));
    }
    parts.join(", ")
}

fn named(rollout: &Rollout) -> String {
    format!("{} in {}", rollout.rollout.name, rollout.rollout.namespace)
}

/// `None` for what the Rollout's own state has said already.
fn trouble(trouble: &Trouble) -> Option<String> {
    match trouble {
        Trouble::MetricFailed { metric, message } if message.is_empty() => {
            Some(format!("metric {metric} failed"))
        }
        Trouble::MetricFailed { metric, message } => Some(format!("metric {metric} failed ({message})")),
        Trouble::MetricErrored { metric, .. } => Some(format!("metric {metric} could not be measured")),
        Trouble::OomKilled { container, .. } => Some(format!("{container} was killed for its memory use")),
        Trouble::Exited { container, exit_code, .. } => {
            Some(format!("{container} exited with code {exit_code}"))
        }
        Trouble::Restarted { container, restarts, .. } => {
            Some(format!("{container} was restarted {restarts} times"))
        }
        Trouble::NotReady { pod, reason } if reason.is_empty() => Some(format!("{pod} is not ready")),
        Trouble::NotReady { pod, reason } => Some(format!("{pod} is not ready ({reason})")),
        _ => None,
    }
}

pub(super) fn evidence(case: &CaseFile) -> String {
    let (mut canary, mut stable, mut lines, mut queries, mut commits) = (0, 0, 0, 0, None);
    for exhibit in &case.exhibits {
        match &exhibit.body {
            ExhibitBody::Pods { side: Side::Canary, pods } => canary += pods.len() as u64,
            ExhibitBody::Pods { side: Side::Stable, pods } => stable += pods.len() as u64,
            ExhibitBody::Log { log } => lines += log.line_count(),
            ExhibitBody::Series { .. } => queries += 1,
            ExhibitBody::Range { range, .. } => commits = Some(range.commits.len() as u64),
            _ => {}
        }
    }
    let mut parts = vec![
        format!(
            "{} from {} and {stable} of stable",
            count(case.exhibits.len() as u64, "exhibit"),
            count(canary, "canary pod"),
        ),
        format!("{} of logs", count(lines, "line")),
    ];
    match queries {
        0 => {}
        1 => parts.push("1 query".to_owned()),
        many => parts.push(format!("{many} queries")),
    }
    parts.extend(commits.map(|commits| count(commits, "commit")));
    parts.join(", ")
}

pub(super) fn digest(brief: &Brief) -> String {
    let new = |novelties: Vec<Novelty>| {
        novelties.into_iter().filter(|novelty| novelty.is_against_canary()).count() as u64
    };
    let templates = new(brief.templates.iter().map(|template| template.novelty).collect());
    let traces = new(brief.traces.iter().map(|trace| trace.novelty).collect());
    let mut parts = vec![
        count(templates, "new error template"),
        count(traces, "new trace"),
        metrics(brief.metrics.len()),
    ];
    if !brief.pods.is_empty() {
        parts.push(count(brief.pods.len() as u64, "trouble") + " of pods");
    }
    parts.push(count(brief.changes.len() as u64, "change") + " of the pod template");
    parts.join(", ")
}

fn metrics(number: usize) -> String {
    match number {
        0 => "no metric against it".to_owned(),
        1 => "1 metric against it".to_owned(),
        many => format!("{many} metrics against it"),
    }
}

pub(super) fn clean(brief: &Brief) -> String {
    let volume = brief.volume;
    format!(
        "no trouble that stable does not show, in {} of the canary and {} of stable",
        count(volume.canary_lines, "line"),
        count(volume.stable_lines, "line")
    )
}

/// `main, 3 turns, 5,210 tokens`; without a name what is left of it, which is nothing where no model was asked.
pub(super) fn model(name: &str, used: ModelUse) -> String {
    let mut parts = Vec::new();
    if !name.is_empty() {
        parts.push(name.to_owned());
    }
    if used.calls > 0 {
        let tokens = used.cost.input_tokens.saturating_add(used.cost.output_tokens);
        parts.extend([count(used.calls, "turn"), format!("{} tokens", grouped(tokens))]);
    }
    if used.failures > 0 {
        parts.push(count(used.failures, "failed call"));
    }
    parts.join(", ")
}

/// For machines.
pub(super) fn spent(used: ModelUse) -> serde_json::Value {
    serde_json::json!({"calls": used.calls, "failures": used.failures, "cost": used.cost})
}

/// What the daemon would do with the verdict, and the command that shows it.
pub(super) fn next(handoff: &Result<Handoff, NoHandoff>, command: &str) -> String {
    match handoff {
        Ok(handoff) => match handoff.suspects().first() {
            Some(suspect) => format!(
                "The daemon in mode propose would offer a revert of {} on {}. See the patch: {command}",
                suspect.sha.short(),
                handoff.repository().url
            ),
            None => "No pull request: no commit stands out.".to_owned(),
        },
        Err(why) => {
            let why = why.to_string();
            format!("No pull request: {}.", why.strip_prefix("open a pull request: ").unwrap_or(&why))
        }
    }
}
