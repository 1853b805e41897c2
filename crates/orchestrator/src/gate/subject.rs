//! What a call is about: which canary, which attempt.

use chrono::{DateTime, Utc};
use domain::workflow::{Event, Trigger};
use domain::{
    AttemptNumber, GateRefusal, GateRequest, IncidentId, IncidentIdentity, NamedRepository, Rollout,
};

use super::{READ, broken};
use crate::catch_up::catch_up;
use crate::effects::within;
use crate::observer::{Surroundings, attempt_start, named};

/// Pods that are looked at for the beginning of an attempt.
const MOST_PODS: usize = 50;

/// A canary's attempt.
#[derive(Debug, Clone)]
pub(super) struct AttemptSubject {
    pub(super) rollout: Rollout,
    pub(super) identity: IncidentIdentity,
    pub(super) id: IncidentId,
    pub(super) attempt: AttemptNumber,
    pub(super) attempt_started_at: DateTime<Utc>,
    pub(super) named: NamedRepository,
    /// Who asks.
    pub(super) trigger: Trigger,
}

/// Finds the attempt, and tells its incident what it has missed: a call after a retry may be ahead of the watch.
pub(super) async fn find(
    around: &Surroundings,
    rollout: Rollout,
    request: &GateRequest,
    trigger: Trigger,
) -> Result<AttemptSubject, GateRefusal> {
    let Some(canary) = rollout.canary().cloned() else {
        return Err(GateRefusal::NoCanary(request.rollout.clone()));
    };
    let identity =
        around.identities.of(&rollout, &canary).await.map_err(|failure| broken(around, &failure))?;
    let id = identity.id();
    let seen = around.sightings.get(&identity);
    let (started_at, names) = match seen {
        Some(seen) => (seen.attempt_started_at, seen.named),
        None => match written(around, &rollout, &id).await? {
            Some(written) => written,
            None => look(around, &rollout, &identity).await?,
        },
    };
    let run = around
        .engine
        .decide(&id, |run| catch_up(run, Some(&rollout), started_at))
        .await
        .map_err(|stopped| GateRefusal::Ours(stopped.to_string()))?;
    // The watch may be behind: the annotation counts as it was read just now.
    let annotation = rollout.annotations.get("repository").cloned();
    let named = NamedRepository { annotation, plugin: names.plugin, request: request.repository.clone() };
    Ok(AttemptSubject {
        attempt: run.as_ref().map_or(AttemptNumber::FIRST, |run| run.attempt),
        attempt_started_at: run.as_ref().map_or(started_at, |run| run.attempt_started_at),
        rollout,
        identity,
        id,
        named,
        trigger,
    })
}

/// For an incident that is over and was not retried: what is written of it answers without asking the cluster.
async fn written(
    around: &Surroundings,
    rollout: &Rollout,
    id: &IncidentId,
) -> Result<Option<(DateTime<Utc>, NamedRepository)>, GateRefusal> {
    let run = around.engine.run(id).await.map_err(|failure| broken(around, &failure))?;
    let same_attempt = run.filter(|run| {
        !matches!(catch_up(run, Some(rollout), run.attempt_started_at), Some(Event::Retried { .. }))
    });
    Ok(same_attempt.map(|run| (run.attempt_started_at, run.named.clone())))
}

/// For a canary that the observer has not seen yet, or whose earlier attempt is over.
async fn look(
    around: &Surroundings,
    rollout: &Rollout,
    identity: &IncidentIdentity,
) -> Result<(DateTime<Utc>, NamedRepository), GateRefusal> {
    let cluster = &around.hands.ports.cluster;
    let (runs, pods) = futures::join!(
        within(READ, "read AnalysisRuns", cluster.analysis_runs(rollout)),
        within(
            READ,
            "read the canary's pods",
            cluster.pods(&identity.rollout.namespace, &identity.canary, MOST_PODS)
        )
    );
    let runs = runs.map_err(|failure| broken(around, &failure))?;
    let pods = pods.map_err(|failure| broken(around, &failure))?;
    let started_at = attempt_start(rollout, &identity.canary, &runs, &pods, around.hands.clock.now());
    Ok((started_at, named(rollout, &identity.canary, &runs)))
}
