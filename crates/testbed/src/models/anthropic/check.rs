//! What Anthropic accepts as a request for a message.

use serde_json::{Map, Value};

use super::refusal::{invalid, missing, unreadable};
use super::{messages, tools};
use crate::models::asking::{Asking, Caching, Delivery};
use crate::models::refusal::Refusal;

/// The parameters of the API reference; Anthropic refuses any other.
const KNOWN: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// How many places of a request may be marked for the cache.
const CACHE_LIMIT: usize = 4;

/// Checks the header `anthropic-version`.
///
/// # Errors
/// As Anthropic refuses it.
pub(in crate::models) fn check_version(version: Option<&str>) -> Result<(), Refusal> {
    match version {
        Some("2023-06-01" | "2023-01-01") => Ok(()),
        Some(other) => Err(invalid(format!("anthropic-version: \"{other}\" is not a valid version"))),
        None => Err(invalid("anthropic-version: header is required")),
    }
}

/// Checks a request's body.
///
/// # Errors
/// As Anthropic refuses it.
pub(in crate::models) fn check(body: &Value) -> Result<Asking, Refusal> {
    let fields = body.as_object().ok_or_else(unreadable)?;
    if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(invalid(format!("{unknown}: Extra inputs are not permitted")));
    }
    let model = match fields.get("model") {
        Some(Value::String(model)) if !model.is_empty() => model.clone(),
        None => return Err(missing("model")),
        Some(_) => return Err(invalid("model: Input should be a valid string")),
    };
    limits(fields)?;
    let delivery = match fields.get("stream") {
        None | Some(Value::Bool(false)) => Delivery::Whole,
        Some(Value::Bool(true)) => Delivery::StreamWithUsage,
        Some(_) => return Err(invalid("stream: Input should be a valid boolean")),
    };
    let system = system(fields.get("system"))?;
    let has_tools = tools::check(fields)?;
    let messages = messages::check(fields.get("messages").ok_or_else(|| missing("messages"))?, has_tools)?;
    let caching = caching(body)?;
    Ok(Asking { model, system, messages, delivery, caching, bytes: body.to_string().len() })
}

fn limits(fields: &Map<String, Value>) -> Result<(), Refusal> {
    let limit = fields.get("max_tokens").ok_or_else(|| missing("max_tokens"))?;
    let limit = limit.as_i64().ok_or_else(|| invalid("max_tokens: Input should be a valid integer"))?;
    if limit < 1 {
        return Err(invalid("max_tokens: Input should be greater than or equal to 1"));
    }
    match fields.get("temperature").map(Value::as_f64) {
        None => Ok(()),
        Some(Some(temperature)) if (0.0..=1.0).contains(&temperature) => Ok(()),
        Some(Some(_)) => Err(invalid("temperature: range: 0..1")),
        Some(None) => Err(invalid("temperature: Input should be a valid number")),
    }
}

fn system(system: Option<&Value>) -> Result<String, Refusal> {
    match system {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(blocks)) => {
            let texts = blocks
                .iter()
                .enumerate()
                .map(|(index, block)| messages::text(&format!("system.{index}"), block));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        Some(_) => Err(invalid("system: Input should be a valid string or list")),
    }
}

fn caching(body: &Value) -> Result<Caching, Refusal> {
    match marks(body) {
        0 => Ok(Caching::Off),
        1..=CACHE_LIMIT => Ok(Caching::On),
        more => Err(invalid(format!(
            "A maximum of {CACHE_LIMIT} blocks with cache_control may be provided. Found {more}."
        ))),
    }
}

/// How many places are marked for the cache. Arguments and schemas may use the word for something else.
fn marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(fields) => {
            let here =
                usize::from(fields.get("cache_control").is_some_and(|mark| mark.get("type").is_some()));
            let inner = fields.iter().filter(|(name, _)| !["input", "input_schema"].contains(&name.as_str()));
            here + inner.map(|(_, value)| marks(value)).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
