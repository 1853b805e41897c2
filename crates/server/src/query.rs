//! Names and numbers from paths and query strings, parsed at the door.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use domain::RolloutRef;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The query string as `T`; a bad one is refused with what is wrong.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let asked: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(asked) = asked.map_err(|error| {
            Refusal::Unreadable(format!("the query is not understood: {}", error.body_text()))
        })?;
        Ok(Self(asked))
    }
}

/// A Rollout from its two names.
pub(crate) fn rollout(namespace: &str, name: &str) -> Result<RolloutRef, Refusal> {
    let invalid = |error: domain::InvalidId| Refusal::Unreadable(format!("failed to {error}"));
    Ok(RolloutRef { namespace: namespace.parse().map_err(invalid)?, name: name.parse().map_err(invalid)? })
}
