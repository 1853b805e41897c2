//! How a fixer's run ended, kept beside its incident: when the same handoff is mended again (a crash before the proposal was recorded,
//! a clone that was removed for room), nothing is paid for twice.

use domain::Cost;
use serde::{Deserialize, Serialize};

use crate::driver::Crew;
use crate::voice::pull_request::edits::Told;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "kebab-case")]
pub(super) enum Ended {
    /// With a patch: the bench's state, from which it can be made again.
    Patch { state: String, told: Told, model: String, cost: Cost },
    /// Without: why, as a fragment that fits after "since".
    Nothing { why: String, model: String, cost: Cost },
}

impl Ended {
    pub(super) async fn load(crew: &Crew, key: &str) -> Option<Self> {
        let bytes = crew.checkpoints.load(&of_key(key)).await.ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    pub(super) async fn keep(crew: &Crew, key: &str, ended: Self) {
        let Ok(bytes) = serde_json::to_vec(&crew.redactor.redact(ended)) else { return };
        if let Err(failure) = crew.checkpoints.save(&of_key(key), &bytes).await {
            tracing::warn!(
                kind = failure.kind,
                "a fixer's end is not kept, a crash now costs it again: failed to {failure}"
            );
        }
    }

    pub(super) async fn forget(crew: &Crew, key: &str) {
        if let Err(failure) = crew.checkpoints.clear(&of_key(key)).await {
            tracing::warn!(kind = failure.kind, "a fixer's end is not forgotten: failed to {failure}");
        }
    }
}

fn of_key(key: &str) -> String {
    format!("{key}/ended")
}
