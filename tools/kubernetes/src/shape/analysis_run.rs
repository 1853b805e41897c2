//! An AnalysisRun that a Rollout owns.

use chrono::{DateTime, Utc};
use domain::{AnalysisPhase, AnalysisRun, RolloutRef};
use serde_json::Value;

use super::metric::metrics;
use super::{HASH_LABEL, owning_rollout};
use crate::field::{self, MESSAGE, WORD};

/// The run, unless no Rollout controls it (an Experiment does, or somebody made it by hand).
pub(crate) fn analysis_run(object: &Value) -> Option<AnalysisRun> {
    let owner = owning_rollout(object)?;
    Some(AnalysisRun {
        name: field::parsed(object, "/metadata/name")?,
        uid: field::parsed(object, "/metadata/uid")?,
        rollout: RolloutRef {
            namespace: field::parsed(object, "/metadata/namespace")?,
            name: field::parsed(owner, "/name")?,
        },
        rollout_uid: field::parsed(owner, "/uid")?,
        canary: field::parsed(object, HASH_LABEL),
        kind: field::text(object, "/metadata/labels/rollout-type", WORD),
        created_at: field::time(object, "/metadata/creationTimestamp").unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        phase: phase(object, "/status/phase"),
        message: field::text(object, "/status/message", MESSAGE),
        metrics: metrics(object),
    })
}

/// The phase at the pointer; what is not set yet, or is none that we know, has not begun.
pub(super) fn phase(value: &Value, pointer: &str) -> AnalysisPhase {
    match field::text(value, pointer, WORD).as_str() {
        "Running" => AnalysisPhase::Running,
        "Successful" => AnalysisPhase::Successful,
        "Failed" => AnalysisPhase::Failed,
        "Error" => AnalysisPhase::Error,
        "Inconclusive" => AnalysisPhase::Inconclusive,
        _ => AnalysisPhase::Pending,
    }
}
