//! What goes wrong with a request, and who can do something about it.

use std::time::Duration;

use domain::{Failure, Remedy};
use http::{Response, header::RETRY_AFTER};
use kube::client::Body;
use serde_json::Value;
use tokio::time::timeout;

use super::body::{Collected, collect};
use super::target::{Ask, Kind, Verb};
use crate::field;

/// The largest refusal that is read, in bytes.
const REFUSAL: usize = 64 * 1024;

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The API server said no.
    #[error("{ask}: the API server answered {code}: {message}")]
    Refused { ask: Ask, code: u16, message: String, after: Option<Duration> },
    /// It took too long.
    #[error("{ask}: no answer within {} s", limit.as_secs())]
    Slow { ask: Ask, limit: Duration },
    /// No connection, or it broke.
    #[error("{ask}: the API server cannot be reached")]
    Unreachable { ask: Ask, source: Box<kube::Error> },
    /// The answer is larger than allowed.
    #[error("{ask}: the answer is larger than {limit} bytes")]
    TooLarge { ask: Ask, limit: usize },
    /// The answer is no JSON, or JSON of another shape.
    #[error("{ask}: the answer is not what the API server would say")]
    Unreadable { ask: Ask, source: serde_json::Error },
}

impl ApiError {
    pub(super) fn slow(ask: &Ask, limit: Duration) -> Self {
        Self::Slow { ask: ask.clone(), limit }
    }

    pub(crate) fn unreachable(ask: &Ask, source: kube::Error) -> Self {
        Self::Unreachable { ask: ask.clone(), source: Box::new(source) }
    }

    /// Reads why the API server refused.
    pub(super) async fn refused(ask: &Ask, answer: Response<Body>) -> Self {
        let code = answer.status().as_u16();
        let after = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse().ok())
            .map(|seconds: u64| Duration::from_secs(seconds.min(3600)));
        let message = match timeout(Duration::from_secs(5), collect(answer.into_body(), REFUSAL)).await {
            Ok(Collected::Whole(bytes)) => words(&bytes),
            Ok(Collected::TooLarge | Collected::Cut(_)) | Err(_) => String::new(),
        };
        Self::Refused { ask: ask.clone(), code, message, after }
    }

    /// A refusal inside a watch, as an ERROR event has it.
    pub(super) fn in_stream(ask: &Ask, status: &Value) -> Self {
        let code = field::number(status, "/code").and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
        let message = field::text(status, "/message", field::WORD);
        Self::Refused { ask: ask.clone(), code, message, after: None }
    }

    /// The HTTP status, where there was one.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// What was asked.
    pub(crate) fn ask(&self) -> &Ask {
        match self {
            Self::Refused { ask, .. }
            | Self::Slow { ask, .. }
            | Self::Unreachable { ask, .. }
            | Self::TooLarge { ask, .. }
            | Self::Unreadable { ask, .. } => ask,
        }
    }

    /// What a person can do, empty when there is nothing.
    pub(crate) fn advice(&self) -> String {
        match self.remedy() {
            Remedy::AskHuman { advice } => advice,
            Remedy::Retry { .. } | Remedy::GiveUp => String::new(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => match code {
                401 => "kubernetes-unauthorized",
                403 => "kubernetes-forbidden",
                404 => "kubernetes-not-found",
                409 => "kubernetes-conflict",
                410 => "kubernetes-gone",
                429 => "kubernetes-rate-limit",
                500.. => "kubernetes-server-error",
                _ => "kubernetes-refused",
            },
            Self::Slow { .. } => "kubernetes-timeout",
            Self::Unreachable { .. } => "kubernetes-unreachable",
            Self::TooLarge { .. } => "kubernetes-too-large",
            Self::Unreadable { .. } => "kubernetes-unreadable",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            Self::Refused { ask, code, after, .. } => match code {
                401 => human(
                    "the API server does not know our token: give the daemon a valid one (its service account, or the kubeconfig)",
                ),
                403 => human(missing_right(ask)),
                404 if ask.target.kind.is_custom() && ask.target.name.is_none() => {
                    human("Argo Rollouts' CRDs are not installed in this cluster: install Argo Rollouts")
                }
                409 | 410 | 429 | 500.. => Remedy::Retry { after: *after },
                _ => Remedy::GiveUp,
            },
            Self::Unreachable { source, .. } if matches!(**source, kube::Error::Auth(_)) => {
                human("the credentials cannot be read: check the service account's token or the kubeconfig")
            }
            // What answers in its place may be a proxy whose API server is down.
            Self::Slow { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } => {
                Remedy::Retry { after: None }
            }
            Self::TooLarge { .. } => Remedy::GiveUp,
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let (what, remedy, kind) = (error.to_string(), error.remedy(), error.kind());
        Failure { what, remedy, kind, source: Some(Box::new(error)) }
    }
}

fn human(advice: impl Into<String>) -> Remedy {
    Remedy::AskHuman { advice: advice.into() }
}

fn missing_right(ask: &Ask) -> String {
    let resource = ask.target.kind.resource();
    let place = match &ask.target.namespace {
        Some(namespace) => format!("in the namespace {namespace}"),
        None => "in all namespaces".to_owned(),
    };
    let file = match (ask.target.kind, ask.verb) {
        (Kind::Rollout, Verb::Patch) => "deploy/rbac-annotate.yaml",
        (Kind::Lease, _) => "deploy/rbac-lease.yaml",
        _ => "deploy/rbac.yaml",
    };
    format!("give the daemon's service account the right to {} {resource} {place}, as {file} does", ask.verb)
}

/// The message of a `Status`, or the beginning of what came instead.
fn words(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let message = field::text(&value, "/message", field::WORD);
    let words = if message.is_empty() { String::from_utf8_lossy(bytes).into_owned() } else { message };
    let clean: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    field::cut(clean.trim(), field::WORD)
}
