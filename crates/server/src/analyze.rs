//! `POST /a2a/analyze`: the request and answer of the metric plugin (argoproj-labs/rollouts-plugin-metric-ai).

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use domain::{GateAnswer, GateRequest, Promotion, RolloutRef};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::house::House;
use crate::refusal::Refusal;
use crate::{Doors, LARGEST_BODY};

/// The longest `extraPrompt` and `repoUrl` that are taken over; longer ones are refused.
const LONGEST_TEXT: usize = 8 << 10;

/// What is used of a request; older callers' `podName`, `stableLogs` and `canaryLogs`, and the selectors, are left aside:
/// pods are told apart by their template hash, and logs are read from the cluster.
#[derive(Debug, Deserialize)]
struct Body {
    context: Context,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    namespace: String,
    rollout_name: String,
    #[serde(default)]
    repo_url: Option<String>,
    #[serde(default)]
    extra_prompt: Option<String>,
}

/// The plugin's answer, field by field.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    analysis: String,
    root_cause: String,
    remediation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr_link: Option<String>,
    promote: bool,
    confidence: u8,
}

impl From<GateAnswer> for Answer {
    fn from(answer: GateAnswer) -> Self {
        Self {
            analysis: answer.analysis,
            root_cause: answer.root_cause,
            remediation: answer.remediation,
            pr_link: answer.pull_request,
            promote: answer.promotion == Promotion::Promote,
            confidence: answer.confidence.min(100),
        }
    }
}

pub(crate) async fn analyze(State(house): State<House>, request: Request) -> Result<Json<Answer>, Refusal> {
    let doors = &house.doors;
    let bytes = read(doors, request).await?;
    let question = parse(&bytes)?;
    let rollout = question.rollout.clone();
    match timeout(doors.limits.answer, doors.gate.answer(question)).await {
        Ok(Ok(answer)) => Ok(Json(answer.into())),
        Ok(Err(refusal)) => {
            tracing::info!(%rollout, %refusal, "no answer at the gate");
            Err(Refusal::Gate(refusal))
        }
        Err(_) => {
            tracing::warn!(%rollout, seconds = doors.limits.answer.as_secs(), "no answer at the gate in time");
            Err(Refusal::TookTooLong)
        }
    }
}

async fn read(doors: &Doors, request: Request) -> Result<Bytes, Refusal> {
    let declared =
        request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Refusal::TooLarge);
    }
    match timeout(doors.limits.body, to_bytes(request.into_body(), LARGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::TooSlow),
    }
}

fn parse(bytes: &[u8]) -> Result<GateRequest, Refusal> {
    let body: Body = serde_json::from_slice(bytes).map_err(|error| {
        Refusal::Unreadable(format!(
            "the body is not what the metric plugin sends ({error}): it needs context.namespace and context.rolloutName as texts"
        ))
    })?;
    let context = body.context;
    let invalid = |error: domain::InvalidId| Refusal::Unreadable(format!("failed to {error}"));
    let rollout = RolloutRef {
        namespace: context.namespace.parse().map_err(invalid)?,
        name: context.rollout_name.parse().map_err(invalid)?,
    };
    Ok(GateRequest {
        rollout,
        repository: short("context.repoUrl", context.repo_url)?,
        extra_prompt: short("context.extraPrompt", context.extra_prompt)?,
    })
}

/// An empty text counts as absent.
fn short(what: &str, text: Option<String>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.len() > LONGEST_TEXT => {
            Err(Refusal::Unreadable(format!("{what} is longer than {} KiB: shorten it", LONGEST_TEXT >> 10)))
        }
        text => Ok(text.filter(|text| !text.trim().is_empty())),
    }
}
