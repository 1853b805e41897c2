//! Writes the annotation `rollmend.dev/verdict`.

use domain::ports::VerdictAnnotation;
use domain::{Failure, RolloutRef, Uid};

use super::patch::{fresh, patch, text};
use crate::api::Api;

/// Sets it, unless the Rollout's current hash is another by now, the Rollout is gone, or the annotation is there already.
/// The right to patch Rollouts comes with deploy/rbac-annotate.yaml.
pub(crate) async fn annotation(
    api: &Api,
    rollout: &RolloutRef,
    uid: &Uid,
    annotation: &VerdictAnnotation,
) -> Result<(), Failure> {
    let text = text(annotation)?;
    match fresh(api, rollout, uid).await? {
        Some(now) if now.hash == annotation.hash.as_str() && now.annotation.as_ref() != Some(&text) => {
            patch(api, rollout, uid, &now.version, text.into()).await
        }
        _ => Ok(()),
    }
}
