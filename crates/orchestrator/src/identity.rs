//! Which cluster this is, asked once.

use std::sync::Arc;

use domain::ports::Cluster;
use domain::{ClusterId, Failure, IncidentIdentity, PodHash, Rollout};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::backoff;

/// Makes identities.
pub(crate) struct Identities {
    cluster: Arc<dyn Cluster>,
    id: OnceCell<ClusterId>,
}

impl Identities {
    pub(crate) fn new(cluster: Arc<dyn Cluster>) -> Self {
        Self { cluster, id: OnceCell::new() }
    }

    /// The identity of a Rollout's canary.
    pub(crate) async fn of(&self, rollout: &Rollout, canary: &PodHash) -> Result<IncidentIdentity, Failure> {
        let cluster = self.id.get_or_try_init(|| self.cluster.cluster_id()).await?.clone();
        Ok(IncidentIdentity {
            cluster,
            rollout: rollout.rollout.clone(),
            uid: rollout.uid.clone(),
            canary: canary.clone(),
        })
    }

    /// The same, asked until it is known. `None` when the daemon stops.
    pub(crate) async fn wait_for(
        &self,
        rollout: &Rollout,
        canary: &PodHash,
        stopping: &CancellationToken,
    ) -> Option<IncidentIdentity> {
        let mut tries = 0;
        loop {
            match self.of(rollout, canary).await {
                Ok(identity) => return Some(identity),
                Err(failure) => {
                    tries += 1;
                    tracing::warn!(tries, kind = failure.kind, "{}", failure.sentence());
                    tokio::select! {
                        () = stopping.cancelled() => return None,
                        () = tokio::time::sleep(backoff::delay(&"cluster", tries, None)) => {}
                    }
                }
            }
        }
    }
}
