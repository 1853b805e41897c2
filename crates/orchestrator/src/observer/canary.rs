//! One canary under observation: what was seen of it, and what the engine was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::workflow::{Detection, Event, Run, Trigger};
use domain::{
    AnalysisRun, IncidentId, IncidentIdentity, Observation, Pod, Presence, Readiness, Rollout, RunEnd,
    Trouble, Uid,
};
use tokio::time::Instant;

use super::Surroundings;
use super::comparison::{Compared, Comparison, compare};
use super::follow::Following;
use super::named::named;
use super::stir::Stirs;
use crate::catch_up::{catch_up, run_end, taken_up};
use crate::engine::{Stopped, Watched};
use crate::sightings::Sighting;

/// Gone pods are kept up to so many.
const MOST_PODS: usize = 100;
/// Logs that found no room are asked for again at every so many ticks.
const ASK_AGAIN: u32 = 5;

/// A canary under observation.
pub(super) struct Canary {
    pub(super) identity: IncidentIdentity,
    pub(super) id: IncidentId,
    pub(super) attempt_started_at: DateTime<Utc>,
    /// `None` once there is nothing more to see: the incident is over, or the failure is an old one.
    pub(super) stirs: Option<Stirs>,
    pods: BTreeMap<Uid, Pod>,
    quiet_since: Option<DateTime<Utc>>,
    told: BTreeSet<String>,
    following: Following,
    comparison: Comparison,
    ticks: u32,
    incident: Option<Watched>,
}

/// What is known of the Rollout at the moment.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) rollout: &'a Rollout,
    pub(super) runs: &'a [AnalysisRun],
}

impl Canary {
    /// A canary that is watched from now on.
    pub(super) fn watched(
        around: &Surroundings,
        identity: IncidentIdentity,
        attempt_started_at: DateTime<Utc>,
    ) -> Self {
        let pods = around.hands.ports.cluster.pod_changes(&identity.rollout.namespace, &identity.canary);
        Self { stirs: Some(Stirs::new(pods)), ..Self::left_alone(identity, attempt_started_at) }
    }

    /// A canary that is only remembered, so that a retry is noticed.
    pub(super) fn left_alone(identity: IncidentIdentity, attempt_started_at: DateTime<Utc>) -> Self {
        Self {
            id: identity.id(),
            identity,
            attempt_started_at,
            stirs: None,
            pods: BTreeMap::new(),
            quiet_since: None,
            told: BTreeSet::new(),
            following: Following::default(),
            comparison: Comparison::default(),
            ticks: 0,
            incident: None,
        }
    }

    /// The pods as they are now; what is gone keeps its last status. Pods that left before the attempt began are not of it.
    pub(super) fn see_pods(&mut self, around: &Surroundings, pods: Vec<Pod>) {
        for pod in pods {
            self.pods.insert(pod.uid.clone(), pod);
        }
        while self.pods.len() > MOST_PODS {
            let leaving = self.pods.values().filter(|pod| pod.presence == Presence::Leaving);
            let Some(oldest) = leaving.min_by_key(|pod| pod.created_at).map(|pod| pod.uid.clone()) else {
                break;
            };
            self.pods.remove(&oldest);
        }
        let now = around.hands.clock.now();
        self.quiet_since = if self.is_quiet() { self.quiet_since.or(Some(now)) } else { None };
        self.follow(around);
    }

    fn is_quiet(&self) -> bool {
        let mut staying = self.pods.values().filter(|pod| pod.presence == Presence::Staying).peekable();
        staying.peek().is_some()
            && staying.all(|pod| {
                pod.readiness == Readiness::Ready
                    && pod.containers.iter().all(|container| container.restarts == 0)
            })
    }

    fn follow(&mut self, around: &Surroundings) {
        let pods: Vec<Pod> = self.pods.values().cloned().collect();
        let spool = around.hands.ports.spool.as_ref();
        self.following.ask(spool, &self.identity, &pods, self.attempt_started_at);
    }

    /// Asks the rules, and tells the engine what they say: trouble first, then the end.
    pub(super) async fn conclude(&mut self, around: &Surroundings, sight: Sight<'_>) -> Result<(), Stopped> {
        let observation = self.observe(around, sight);
        let mut troubles = around.hands.ports.digest.troubles(&observation);
        let end = run_end(sight.rollout, self.attempt_started_at);
        if let (true, Some(RunEnd::Aborted(message))) = (troubles.is_empty(), &end) {
            // An abort is trouble, whatever else the rules make of it: no failed canary goes without an explanation.
            troubles.push(Trouble::Aborted { message: message.clone() });
        }
        self.tell(around, &observation, troubles).await?;
        if end.is_some() {
            self.reconcile(around, sight.rollout, self.attempt_started_at).await?;
        }
        Ok(())
    }

    /// What is seen, for the rules; kept for those who freeze or judge.
    fn observe(&self, around: &Surroundings, sight: Sight<'_>) -> Observation {
        let runs: Vec<AnalysisRun> = sight
            .runs
            .iter()
            .filter(|run| run.canary.as_ref() == Some(&self.identity.canary))
            .filter(|run| run.created_at >= self.attempt_started_at)
            .cloned()
            .collect();
        let pods: Vec<Pod> = self.pods.values().cloned().collect();
        let sighting = Sighting {
            rollout: sight.rollout.clone(),
            named: named(sight.rollout, &self.identity.canary, &runs),
            runs: runs.clone(),
            pods: pods.clone(),
            attempt_started_at: self.attempt_started_at,
            quiet_since: self.quiet_since,
        };
        around.sightings.put(&self.identity, sighting);
        Observation {
            rollout: Rollout { abort: taken_up(sight.rollout).cloned(), ..sight.rollout.clone() },
            attempt_started_at: self.attempt_started_at,
            runs,
            pods,
            at: around.hands.clock.now(),
        }
    }

    async fn tell(
        &mut self,
        around: &Surroundings,
        observation: &Observation,
        troubles: Vec<Trouble>,
    ) -> Result<(), Stopped> {
        let new = troubles.iter().any(|trouble| !self.told.contains(&trouble.class()));
        if !new {
            return Ok(());
        }
        self.told.extend(troubles.iter().map(Trouble::class));
        let detection = Detection {
            identity: self.identity.clone(),
            mode: around.hands.settings().mode,
            attempt_started_at: self.attempt_started_at,
            troubles,
            trigger: Trigger::Watch,
            named: named(&observation.rollout, &self.identity.canary, &observation.runs),
        };
        around.engine.detect(detection).await?;
        self.hold(around).await;
        Ok(())
    }

    /// Tells the incident what it has missed. `retried_at`: where evidence of a new attempt would begin. The incident's state.
    pub(super) async fn reconcile(
        &mut self,
        around: &Surroundings,
        rollout: &Rollout,
        retried_at: DateTime<Utc>,
    ) -> Result<Option<Arc<Run>>, Stopped> {
        let run = around.engine.decide(&self.id, |run| catch_up(run, Some(rollout), retried_at)).await?;
        if run.is_some() {
            self.hold(around).await;
        }
        Ok(run)
    }

    /// The Rollout was seen to begin anew with this hash: an incident that was over has a new attempt. One that is not over was told already, by
    /// a gate call that was ahead of the watch.
    pub(super) async fn retried(
        &mut self,
        around: &Surroundings,
        rollout: &Rollout,
        at: DateTime<Utc>,
    ) -> Result<Option<Arc<Run>>, Stopped> {
        let missed = |run: &Run| {
            let over = run.state.name().is_final();
            let at = at.max(run.attempt_started_at + Duration::seconds(1));
            catch_up(run, Some(rollout), at).or_else(|| over.then_some(Event::Retried { at }))
        };
        around.engine.decide(&self.id, missed).await
    }

    /// Keeps the incident's state at hand.
    async fn hold(&mut self, around: &Surroundings) {
        if self.incident.is_none() {
            self.incident = around.engine.changes(&self.id).await.ok();
        }
    }

    /// A second went by: deadlines, logs that found no room, logs that have grown.
    pub(super) async fn tick(&mut self, around: &Surroundings, sight: Sight<'_>) -> Result<(), Stopped> {
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(ASK_AGAIN) {
            self.follow(around);
        }
        self.conclude(around, sight).await?;
        let received = around.hands.ports.spool.received(&self.identity);
        if let Some(stirs) = self.stirs.as_mut().filter(|stirs| !stirs.is_comparing())
            && self.comparison.is_due(received, Instant::now())
        {
            let stable = sight.rollout.stable.clone();
            stirs.compare(compare(
                around.hands.clone(),
                self.identity.clone(),
                stable,
                self.attempt_started_at,
            ));
        }
        Ok(())
    }

    /// Logs were compared.
    pub(super) async fn compared(
        &mut self,
        around: &Surroundings,
        sight: Sight<'_>,
        compared: Compared,
    ) -> Result<(), Stopped> {
        if let Some(at) = compared.read_stable_at {
            self.comparison.has_read_stable(at);
        }
        let observation = self.observe(around, sight);
        self.tell(around, &observation, compared.troubles).await
    }

    /// Whether the incident is over, so that there is nothing more to see.
    pub(super) fn is_over(&self) -> bool {
        self.incident.as_ref().is_some_and(|incident| {
            incident.state.borrow().as_ref().is_some_and(|run| run.state.name().is_final())
        })
    }

    /// Stops watching. Logs in the spool that no case can want any more are dropped.
    pub(super) async fn leave(&mut self, around: &Surroundings) {
        self.stirs = None;
        self.incident = None;
        around.sightings.forget(&self.identity);
        around.hands.ports.spool.release(&self.identity).await;
    }
}
