//! What OpenAI accepts as tools and as a choice among them.

use serde_json::{Map, Value};

use super::check::present;
use super::refusal::{invalid, missing, uncoded, wrong_type};
use crate::models::refusal::{Refusal, is_tool_name};

pub(super) fn check(fields: &Map<String, Value>) -> Result<(), Refusal> {
    let names = match present(fields, "tools") {
        Some(tools) => names(tools)?,
        None => Vec::new(),
    };
    match present(fields, "tool_choice") {
        Some(choice) => check_choice(choice, &names),
        None => Ok(()),
    }
}

fn names(tools: &Value) -> Result<Vec<&str>, Refusal> {
    let tools = tools.as_array().ok_or_else(|| wrong_type("tools", "an array of objects", Some(tools)))?;
    if tools.is_empty() {
        let message = "Invalid 'tools': empty array. Expected an array with minimum length 1.";
        return Err(invalid("tools", "empty_array", message));
    }
    let mut names = Vec::with_capacity(tools.len());
    for (index, tool) in tools.iter().enumerate() {
        let name = check_tool(&format!("tools[{index}]"), tool)?;
        if names.contains(&name) {
            return Err(uncoded("tools", format!("Tool names must be unique: '{name}' is there twice.")));
        }
        names.push(name);
    }
    Ok(names)
}

fn check_tool<'a>(at: &str, tool: &'a Value) -> Result<&'a str, Refusal> {
    match tool.get("type").and_then(Value::as_str) {
        Some("function") => {}
        Some(other) => {
            let message = format!("Invalid value: '{other}'. Supported values are: 'function' and 'custom'.");
            return Err(invalid(&format!("{at}.type"), "invalid_value", message));
        }
        None => return Err(missing(&format!("{at}.type"))),
    }
    let function = tool.get("function").ok_or_else(|| missing(&format!("{at}.function")))?;
    let name = check_name(&format!("{at}.function.name"), function.get("name"))?;
    match function.get("description") {
        None | Some(Value::Null | Value::String(_)) => {}
        other => return Err(wrong_type(&format!("{at}.function.description"), "a string", other)),
    }
    let Some(schema) = function.get("parameters") else { return Ok(name) };
    let kind = schema.get("type").and_then(Value::as_str);
    let properties = schema.get("properties").is_none_or(Value::is_object);
    if kind != Some("object") || !properties {
        let message = format!(
            "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: {:?}'.",
            kind.unwrap_or("None")
        );
        return Err(invalid(&format!("{at}.function.parameters"), "invalid_function_parameters", message));
    }
    Ok(name)
}

/// A function's name, here or in a call.
pub(super) fn check_name<'a>(at: &str, name: Option<&'a Value>) -> Result<&'a str, Refusal> {
    let name = match name {
        Some(Value::String(name)) => name.as_str(),
        None => return Err(missing(at)),
        other => return Err(wrong_type(at, "a string", other)),
    };
    if name.len() > 64 {
        let message = format!("Invalid '{at}': string too long. Expected a string with maximum length 64.");
        return Err(invalid(at, "string_above_max_length", message));
    }
    if !is_tool_name(name) {
        let message = format!(
            "Invalid '{at}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Err(invalid(at, "invalid_value", message));
    }
    Ok(name)
}

fn check_choice(choice: &Value, names: &[&str]) -> Result<(), Refusal> {
    if names.is_empty() {
        let message =
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
        return Err(uncoded("tool_choice", message));
    }
    if let Some(word) = choice.as_str() {
        if ["none", "auto", "required"].contains(&word) {
            return Ok(());
        }
        let message =
            format!("Invalid value: '{word}'. Supported values are: 'none', 'auto', and 'required'.");
        return Err(invalid("tool_choice", "invalid_value", message));
    }
    if choice.get("type").and_then(Value::as_str) != Some("function") {
        return Err(wrong_type(
            "tool_choice",
            "one of 'none', 'auto', 'required' or a function",
            Some(choice),
        ));
    }
    let name = choice.pointer("/function/name").and_then(Value::as_str);
    let name = name.ok_or_else(|| missing("tool_choice.function.name"))?;
    if names.contains(&name) {
        return Ok(());
    }
    let message = format!(
        "Invalid value for 'tool_choice': no function named '{name}' was specified in the 'tools' parameter."
    );
    Err(uncoded("tool_choice", message))
}
