//! `GET /v1/verdict/{namespace}/{rollout}`: for the Rollouts controller's built-in web provider (argoproj/argo-rollouts, `metricproviders/webmetric`).
//!
//! The provider cannot say Running, and takes any 2xx with JSON for a success where the template has no condition. So a verdict that is not there
//! yet is an error, 503: the controller asks again after 10 s, and five errors in a row abort. The body is JSON in any case, since a 2xx that is
//! not JSON is a success whatever the condition.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use domain::ports::Glance;
use domain::{GateAnswer, GateRequest, Promotion};
use serde::Serialize;

use crate::house::House;
use crate::query::rollout;
use crate::refusal::Refusal;

/// Every key is always there, so that a `jsonPath` finds it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    ready: bool,
    promote: bool,
    confidence: u8,
    analysis: String,
    root_cause: String,
    remediation: String,
    pr_link: Option<String>,
}

impl From<GateAnswer> for Verdict {
    fn from(answer: GateAnswer) -> Self {
        Self {
            ready: true,
            promote: answer.promotion == Promotion::Promote,
            confidence: answer.confidence.min(100),
            analysis: answer.analysis,
            root_cause: answer.root_cause,
            remediation: answer.remediation,
            pr_link: answer.pull_request,
        }
    }
}

/// The path alone says what is asked: a query string is not looked at, so that no repository can be named.
pub(crate) async fn verdict(
    State(house): State<House>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Verdict>, Refusal> {
    let Path((namespace, name)) = path
        .map_err(|error| Refusal::Unreadable(format!("the path is not understood: {}", error.body_text())))?;
    let rollout = rollout(&namespace, &name)?;
    let request = GateRequest { rollout, repository: None, extra_prompt: None };
    let asked = request.rollout.clone();
    match house.doors.gate.glance(request).await {
        Ok(Glance::Known(answer)) => Ok(Json(answer.into())),
        Ok(Glance::NotYet) => Err(Refusal::NotYet),
        Err(refusal) => {
            tracing::info!(rollout = %asked, %refusal, "no verdict at the door");
            Err(Refusal::Gate(refusal))
        }
    }
}
