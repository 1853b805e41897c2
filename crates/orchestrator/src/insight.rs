//! What the orchestrator shows of itself, and of a Rollout as it stands.
//!
//! Refuses to know who looks, and in which shape.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Figures, Insight, RolloutSummary, Startup, ToldStep};
use domain::{Failure, GateRefusal, Namespace, PodHash, Presence, RolloutRef};
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::effects::within;
use crate::observer::Surroundings;

/// The time for what is read of a Rollout.
const READ: Duration = Duration::from_secs(5);
/// Pods that are counted; a Rollout with more is shown with so many.
const MOST_PODS: usize = 10_000;

/// Opens the window.
pub(crate) fn open(around: Surroundings, startup: watch::Receiver<Startup>) -> Arc<dyn Insight> {
    Arc::new(Window { around, startup })
}

/// What the orchestrator shows.
struct Window {
    around: Surroundings,
    startup: watch::Receiver<Startup>,
}

impl Window {
    async fn pods(&self, namespace: &Namespace, hash: Option<&PodHash>) -> Result<u32, Failure> {
        let Some(hash) = hash else { return Ok(0) };
        let pods = self.around.hands.ports.cluster.pods(namespace, hash, MOST_PODS);
        let pods = within(READ, "count pods", pods).await?;
        let staying = pods.iter().filter(|pod| pod.presence == Presence::Staying).count();
        Ok(u32::try_from(staying).unwrap_or(u32::MAX))
    }

    async fn summary(&self, reference: &RolloutRef) -> Result<Option<RolloutSummary>, Failure> {
        let cluster = &self.around.hands.ports.cluster;
        let (rollout, weight) = futures::join!(
            within(READ, "read the Rollout", cluster.rollout(reference)),
            within(READ, "read the canary's weight", cluster.canary_weight(reference))
        );
        let Some(rollout) = rollout? else { return Ok(None) };
        let canary = rollout.canary();
        let (stable_pods, canary_pods) = futures::join!(
            self.pods(&reference.namespace, rollout.stable.as_ref()),
            self.pods(&reference.namespace, canary)
        );
        let (stable_pods, canary_pods) = (stable_pods?, canary_pods?);
        let canary_weight = match canary {
            None => 0,
            Some(_) => weight?.map_or_else(|| share(canary_pods, stable_pods), |weight| weight.min(100)),
        };
        Ok(Some(RolloutSummary {
            phase: rollout.phase,
            canary_weight,
            stable_weight: 100 - canary_weight,
            stable_pods,
            canary_pods,
        }))
    }
}

#[async_trait]
impl Insight for Window {
    fn startup(&self) -> Startup {
        if self.around.stopping.is_cancelled() { Startup::Stopping } else { self.startup.borrow().clone() }
    }

    fn steps(&self, since: u64) -> Vec<ToldStep> {
        self.around.hands.chronicle.since(since)
    }

    fn follow(&self, since: u64) -> BoxStream<'static, ToldStep> {
        self.around.hands.chronicle.follow(since)
    }

    fn figures(&self) -> Figures {
        let spool = &self.around.hands.ports.spool;
        let observed = self.around.sightings.identities();
        Figures {
            canaries: observed.len().try_into().unwrap_or(u64::MAX),
            streams: spool.streams().try_into().unwrap_or(u64::MAX),
            spooled_bytes: observed.iter().map(|identity| spool.received(identity)).sum(),
            not_followed: observed.iter().map(|identity| spool.not_followed(identity)).sum(),
            models: self.around.hands.ports.models.as_ref().map(|meter| meter.models()).unwrap_or_default(),
            ..self.around.hands.tally.figures()
        }
    }

    async fn rollout(&self, reference: &RolloutRef) -> Result<RolloutSummary, GateRefusal> {
        if !self.around.hands.ports.cluster.watches(&reference.namespace) {
            return Err(GateRefusal::NamespaceNotWatched(reference.namespace.to_string()));
        }
        match self.summary(reference).await {
            Ok(Some(summary)) => Ok(summary),
            Ok(None) => Err(GateRefusal::NoSuchRollout(reference.clone())),
            Err(failure) => {
                self.around.hands.tally.failed(&failure);
                Err(GateRefusal::Ours(self.around.hands.settings().redactor.text(&failure.sentence())))
            }
        }
    }
}

/// A canary without traffic routing gets its share of the pods.
fn share(canary: u32, stable: u32) -> u8 {
    let all = u64::from(canary) + u64::from(stable);
    let percent = (u64::from(canary) * 100 + all / 2).checked_div(all).unwrap_or_default();
    u8::try_from(percent).unwrap_or(100)
}
