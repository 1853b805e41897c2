//! Removes an annotation `rollmend.dev/verdict` that has outlived its canary.

use domain::{Failure, PodHash, RolloutRef, Uid};
use serde_json::Value;

use super::patch::{fresh, named_hash, patch};
use crate::api::Api;

/// Removes it where it names another hash than `current`, or none that can be read.
pub(crate) async fn clearance(
    api: &Api,
    rollout: &RolloutRef,
    uid: &Uid,
    current: Option<&PodHash>,
) -> Result<(), Failure> {
    let Some(now) = fresh(api, rollout, uid).await? else { return Ok(()) };
    let Some(annotation) = &now.annotation else { return Ok(()) };
    let named = named_hash(annotation);
    if named.is_some() && named.as_deref() == current.map(PodHash::as_str) {
        return Ok(());
    }
    patch(api, rollout, uid, &now.version, Value::Null).await
}
