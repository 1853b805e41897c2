//! The API server's objects cut to what the domain knows of them.
//!
//! Every object is hostile: a field of the wrong type is as if it were not there, texts and lists are cut, and an object
//! without what makes it one (name, uid, …) is none.

mod analysis_run;
mod container;
mod event;
mod metric;
mod pod;
mod replica_set;
mod rollout;

pub(crate) use self::analysis_run::analysis_run;
pub(crate) use self::event::{COMPONENT, event, is_about};
pub(crate) use self::pod::{by_trouble, pod, restarts, stays_ended};
pub(crate) use self::replica_set::replica_set;
pub(crate) use self::rollout::{canary_weight, reference, rollout};

use serde_json::Value;

use crate::field;

/// The label that tells the pods of one template from those of another (argoproj/argo-rollouts, `DefaultRolloutUniqueLabelKey`).
const HASH_LABEL: &str = "/metadata/labels/rollouts-pod-template-hash";
/// The annotation with the revision of a Rollout's template.
const REVISION: &str = "/metadata/annotations/rollout.argoproj.io~1revision";

/// The OCI's key for a source revision (opencontainers/image-spec, `annotations.md`).
const SOURCE_REVISION: &str = "org.opencontainers.image.revision";

/// The source revision of an object, from its annotations, else its labels.
fn source_revision(object: &Value) -> Option<String> {
    let of = |place: &str| Some(object.pointer(place)?.get(SOURCE_REVISION)?.as_str()?.to_owned());
    let revision = of("/metadata/annotations").or_else(|| of("/metadata/labels"))?;
    Some(field::cut(&revision, field::WORD))
}

/// The owner that controls the object, when it is a Rollout.
fn owning_rollout(object: &Value) -> Option<&Value> {
    field::items(object, "/metadata/ownerReferences").find(|owner| {
        field::is_set(owner, "/controller")
            && field::text(owner, "/kind", field::WORD) == "Rollout"
            && field::text(owner, "/apiVersion", field::WORD).starts_with("argoproj.io/")
    })
}

/// Whether the Rollout of that uid controls the object.
pub(crate) fn is_owned_by(object: &Value, uid: &domain::Uid) -> bool {
    owning_rollout(object).is_some_and(|owner| field::text(owner, "/uid", field::WORD) == uid.as_str())
}

#[cfg(test)]
mod recorded;
