//! The rule of trouble by status: what makes an observation an incident.
//!
//! Only what belongs to the attempt counts. Metrics under `dryRun` decide nothing, and a metric that this daemon answers is no
//! evidence: its failure ends the run, and the cause is what the digest finds.

mod pods;

use std::collections::BTreeSet;

use domain::{AnalysisPhase, AnalysisRun, Metric, MetricStanding, Observation, Trouble};

pub(crate) use pods::{hopeless, is_evicted, overdue, terminations};

use crate::attempt::Attempt;
use crate::compare::{self, Tally};
use crate::excerpt;
use crate::logs::Logs;
use crate::thresholds::Thresholds;

/// How the words of an abort end that `spec.progressDeadlineAbort` brought about (argoproj/argo-rollouts,
/// `ReplicaSetTimeOutMessage` and `RolloutTimeOutMessage`).
const TIMED_OUT: &str = " has timed out progressing.";

/// Trouble by status, each once, in a fixed order.
pub(crate) fn by_status(observation: &Observation, thresholds: &Thresholds) -> Vec<Trouble> {
    let attempt = Attempt::of(observation, thresholds);
    let runs: Vec<&AnalysisRun> =
        observation.runs.iter().filter(|run| attempt.contains(Some(run.created_at))).collect();
    let mut troubles = BTreeSet::new();
    troubles.extend(runs.iter().flat_map(|run| by_metrics(run)));
    troubles.extend(by_abort(observation, &attempt, &runs));
    troubles.extend(by_deadline(observation, &attempt));
    troubles.extend(by_pause(observation, &runs));
    troubles.extend(pods::troubles(observation, &attempt));
    troubles.into_iter().collect()
}

/// Trouble by logs: templates and traces significantly more frequent on the canary, the most frequent first.
pub(crate) fn by_logs(logs: &Logs, thresholds: &Thresholds) -> Vec<Trouble> {
    let (canary, stable) = (logs.canary.exposure(), logs.stable.exposure());
    let templates = logs.templates.iter().map(|template| (&template.id, template.tally));
    let traces = logs.traces.iter().map(|group| (&group.id, group.tally));
    let mut found: Vec<(&String, Tally)> = templates
        .chain(traces)
        .filter(|(_, tally)| compare::novelty(*tally, canary, stable, thresholds).is_against_canary())
        .collect();
    found.sort_by_key(|(id, tally)| (std::cmp::Reverse(tally.canary), *id));
    found
        .into_iter()
        .take(thresholds.log_troubles)
        .map(|(id, tally)| Trouble::LogErrors {
            template: id.clone(),
            canary: tally.canary,
            stable: tally.stable,
        })
        .collect()
}

/// Whether a metric decides the run and is not answered by this daemon.
pub(crate) fn is_evidence(metric: &Metric) -> bool {
    metric.standing == MetricStanding::Deciding && !metric.provider.is_ours()
}

fn words(message: &str) -> String {
    excerpt::bounded(message, excerpt::SHOWN)
}

fn by_metrics(run: &AnalysisRun) -> impl Iterator<Item = Trouble> {
    run.metrics.iter().filter(|metric| is_evidence(metric)).filter_map(|metric| {
        let (name, message) = (metric.name.clone(), words(&metric.message));
        match metric.phase {
            AnalysisPhase::Failed => Some(Trouble::MetricFailed { metric: name, message }),
            AnalysisPhase::Error => Some(Trouble::MetricErrored { metric: name, message }),
            AnalysisPhase::Inconclusive => Some(Trouble::Inconclusive { message: words(&run.message) }),
            AnalysisPhase::Pending | AnalysisPhase::Running | AnalysisPhase::Successful => None,
        }
    })
}

/// An abort by hand is told as such, and one for a missed deadline as that. One that only our own metrics brought about, all of them by errors, says that the gate
/// could not answer. Where one of ours failed because the gate said no, it is an abort like any other.
fn by_abort(observation: &Observation, attempt: &Attempt, runs: &[&AnalysisRun]) -> Option<Trouble> {
    let abort = observation.rollout.abort.as_ref()?;
    if abort.at.is_some() && !attempt.contains(abort.at) {
        return None;
    }
    if abort.by_hand() {
        return Some(Trouble::AbortedByHand);
    }
    let message = words(&abort.message);
    if abort.message.ends_with(TIMED_OUT) {
        return Some(Trouble::ProgressDeadlineExceeded { message });
    }
    let ended: Vec<&Metric> = runs
        .iter()
        .flat_map(|run| &run.metrics)
        .filter(|metric| metric.standing == MetricStanding::Deciding)
        .filter(|metric| matches!(metric.phase, AnalysisPhase::Failed | AnalysisPhase::Error))
        .collect();
    let only_our_errors = !ended.is_empty()
        && ended.iter().all(|metric| metric.provider.is_ours() && metric.phase == AnalysisPhase::Error);
    Some(if only_our_errors { Trouble::GateCouldNotAnswer { message } } else { Trouble::Aborted { message } })
}

fn by_deadline(observation: &Observation, attempt: &Attempt) -> Option<Trouble> {
    let condition = observation.rollout.progressing.as_ref()?;
    let is_exceeded = condition.status == "False" && condition.reason == "ProgressDeadlineExceeded";
    let belongs = condition.at.is_none() || attempt.contains(condition.at);
    (is_exceeded && belongs).then(|| Trouble::ProgressDeadlineExceeded { message: words(&condition.message) })
}

/// An inconclusive pause whose run is not among those seen is told with what the Rollout says.
fn by_pause(observation: &Observation, runs: &[&AnalysisRun]) -> Option<Trouble> {
    let is_paused = observation.rollout.pause_reasons.contains("InconclusiveAnalysisRun");
    let run = runs.iter().find(|run| run.phase == AnalysisPhase::Inconclusive);
    match (run, is_paused) {
        (Some(run), _) => Some(Trouble::Inconclusive { message: words(&run.message) }),
        (None, true) => Some(Trouble::Inconclusive { message: words(&observation.rollout.message) }),
        (None, false) => None,
    }
}
