//! Refusals in the words of the API server: `Status` objects.

use http::StatusCode;
use serde_json::{Value, json};

use super::kinds::Kind;

/// What the API server says instead of doing what was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub code: StatusCode,
    /// The machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// `details` of the `Status`, null when it has none.
    pub details: Value,
}

impl Refusal {
    /// The `Status` object that is sent.
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code.as_u16(),
        });
        if let (Some(members), false) = (status.as_object_mut(), self.details.is_null()) {
            members.insert("details".to_owned(), self.details.clone());
        }
        status
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn not_found(kind: Kind, name: &str) -> Self {
        Self::of(StatusCode::NOT_FOUND, "NotFound", kind, name, "not found")
    }

    pub(crate) fn already_exists(kind: Kind, name: &str) -> Self {
        Self::of(StatusCode::CONFLICT, "AlreadyExists", kind, name, "already exists")
    }

    /// A write that names a resourceVersion which is no longer the present one.
    pub(crate) fn conflict(kind: Kind, name: &str) -> Self {
        let said = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
            kind.qualified()
        );
        let mut refusal = Self::of(StatusCode::CONFLICT, "Conflict", kind, name, "");
        refusal.message = said;
        refusal
    }

    /// An object that does not pass validation: `field` and what is wrong with it.
    pub(crate) fn invalid(kind: Kind, name: &str, field: &str, problem: &str) -> Self {
        let mut refusal = Self::of(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", kind, name, "");
        let group = if kind.group().is_empty() { String::new() } else { format!(".{}", kind.group()) };
        refusal.message = format!("{}{group} \"{name}\" is invalid: {field}: {problem}", kind.name());
        refusal.details = json!({
            "name": name, "group": kind.group(), "kind": kind.name(),
            "causes": [{"reason": "FieldValueInvalid", "message": problem, "field": field}],
        });
        refusal
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A resourceVersion, or a place to continue from, that is no longer kept.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// A resourceVersion from the future.
    pub(crate) fn too_large_version(asked: u64, present: u64) -> Self {
        let mut refusal = Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "Timeout",
            format!("Timeout: Too large resource version: {asked}, current: {present}"),
        );
        refusal.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        refusal
    }

    pub(crate) fn unsupported_media_type(given: &str, accepted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {accepted} (given: {given})"
            ),
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            format!("Request entity too large: limit is {limit}"),
        )
    }

    pub(crate) fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Refusal { code, reason, message: message.into(), details: Value::Null }
    }

    fn of(code: StatusCode, reason: &'static str, kind: Kind, name: &str, said: &str) -> Self {
        let mut details = json!({"name": name, "kind": kind.plural()});
        if let (Some(members), false) = (details.as_object_mut(), kind.group().is_empty()) {
            members.insert("group".to_owned(), kind.group().into());
        }
        Refusal { code, reason, message: format!("{} \"{name}\" {said}", kind.qualified()), details }
    }
}
