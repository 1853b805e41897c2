//! How Anthropic refuses: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

use serde_json::json;

use crate::models::refusal::Refusal;

/// A 400 with this sentence; it begins with the field that it is about.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    error(400, "invalid_request_error", message)
}

pub(super) fn missing(field: &str) -> Refusal {
    invalid(format!("{field}: Field required"))
}

pub(in crate::models) fn unreadable() -> Refusal {
    invalid("The request body is not valid JSON")
}

pub(in crate::models) fn wrong_key() -> Refusal {
    error(401, "authentication_error", "invalid x-api-key")
}

pub(in crate::models) fn unknown_model(model: &str) -> Refusal {
    error(404, "not_found_error", format!("model: {model}"))
}

/// What Anthropic says with a status that a script asks for.
pub(in crate::models) fn for_status(status: u16, message: Option<&str>) -> Refusal {
    let (kind, usual) = match status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low."),
        403 => ("permission_error", "Your API key does not have permission to use this resource."),
        404 => ("not_found_error", "Not found"),
        413 => ("request_too_large", "Request exceeds the maximum allowed number of bytes."),
        429 => ("rate_limit_error", "This request would exceed the rate limit of your organization."),
        400..=499 => ("invalid_request_error", "The request is invalid."),
        504 => ("timeout_error", "The request timed out."),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    error(status, kind, message.unwrap_or(usual))
}

fn error(status: u16, kind: &str, message: impl Into<String>) -> Refusal {
    let message: String = message.into();
    let error = json!({"type": kind, "message": message});
    Refusal { status, body: json!({"type": "error", "error": error, "request_id": "req_testbed"}) }
}
