//! The annotation of another hash is stale: it is removed at a change of the hash, and whenever one is seen.

use domain::{Annotate, Mode, PodHash, Rollout};

use super::RolloutWatch;

impl RolloutWatch {
    /// Removes the annotation of another hash: at a change of the hash, and whenever one is seen.
    pub(super) fn clear_stale(&mut self, before: Option<&Rollout>, rollout: &Rollout) {
        let settings = self.around.hands.settings();
        if settings.annotate == Annotate::No || settings.mode == Mode::Observe {
            return;
        }
        let changed = before.is_some_and(|before| before.current != rollout.current);
        let is_stale = annotated_hash(rollout)
            .is_some_and(|hash| Some(hash.as_str()) != rollout.current.as_ref().map(PodHash::as_str));
        if !(changed || is_stale && self.cleared_for != rollout.current) {
            return;
        }
        self.cleared_for.clone_from(&rollout.current);
        let announcer = self.around.hands.ports.announcer.clone();
        let (reference, uid, current) =
            (rollout.rollout.clone(), rollout.uid.clone(), rollout.current.clone());
        tokio::spawn(async move {
            if let Err(failure) = announcer.clear_stale(&reference, &uid, current.as_ref()).await {
                tracing::warn!(rollout = %reference, kind = failure.kind, "{}", failure.sentence());
            }
        });
    }
}

/// The hash that the annotation names.
fn annotated_hash(rollout: &Rollout) -> Option<String> {
    let text = rollout.annotations.get("verdict")?;
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    value.get("hash")?.as_str().map(str::to_owned)
}
