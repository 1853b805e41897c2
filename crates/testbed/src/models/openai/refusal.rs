//! How OpenAI refuses: `{"error": {"message", "type", "param", "code"}}`.

use serde_json::{Value, json};

use crate::models::record::Shape;
use crate::models::refusal::Refusal;

/// A 400 about this parameter, with this code.
pub(super) fn invalid(param: &str, code: &str, message: impl Into<String>) -> Refusal {
    error(400, "invalid_request_error", Some(param), Some(code), message)
}

/// A 400 about this parameter, without a code.
pub(super) fn uncoded(param: &str, message: impl Into<String>) -> Refusal {
    error(400, "invalid_request_error", Some(param), None, message)
}

/// A 400 about the request as a whole.
pub(super) fn unplaced(message: impl Into<String>) -> Refusal {
    error(400, "invalid_request_error", None, None, message)
}

pub(super) fn missing(param: &str) -> Refusal {
    invalid(param, "missing_required_parameter", format!("Missing required parameter: '{param}'."))
}

pub(super) fn wrong_type(param: &str, expected: &str, got: Option<&Value>) -> Refusal {
    let got = got.map_or("nothing", kind);
    let message = format!("Invalid type for '{param}': expected {expected}, but got {got} instead.");
    invalid(param, "invalid_type", message)
}

pub(in crate::models) fn unreadable() -> Refusal {
    unplaced("We could not parse the JSON body of your request. The API expects a JSON object.")
}

/// The key is wrong or absent.
pub(in crate::models) fn wrong_key(shape: Shape) -> Refusal {
    if shape == Shape::Azure {
        return azure(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.");
    }
    error(401, "invalid_request_error", None, Some("invalid_api_key"), "Incorrect API key provided.")
}

pub(in crate::models) fn unknown_model(shape: Shape, model: &str) -> Refusal {
    if shape == Shape::Azure {
        return azure(404, "DeploymentNotFound", "The API deployment for this resource does not exist.");
    }
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    error(404, "invalid_request_error", None, Some("model_not_found"), message)
}

/// Azure serves nothing without `api-version`.
pub(in crate::models) fn no_azure_version() -> Refusal {
    azure(404, "404", "Resource not found")
}

pub(in crate::models) fn unknown_path(method: &http::Method, path: &str) -> Refusal {
    error(404, "invalid_request_error", None, None, format!("Invalid URL ({method} {path})"))
}

/// What OpenAI says with a status that a script asks for.
pub(in crate::models) fn for_status(status: u16, message: Option<&str>) -> Refusal {
    let (kind, code, usual) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided."),
        403 => ("invalid_request_error", Some("unsupported_country_region_territory"), "Not supported."),
        404 => ("invalid_request_error", Some("model_not_found"), "The model does not exist."),
        429 => ("requests", Some("rate_limit_exceeded"), "Rate limit reached for requests."),
        400..=499 => ("invalid_request_error", None, "The request is invalid."),
        503 => ("server_error", None, "The engine is currently overloaded, please try again later."),
        _ => ("server_error", None, "The server had an error while processing your request."),
    };
    error(status, kind, None, code, message.unwrap_or(usual))
}

fn azure(status: u16, code: &str, message: &str) -> Refusal {
    Refusal { status, body: json!({"error": {"code": code, "message": message}}) }
}

fn error(
    status: u16,
    kind: &str,
    param: Option<&str>,
    code: Option<&str>,
    message: impl Into<String>,
) -> Refusal {
    let message: String = message.into();
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    Refusal { status, body }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
