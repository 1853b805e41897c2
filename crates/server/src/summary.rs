//! `GET /a2a/rollout/summary?namespace=&name=`: a Rollout in the keys that dashboards read.

use axum::Json;
use axum::extract::State;
use domain::RolloutRef;
use domain::ports::RolloutSummary;
use serde::{Deserialize, Serialize};

use crate::house::House;
use crate::query::{Asked, rollout};
use crate::refusal::Refusal;

#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    namespace: String,
    name: String,
}

/// Exactly the keys of the agents behind the metric plugin.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    namespace: String,
    name: String,
    phase: String,
    canary_weight: u8,
    stable_weight: u8,
    stable_pod_count: u32,
    canary_pod_count: u32,
    available: bool,
    error: Option<String>,
}

/// A question that is understood is answered 200: where the Rollout cannot be shown, `available` is false and `error` says why.
pub(crate) async fn summary(
    State(house): State<House>,
    Asked(which): Asked<Which>,
) -> Result<Json<Summary>, Refusal> {
    let reference = rollout(&which.namespace, &which.name)?;
    let shown = house.doors.insight.rollout(&reference).await;
    Ok(Json(match shown {
        Ok(shown) => Summary::of(&reference, shown, None),
        Err(refusal) => {
            let nothing = RolloutSummary {
                phase: "Unknown".to_owned(),
                canary_weight: 0,
                stable_weight: 0,
                stable_pods: 0,
                canary_pods: 0,
            };
            Summary::of(&reference, nothing, Some(format!("failed to {refusal}")))
        }
    }))
}

impl Summary {
    fn of(reference: &RolloutRef, shown: RolloutSummary, error: Option<String>) -> Self {
        Self {
            namespace: reference.namespace.to_string(),
            name: reference.name.to_string(),
            phase: shown.phase,
            canary_weight: shown.canary_weight,
            stable_weight: shown.stable_weight,
            stable_pod_count: shown.stable_pods,
            canary_pod_count: shown.canary_pods,
            available: error.is_none(),
            error,
        }
    }
}
