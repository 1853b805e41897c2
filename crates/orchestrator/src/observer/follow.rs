//! Which of the canary's logs are followed: the app's containers first, troubled pods first, and what found no room is asked for again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ports::{Followed, LogSource, Spool};
use domain::{
    Container, ContainerName, ContainerRole, ContainerState, Incarnation, IncidentIdentity, Pod, Side, Uid,
};

use super::order::troubled_first;

/// The logs that are followed, each with the number of restarts at which it was asked for: a restarted container's log begins anew.
#[derive(Debug, Default)]
pub(super) struct Following {
    asked: HashMap<(Uid, ContainerName), u32>,
}

impl Following {
    /// Asks for every log that is not followed yet.
    pub(super) fn ask(
        &mut self,
        spool: &dyn Spool,
        identity: &IncidentIdentity,
        pods: &[Pod],
        since: DateTime<Utc>,
    ) {
        let mut pods = pods.to_vec();
        troubled_first(&mut pods);
        let of_role = |app: bool| {
            pods.iter().flat_map(move |pod| {
                let wanted = move |c: &&Container| (c.role == ContainerRole::App) == app;
                pod.containers.iter().filter(wanted).map(move |container| (pod, container))
            })
        };
        for (pod, container) in of_role(true).chain(of_role(false)) {
            let key = (pod.uid.clone(), container.name.clone());
            if !has_a_log(container) || self.asked.get(&key) == Some(&container.restarts) {
                continue;
            }
            match spool.follow(identity, source(identity, pod, container), since) {
                Followed::Started | Followed::Already => {
                    self.asked.insert(key, container.restarts);
                }
                Followed::OverLimit => {}
            }
        }
    }
}

/// A container that has not run yet has no log; asking for it would be an error.
fn has_a_log(container: &Container) -> bool {
    match container.state {
        ContainerState::Running { .. } | ContainerState::Terminated(_) => true,
        ContainerState::Waiting { .. } => container.restarts > 0,
    }
}

fn source(identity: &IncidentIdentity, pod: &Pod, container: &Container) -> LogSource {
    LogSource {
        namespace: identity.rollout.namespace.clone(),
        pod: pod.name.clone(),
        pod_uid: pod.uid.clone(),
        container: container.name.clone(),
        role: container.role,
        side: Side::Canary,
        which: Incarnation::Current,
    }
}
