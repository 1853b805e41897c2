//! What OpenAI accepts as a conversation: above all, each tool call is answered once before anything else is said.

use serde_json::Value;

use super::refusal::{invalid, missing, uncoded, wrong_type};
use super::tools::check_name;
use crate::models::asking::{Message, Role};
use crate::models::refusal::Refusal;

/// How long a call's id may be.
const ID_LIMIT: usize = 40;

/// The tool calls that wait for their results, and where they were made.
struct Pending<'a> {
    ids: Vec<&'a str>,
    answered: Vec<&'a str>,
    index: usize,
}

/// Checks the conversation; gives the system prompt and the messages.
pub(super) fn check(messages: &Value) -> Result<(String, Vec<Message>), Refusal> {
    let messages =
        messages.as_array().ok_or_else(|| wrong_type("messages", "an array of objects", Some(messages)))?;
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
        return Err(invalid("messages", "empty_array", message));
    }
    let mut system = Vec::new();
    let mut conversation = Vec::new();
    let mut pending = Pending { ids: Vec::new(), answered: Vec::new(), index: 0 };
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        let role = role(&at, message)?;
        if role == "tool" {
            pending.answer(index, message)?;
        } else {
            pending.must_be_answered()?;
        }
        let text = content(&at, role, message)?;
        if role == "assistant" {
            pending = Pending { ids: calls(&at, message)?, answered: Vec::new(), index };
        }
        let role = match role {
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            "user" => Role::User,
            _ => {
                system.push(text);
                continue;
            }
        };
        conversation.push(Message { role, text, bytes: message.to_string().len() });
    }
    pending.must_be_answered()?;
    Ok((system.join("\n"), conversation))
}

impl<'a> Pending<'a> {
    fn answer(&mut self, index: usize, message: &'a Value) -> Result<(), Refusal> {
        let at = format!("messages.[{index}].role");
        let Some(Value::String(id)) = message.get("tool_call_id") else {
            return Err(missing(&format!("messages[{index}].tool_call_id")));
        };
        let id = id.as_str();
        if self.ids.is_empty() {
            let message = "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
            return Err(uncoded(&at, message));
        }
        if !self.ids.contains(&id) {
            let message = format!(
                "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message."
            );
            return Err(uncoded(&format!("messages.[{index}].tool_call_id"), message));
        }
        if self.answered.contains(&id) {
            let message =
                format!("Invalid parameter: the tool call '{id}' has more than one response message.");
            return Err(uncoded(&format!("messages.[{index}].tool_call_id"), message));
        }
        self.answered.push(id);
        Ok(())
    }

    fn must_be_answered(&self) -> Result<(), Refusal> {
        let open: Vec<&str> = self.ids.iter().copied().filter(|id| !self.answered.contains(id)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let message = format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            open.join(", ")
        );
        Err(uncoded(&format!("messages.[{}].role", self.index + 1), message))
    }
}

fn role<'a>(at: &str, message: &'a Value) -> Result<&'a str, Refusal> {
    let at = format!("{at}.role");
    match message.get("role") {
        Some(Value::String(role))
            if ["system", "developer", "user", "assistant", "tool"].contains(&role.as_str()) =>
        {
            Ok(role)
        }
        Some(Value::String(role)) => {
            let message = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            Err(invalid(&at, "invalid_value", message))
        }
        None => Err(missing(&at)),
        other => Err(wrong_type(&at, "a string", other)),
    }
}

/// The text of a message. Only an assistant's message with tool calls may do without.
fn content(at: &str, role: &str, message: &Value) -> Result<String, Refusal> {
    let at = format!("{at}.content");
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) if !parts.is_empty() => {
            let texts =
                parts.iter().enumerate().map(|(index, part)| text_part(&format!("{at}[{index}]"), part));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        None | Some(Value::Null) if role == "assistant" && message.get("tool_calls").is_some() => {
            Ok(String::new())
        }
        None | Some(Value::Null) => {
            Err(invalid(&at, "invalid_type", "Invalid value for 'content': expected a string, got null."))
        }
        other => Err(wrong_type(&at, "one of a string or a non-empty array of objects", other)),
    }
}

fn text_part(at: &str, part: &Value) -> Result<String, Refusal> {
    match part.get("type").and_then(Value::as_str) {
        Some("text") => match part.get("text") {
            Some(Value::String(text)) => Ok(text.clone()),
            None => Err(missing(&format!("{at}.text"))),
            other => Err(wrong_type(&format!("{at}.text"), "a string", other)),
        },
        Some(other) => {
            // Images and sounds exist, but not for these models.
            let message = format!("Invalid value: '{other}'. Supported values are: 'text'.");
            Err(invalid(&format!("{at}.type"), "invalid_value", message))
        }
        None => Err(missing(&format!("{at}.type"))),
    }
}

/// The ids of an assistant's tool calls.
fn calls<'a>(at: &str, message: &'a Value) -> Result<Vec<&'a str>, Refusal> {
    let at = format!("{at}.tool_calls");
    let calls = match message.get("tool_calls") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(calls)) if !calls.is_empty() => calls,
        Some(Value::Array(_)) => {
            let message = format!("Invalid '{at}': empty array. Expected an array with minimum length 1.");
            return Err(invalid(&at, "empty_array", message));
        }
        other => return Err(wrong_type(&at, "an array of objects", other)),
    };
    let mut ids: Vec<&str> = Vec::with_capacity(calls.len());
    for (index, call) in calls.iter().enumerate() {
        let id = check_call(&format!("{at}[{index}]"), call)?;
        if ids.contains(&id) {
            return Err(uncoded(&at, format!("Duplicate value for 'tool_call_id' of '{id}'.")));
        }
        ids.push(id);
    }
    Ok(ids)
}

fn check_call<'a>(at: &str, call: &'a Value) -> Result<&'a str, Refusal> {
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| missing(&format!("{at}.id")))?;
    if id.len() > ID_LIMIT {
        let at = format!("{at}.id");
        let message =
            format!("Invalid '{at}': string too long. Expected a string with maximum length {ID_LIMIT}.");
        return Err(invalid(&at, "string_above_max_length", message));
    }
    if call.get("type").and_then(Value::as_str) != Some("function") {
        return Err(missing(&format!("{at}.type")));
    }
    let function = call.get("function").ok_or_else(|| missing(&format!("{at}.function")))?;
    check_name(&format!("{at}.function.name"), function.get("name"))?;
    match function.get("arguments") {
        // Whether they are JSON is not asked: they are shown to the model as they are.
        Some(Value::String(_)) => Ok(id),
        other => Err(wrong_type(&format!("{at}.function.arguments"), "a string", other)),
    }
}
