//! The port `Announcer`: each method is one of the writes.

use async_trait::async_trait;
use domain::ports::{Announcement, Announcer, VerdictAnnotation};
use domain::{Failure, PodHash, RolloutRef, Uid};

use super::KubernetesCluster;
use crate::write;

#[async_trait]
impl Announcer for KubernetesCluster {
    async fn announce(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        announcement: &Announcement,
    ) -> Result<(), Failure> {
        self.door(&rollout.namespace)?;
        write::event(&self.api, rollout, uid, announcement, chrono::Utc::now()).await
    }

    async fn annotate(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        annotation: &VerdictAnnotation,
    ) -> Result<(), Failure> {
        self.door(&rollout.namespace)?;
        write::annotation(&self.api, rollout, uid, annotation).await
    }

    async fn clear_stale(
        &self,
        rollout: &RolloutRef,
        uid: &Uid,
        current: Option<&PodHash>,
    ) -> Result<(), Failure> {
        self.door(&rollout.namespace)?;
        write::clearance(&self.api, rollout, uid, current).await
    }
}
