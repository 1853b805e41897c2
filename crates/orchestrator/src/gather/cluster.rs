//! What lies around the pods: events, and the templates of both versions.

use domain::{ExhibitBody, Failure, ReplicaSet, Revision};

use super::{Gatherer, Part, Seen};
use crate::effects::within;

/// Events and templates, and what the templates say about the commits of both versions.
pub(super) struct Around {
    pub(super) part: Part,
    pub(super) revisions: Revisions,
}

/// What names the commits of both versions, best first.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    pub(super) stable: Vec<Revision>,
    pub(super) canary: Vec<Revision>,
}

impl Gatherer {
    pub(super) async fn around(&self, seen: &Seen) -> Around {
        let pods: Vec<_> = seen.canary.iter().chain(&seen.stable).cloned().collect();
        let events = self.ports.cluster.events(&seen.rollout, &pods);
        let sets = self.ports.cluster.replica_sets(&seen.rollout);
        let (events, sets) = futures::join!(
            within(seen.limit, "read events", events),
            within(seen.limit, "read ReplicaSets", sets)
        );
        let mut part = Part::default();
        match events {
            Ok(events) if events.is_empty() => part.miss("events", "there were none"),
            Ok(events) => part.add("events", ExhibitBody::Events { events }),
            Err(failure) => part.miss("events", failure.sentence()),
        }
        let revisions = self.templates(seen, sets, &mut part);
        Around { part, revisions }
    }

    fn templates(&self, seen: &Seen, sets: Result<Vec<ReplicaSet>, Failure>, part: &mut Part) -> Revisions {
        let sets = match sets {
            Ok(sets) => sets,
            Err(failure) => {
                part.may_pass(&failure);
                part.miss("the pod templates", failure.sentence());
                return Revisions::default();
            }
        };
        let of = |hash: Option<&domain::PodHash>| sets.iter().find(|set| Some(&set.hash) == hash).cloned();
        let stable = of(seen.rollout.stable.as_ref());
        let canary = of(seen.canary_hash());
        let revisions = |set: &Option<ReplicaSet>| {
            set.as_ref().map(|set| self.ports.digest.revisions(&seen.rollout, set)).unwrap_or_default()
        };
        let found = Revisions { stable: revisions(&stable), canary: revisions(&canary) };
        if stable.is_none() && canary.is_none() {
            part.miss("the pod templates", "there is no ReplicaSet of either version");
        } else {
            part.add("pod templates", ExhibitBody::Templates { stable, canary });
        }
        found
    }
}
