//! Puts the digest of a case together.

mod fingerprint;
mod pack;

use std::collections::BTreeSet;

use domain::{
    Brief, CaseFile, CaseId, ContainerName, ContainerState, Exhibit, ExhibitBody, ExhibitId, Novelty,
    PodName, RangeFinding, RepositoryStanding, Side, TemplateFinding, TraceFinding, Volume,
};

use crate::attempt::Attempt;
use crate::compare::{self, Tally};
use crate::excerpt::thousands;
use crate::logs::{self, Fate, Logs, Source};
use crate::standing::Found;
use crate::suspects::{self, Against};
use crate::thresholds::Thresholds;
use crate::trouble::{is_evicted, terminations};
use crate::{metrics, pods, spec};

/// A Rollout's progress deadline where the case has no Rollout (argoproj/argo-rollouts, `progressDeadlineSeconds`).
const PROGRESS_DEADLINE_SECONDS: u64 = 600;

/// The digest, within the budget.
pub(crate) fn of(case: &CaseFile, id: &CaseId, thresholds: &Thresholds) -> Brief {
    let attempt = attempt(case, thresholds);
    let logs = logs::read(&sources(case, &attempt), Some(attempt.from), thresholds);
    let traces = traces(&logs, thresholds);
    let templates = templates(&logs, thresholds);
    let metrics = metrics::judged(case, &attempt);
    let pods = pods::findings(case, &attempt);
    let found = Found {
        troubles: &case.header.troubles,
        metrics: &metrics,
        pods: &pods,
        templates: &templates,
        traces: &traces,
        logs: &logs,
    };
    let standing = found.standing(thresholds);
    let mut left_out = left_out(case, &logs);
    let changes = spec::changes(case);
    let against = Against { traces: &traces, changes: &changes, pods: &pods, trouble: found.trouble_is() };
    let range = range(case, against, &mut left_out);
    let metrics = metrics.into_iter().map(|judged| judged.finding).collect();
    let mut brief = Brief {
        case: id.clone(),
        standing,
        fingerprint: domain::Fingerprint::default(),
        volume: volume(&logs),
        metrics,
        pods,
        traces,
        templates,
        changes,
        range,
        left_out,
    };
    brief.fingerprint = fingerprint::of(&brief, &logs, case, thresholds);
    pack::into_budget(&mut brief, thresholds.brief_bytes);
    brief
}

/// The span of the case's attempt, with the Rollout's deadline.
fn attempt(case: &CaseFile, thresholds: &Thresholds) -> Attempt {
    let deadline = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Rollout { rollout } => Some(rollout.progress_deadline_seconds),
        _ => None,
    });
    let header = &case.header;
    Attempt::new(header.from, header.frozen_at, deadline.unwrap_or(PROGRESS_DEADLINE_SECONDS), thresholds)
}

/// The logs with what became of their containers.
fn sources<'a>(case: &'a CaseFile, attempt: &Attempt) -> Vec<Source<'a>> {
    let died = died(case, attempt);
    case.exhibits
        .iter()
        .filter_map(|exhibit| match &exhibit.body {
            ExhibitBody::Log { log } => {
                let has_died = died.contains(&(&log.pod, &log.container));
                let fate = if has_died { Fate::Died } else { Fate::Lives };
                Some(Source { exhibit: Some(exhibit.id), log, fate })
            }
            _ => None,
        })
        .collect()
}

/// Containers that ended with an error in the attempt; what the deletion of a pod did does not count.
fn died<'a>(case: &'a CaseFile, attempt: &Attempt) -> BTreeSet<(&'a PodName, &'a ContainerName)> {
    let by_trouble = case.header.troubles.iter().filter_map(|trouble| match trouble {
        domain::Trouble::Exited { pod, container, .. }
        | domain::Trouble::Restarted { pod, container, .. } => Some((pod, container)),
        _ => None,
    });
    let canary_pods = case.exhibits.iter().flat_map(canary_pods);
    canary_pods
        .filter(|pod| !is_evicted(pod))
        .flat_map(|pod| pod.containers.iter().map(move |container| (pod, container)))
        .filter(|(pod, container)| {
            let is_staying = pod.presence == domain::Presence::Staying;
            terminations(pod, container, attempt).any(|end| {
                let is_deletion =
                    !is_staying && matches!(&container.state, ContainerState::Terminated(now) if now == end);
                end.exit_code != 0 && !is_deletion
            })
        })
        .map(|(pod, container)| (&pod.name, &container.name))
        .chain(by_trouble)
        .collect()
}

fn canary_pods(exhibit: &Exhibit) -> &[domain::Pod] {
    match &exhibit.body {
        ExhibitBody::Pods { side: Side::Canary, pods } => pods,
        _ => &[],
    }
}

fn volume(logs: &Logs) -> Volume {
    Volume {
        canary_lines: logs.canary.lines,
        stable_lines: logs.stable.lines,
        canary_pods: logs.canary.pods(),
        stable_pods: logs.stable.pods(),
        dropped_lines: logs.canary.dropped + logs.stable.dropped,
    }
}

fn novelty(tally: Tally, logs: &Logs, thresholds: &Thresholds) -> Novelty {
    compare::novelty(tally, logs.canary.exposure(), logs.stable.exposure(), thresholds)
}

/// New ones first, then the more frequent.
fn order(novelty: Novelty, canary: u64) -> (u8, std::cmp::Reverse<u64>) {
    let rank = match novelty {
        Novelty::New => 0,
        Novelty::More => 1,
        Novelty::Unknown => 2,
        Novelty::Alike => 3,
        Novelty::Less => 4,
    };
    (rank, std::cmp::Reverse(canary))
}

fn traces(logs: &Logs, thresholds: &Thresholds) -> Vec<TraceFinding> {
    let mut findings: Vec<TraceFinding> = logs
        .traces
        .iter()
        .map(|group| TraceFinding {
            exhibit: group.sight.exhibit.unwrap_or(ExhibitId(std::num::NonZeroU32::MIN)),
            language: group.trace.language,
            error: group.trace.error.clone(),
            message: group.trace.message.clone(),
            frames: group.trace.frames.clone(),
            canary: group.tally.canary,
            stable: group.tally.stable,
            quote: group.sight.quote.clone(),
            novelty: novelty(group.tally, logs, thresholds),
        })
        .collect();
    findings.sort_by_key(|finding| order(finding.novelty, finding.canary));
    findings
}

fn templates(logs: &Logs, thresholds: &Thresholds) -> Vec<TemplateFinding> {
    let mut findings: Vec<TemplateFinding> = logs
        .templates
        .iter()
        .map(|template| TemplateFinding {
            id: template.id.clone(),
            exhibit: template.sight.exhibit.unwrap_or(ExhibitId(std::num::NonZeroU32::MIN)),
            pattern: template.pattern.clone(),
            class: template.class,
            canary: template.tally.canary,
            stable: template.tally.stable,
            quote: template.sight.quote.clone(),
            novelty: novelty(template.tally, logs, thresholds),
        })
        .collect();
    findings.sort_by_key(|finding| order(finding.novelty, finding.canary));
    findings
}

fn range(case: &CaseFile, against: Against<'_>, left_out: &mut Vec<String>) -> RangeFinding {
    let known = case.exhibits.iter().rev().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Range { range, .. } => Some((exhibit.id, range)),
        _ => None,
    });
    let Some((exhibit, range)) = known else {
        return RangeFinding::Unknown { why: why_unknown(case) };
    };
    let (suspects, said) = suspects::of(range, against);
    left_out.extend(said);
    RangeFinding::Known {
        exhibit,
        commits: range.commits.len() as u64 + range.left_out,
        canary: range.canary.clone(),
        suspects,
    }
}

fn why_unknown(case: &CaseFile) -> String {
    let is_about_range = |what: &str| {
        ["range", "commit", "repository", "revision"].iter().any(|word| what.to_lowercase().contains(word))
    };
    let missing = case.missing.iter().find(|missing| is_about_range(&missing.what));
    let why = match (&case.header.repository, missing) {
        (_, Some(missing)) => format!("{}: {}", missing.what, missing.why),
        (RepositoryStanding::NotNamed, None) => {
            "nothing names the repository; set the annotation rollmend.dev/repository on the Rollout"
                .to_owned()
        }
        (RepositoryStanding::Refused { reason }, None) => reason.clone(),
        (RepositoryStanding::Allowed { .. }, None) => "the commits were not read".to_owned(),
    };
    crate::excerpt::bounded(&why, crate::excerpt::SHOWN)
}

/// What could not be had or read.
fn left_out(case: &CaseFile, logs: &Logs) -> Vec<String> {
    let mut said: Vec<String> = case
        .missing
        .iter()
        .map(|missing| crate::excerpt::bounded(&format!("{}: {}", missing.what, missing.why), 200))
        .collect();
    for (number, what) in [
        (logs.canary.dropped, "canary log lines that limits dropped"),
        (logs.stable.dropped, "stable log lines that limits dropped"),
        (logs.cut, "log lines of which only the first 8 KiB were read"),
        (logs.uncounted, "error lines and traces of too many different kinds"),
    ] {
        if number > 0 {
            said.push(format!("{} {what}", thousands(number)));
        }
    }
    said
}
