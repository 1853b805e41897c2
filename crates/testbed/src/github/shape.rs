//! The JSON that GitHub answers with, after its published `OpenAPI` description (github/rest-api-description): every
//! property that the description requires is there, also those that nobody here reads.

mod account;
mod commit;
mod pull;
mod repository;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

pub(super) use self::account::{authenticated_account, simple_account};
pub(super) use self::commit::{Protection, branch, commit, git_ref};
pub(super) use self::pull::{comment, full_pull, label, simple_pull};
pub(super) use self::repository::{full_repository, simple_repository};

/// The addresses under which a caller reached this server, for the links in answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Urls {
    /// The API's base, without a slash at the end.
    pub(super) api: String,
    /// The website's base, without a slash at the end.
    pub(super) html: String,
}

/// A time as GitHub writes it.
pub(super) fn time(at: DateTime<Utc>) -> Value {
    Value::String(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A GraphQL id; opaque to callers, as the real ones are meant to be.
pub(super) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{kind}_{id}")
}

/// Puts all properties of `more` into `object`.
fn extended(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
