//! A ReplicaSet of a Rollout.

use domain::ReplicaSet;
use serde_json::Value;

use super::{HASH_LABEL, REVISION, source_revision};
use crate::field;

/// The ReplicaSet, unless it lacks the label of a Rollout's template. Values of variables come as they are: they are redacted where
/// the case is built.
pub(crate) fn replica_set(object: &Value) -> Option<ReplicaSet> {
    Some(ReplicaSet {
        hash: field::parsed(object, HASH_LABEL)?,
        revision: field::number(object, REVISION),
        source_revision: source_revision(object),
        template: object.pointer("/spec/template").map(field::bounded).unwrap_or_default(),
    })
}
