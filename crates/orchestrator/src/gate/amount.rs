//! How much evidence there is of an attempt.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Brief, CaseFile, EvidenceAmount, ExhibitBody, Pod, Readiness, Side};

use super::subject::AttemptSubject;
use crate::effects::within;
use crate::observer::Surroundings;

/// The time for the query that counts requests.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn amount(
    around: &Surroundings,
    subject: &AttemptSubject,
    case: &CaseFile,
    brief: &Brief,
) -> EvidenceAmount {
    EvidenceAmount {
        requests: requests(around, subject).await,
        lines: brief.volume.canary_lines,
        quiet_for: quiet_for(around, subject, case),
        pods: brief.volume.canary_pods,
    }
}

/// Requests of the attempt by the configured query. One that fails counts for nothing: the other measures decide.
async fn requests(around: &Surroundings, subject: &AttemptSubject) -> Option<f64> {
    let settings = around.hands.settings();
    let query = settings.gate.requests.as_deref()?;
    let metrics = around.hands.ports.metrics.as_deref()?;
    let now = around.hands.clock.now();
    let window = (now - subject.attempt_started_at).num_seconds().max(1);
    let query = query
        .replace("{{hash}}", subject.identity.canary.as_str())
        .replace("{{window}}", &format!("{window}s"));
    match within(LIMIT, "count requests", metrics.instant(&query, now)).await {
        Ok(point) => point.and_then(|point| point.number()).filter(|count| count.is_finite()),
        Err(failure) => {
            tracing::warn!(
                kind = failure.kind,
                "judging without the number of requests: {}",
                failure.sentence()
            );
            None
        }
    }
}

/// How long the canary's pods have been quiet, as the observer saw it; nothing where it has not seen them or stable is not as quiet.
fn quiet_for(around: &Surroundings, subject: &AttemptSubject, case: &CaseFile) -> Duration {
    let sighting = around.sightings.get(&subject.identity);
    let Some(since) = sighting.and_then(|sighting| sighting.quiet_since) else { return Duration::ZERO };
    let stable = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Pods { side: Side::Stable, pods } => Some(pods),
        _ => None,
    });
    let as_quiet = stable.is_some_and(|pods| pods.iter().all(|pod| is_quiet(pod, since)));
    if as_quiet { (around.hands.clock.now() - since).to_std().unwrap_or_default() } else { Duration::ZERO }
}

fn is_quiet(pod: &Pod, since: DateTime<Utc>) -> bool {
    pod.readiness == Readiness::Ready
        && pod.containers.iter().all(|container| {
            let ended = container.last_termination.as_ref().and_then(|last| last.finished_at);
            ended.is_none_or(|ended| ended < since)
        })
}
