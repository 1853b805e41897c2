//! What OpenAI accepts as a request for a chat completion.

use serde_json::{Map, Value};

use super::refusal::{invalid, missing, unplaced, unreadable, wrong_type};
use super::{messages, tools};
use crate::models::asking::{Asking, Caching, Delivery};
use crate::models::refusal::Refusal;

/// The parameters of the API reference; OpenAI refuses any other.
const KNOWN: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// Checks a request's body; at Azure the path names the model (`deployment`).
///
/// # Errors
/// As OpenAI refuses it.
pub(in crate::models) fn check(body: &Value, deployment: Option<&str>) -> Result<Asking, Refusal> {
    let fields = body.as_object().ok_or_else(unreadable)?;
    if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(unplaced(format!("Unrecognized request argument supplied: {unknown}")));
    }
    let model = match (fields.get("model"), deployment) {
        (_, Some(deployment)) => deployment.to_owned(),
        (Some(Value::String(model)), None) if !model.is_empty() => model.clone(),
        _ => return Err(unplaced("you must provide a model parameter")),
    };
    limits(fields)?;
    let delivery = delivery(fields)?;
    tools::check(fields)?;
    let (system, messages) = messages::check(fields.get("messages").ok_or_else(|| missing("messages"))?)?;
    // OpenAI caches prefixes by itself.
    Ok(Asking { model, system, messages, delivery, caching: Caching::On, bytes: body.to_string().len() })
}

fn limits(fields: &Map<String, Value>) -> Result<(), Refusal> {
    for name in ["max_tokens", "max_completion_tokens"] {
        if let Some(value) = present(fields, name) {
            let limit = value.as_i64().ok_or_else(|| wrong_type(name, "an integer", Some(value)))?;
            if limit < 1 {
                let message = format!("Invalid '{name}': integer below minimum value.");
                return Err(invalid(name, "integer_below_min_value", message));
            }
        }
    }
    if present(fields, "max_tokens").is_some() && present(fields, "max_completion_tokens").is_some() {
        return Err(unplaced(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ));
    }
    let Some(value) = present(fields, "temperature") else { return Ok(()) };
    let temperature = value.as_f64().ok_or_else(|| wrong_type("temperature", "a decimal", Some(value)))?;
    let code = match temperature {
        below if below < 0.0 => "decimal_below_min_value",
        above if above > 2.0 => "decimal_above_max_value",
        _ => return Ok(()),
    };
    Err(invalid("temperature", code, "Invalid 'temperature': expected a value between 0 and 2."))
}

fn delivery(fields: &Map<String, Value>) -> Result<Delivery, Refusal> {
    let stream = match present(fields, "stream") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        other => return Err(wrong_type("stream", "a boolean", other)),
    };
    let options = present(fields, "stream_options");
    if options.is_some() && !stream {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(super::refusal::uncoded("stream_options", message));
    }
    let usage = options.and_then(|options| options.get("include_usage")).and_then(Value::as_bool);
    Ok(match (stream, usage) {
        (false, _) => Delivery::Whole,
        (true, Some(true)) => Delivery::StreamWithUsage,
        (true, _) => Delivery::Stream,
    })
}

/// A parameter that is there; null is as good as absent.
pub(super) fn present<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}
