//! Where evidence of an attempt begins: after everything that belongs to an earlier attempt of the same hash.
//!
//! The controller's times have whole seconds and the watch is a little behind, so a live beginning is set a few seconds back.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use domain::{Abort, AnalysisPhase, AnalysisRun, Pod, PodHash, Rollout};

/// How far back a beginning is set that is seen as it happens.
const BEHIND: Duration = Duration::seconds(5);
/// The controller makes the pods a while before the first AnalysisRun.
const BEFORE_THE_RUN: Duration = Duration::seconds(30);

/// Where evidence of the current attempt begins, for a canary whose beginning was not seen. While the Rollout is not aborted, a run of its
/// hash that failed belongs to an earlier attempt; while it is, the last one that failed belongs to this one.
pub(crate) fn attempt_start(
    rollout: &Rollout,
    canary: &PodHash,
    runs: &[AnalysisRun],
    pods: &[Pod],
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let mut runs: Vec<&AnalysisRun> = runs.iter().filter(|run| run.canary.as_ref() == Some(canary)).collect();
    runs.sort_by_key(|run| run.created_at);
    let mut failed: Vec<&AnalysisRun> = runs.iter().copied().filter(|run| has_failed(run)).collect();
    if rollout.abort.is_some() {
        failed.pop();
    }
    let earlier_end = failed.last().map(|run| end_of(run) + Duration::seconds(1));
    let is_new = |at: &DateTime<Utc>| earlier_end.is_none_or(|end| *at >= end);
    let first_run = runs.iter().map(|run| run.created_at).find(is_new).map(|at| at - BEFORE_THE_RUN);
    let first_pod = pods.iter().map(|pod| pod.created_at).filter(is_new).min();
    let start = [first_run, first_pod].into_iter().flatten().fold(before(rollout, now), DateTime::min);
    earlier_end.map_or(start, |end| start.max(end)).min(now)
}

/// Where evidence of a retry begins that is seen as it happens.
pub(crate) fn retry_start(abort: Option<&Abort>, now: DateTime<Utc>) -> DateTime<Utc> {
    let start = now.trunc_subsecs(0) - BEHIND;
    let aborted_at = abort.and_then(|abort| abort.at);
    aborted_at.map_or(start, |at| start.max(at + Duration::seconds(1))).min(now)
}

/// A beginning that is certainly early enough where neither run nor pod shows one.
fn before(rollout: &Rollout, now: DateTime<Utc>) -> DateTime<Utc> {
    let now = now.trunc_subsecs(0);
    let deadline = i64::try_from(rollout.progress_deadline_seconds.min(3_600)).unwrap_or(600);
    match rollout.abort.as_ref().and_then(|abort| abort.at) {
        Some(at) => at.min(now) - Duration::seconds(deadline),
        None => now - BEHIND,
    }
}

fn has_failed(run: &AnalysisRun) -> bool {
    matches!(run.phase, AnalysisPhase::Failed | AnalysisPhase::Error)
}

fn end_of(run: &AnalysisRun) -> DateTime<Utc> {
    let measured = run.metrics.iter().flat_map(|metric| &metric.measurements);
    measured.filter_map(|measurement| measurement.finished_at).fold(run.created_at, DateTime::max)
}
