//! The annotation's place, read afresh before it is written.

use domain::ports::VerdictAnnotation;
use domain::{Failure, RolloutRef, Uid};
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, Ask, Kind, Target, Verb};
use crate::field;

/// The annotation, and its place in an object.
pub(super) const ANNOTATION: &str = "rollmend.dev/verdict";
const PLACE: &str = "/metadata/annotations/rollmend.dev~1verdict";
/// The largest annotation of ours that is read back.
const READ: usize = 8 * 1024;

/// A Rollout as far as writing to it goes.
pub(super) struct Fresh {
    pub(super) version: String,
    pub(super) hash: String,
    pub(super) annotation: Option<String>,
}

/// Reads the Rollout; nothing when it is gone or another one has its name.
pub(super) async fn fresh(api: &Api, rollout: &RolloutRef, uid: &Uid) -> Result<Option<Fresh>, Failure> {
    let target = Target::one(Kind::Rollout, &rollout.namespace, rollout.name.as_str());
    let Some(object) = api.get(target).await? else { return Ok(None) };
    if field::text(&object, "/metadata/uid", field::WORD) != uid.as_str() {
        return Ok(None);
    }
    let annotation = field::text(&object, PLACE, READ);
    Ok(Some(Fresh {
        version: field::text(&object, "/metadata/resourceVersion", field::WORD),
        hash: field::text(&object, "/status/currentPodHash", field::WORD),
        annotation: Some(annotation).filter(|text| !text.is_empty()),
    }))
}

/// Sets or removes (`null`) the annotation, if the Rollout is still the one that was read: uid and resourceVersion in a merge patch are
/// conditions, and the API server answers 409 when they do not hold.
pub(super) async fn patch(
    api: &Api,
    rollout: &RolloutRef,
    uid: &Uid,
    version: &str,
    value: Value,
) -> Result<(), Failure> {
    let target = Target::one(Kind::Rollout, &rollout.namespace, rollout.name.as_str());
    let ask = Ask { verb: Verb::Patch, target };
    let patch = json!({"metadata": {
        "uid": uid.as_str(), "resourceVersion": version, "annotations": {ANNOTATION: value},
    }});
    api.object(&ask, Method::PATCH, "application/merge-patch+json", patch.to_string().into_bytes()).await?;
    Ok(())
}

/// The annotation's text, its sentence cut to 200 characters.
pub(super) fn text(annotation: &VerdictAnnotation) -> Result<String, Failure> {
    let sentence = annotation.sentence.chars().take(200).collect();
    serde_json::to_string(&VerdictAnnotation { sentence, ..annotation.clone() })
        .map_err(|error| Failure::give_up("kubernetes-annotation", "write the annotation").because(error))
}

/// The hash that an annotation names; nothing when it is none of ours.
pub(super) fn named_hash(annotation: &str) -> Option<String> {
    serde_json::from_str::<VerdictAnnotation>(annotation).ok().map(|annotation| annotation.hash.to_string())
}
