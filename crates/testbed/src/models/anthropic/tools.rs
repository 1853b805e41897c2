//! What Anthropic accepts as tools and as a choice among them.

use serde_json::{Map, Value};

use super::refusal::{invalid, missing};
use crate::models::refusal::{Refusal, is_tool_name};

/// Whether a request offers tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    Tools,
    Nothing,
}

pub(super) fn check(fields: &Map<String, Value>) -> Result<Offer, Refusal> {
    let names = match fields.get("tools") {
        None => Vec::new(),
        Some(Value::Array(tools)) => names(tools)?,
        Some(_) => return Err(invalid("tools: Input should be a valid list")),
    };
    if let Some(choice) = fields.get("tool_choice") {
        check_choice(choice, &names)?;
    }
    Ok(if names.is_empty() { Offer::Nothing } else { Offer::Tools })
}

fn names(tools: &[Value]) -> Result<Vec<&str>, Refusal> {
    let mut names = Vec::with_capacity(tools.len());
    for (index, tool) in tools.iter().enumerate() {
        let name = check_tool(&format!("tools.{index}.custom"), tool)?;
        if names.contains(&name) {
            return Err(invalid("tools: Tool names must be unique."));
        }
        names.push(name);
    }
    Ok(names)
}

fn check_tool<'a>(at: &str, tool: &'a Value) -> Result<&'a str, Refusal> {
    let name = tool.get("name").ok_or_else(|| missing(&format!("{at}.name")))?;
    let name = name.as_str().filter(|name| is_tool_name(name));
    let name = name.ok_or_else(|| {
        invalid(format!("{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"))
    })?;
    if !matches!(tool.get("description"), None | Some(Value::String(_))) {
        return Err(invalid(format!("{at}.description: Input should be a valid string")));
    }
    let schema = tool.get("input_schema").ok_or_else(|| missing(&format!("{at}.input_schema")))?;
    let schema = schema
        .as_object()
        .ok_or_else(|| invalid(format!("{at}.input_schema: Input does not match the expected shape.")))?;
    match schema.get("type") {
        None => Err(missing(&format!("{at}.input_schema.type"))),
        Some(Value::String(kind)) if kind == "object" => Ok(name),
        Some(_) => Err(invalid(format!("{at}.input_schema.type: Input should be 'object'"))),
    }
}

fn check_choice(choice: &Value, names: &[&str]) -> Result<(), Refusal> {
    if names.is_empty() {
        return Err(invalid("tool_choice: may only be specified while providing tools"));
    }
    match choice.get("type").and_then(Value::as_str) {
        Some("auto" | "any" | "none") => Ok(()),
        Some("tool") => {
            let name = choice.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| missing("tool_choice.tool.name"))?;
            if names.contains(&name) {
                return Ok(());
            }
            Err(invalid(format!("Tool '{name}' not found in provided tools")))
        }
        _ => Err(invalid(
            "tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
        )),
    }
}
