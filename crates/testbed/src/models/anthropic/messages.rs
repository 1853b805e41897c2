//! What Anthropic accepts as a conversation: user and assistant in turn, and each tool use answered in the very next message.

use std::collections::HashSet;

use serde_json::Value;

use super::refusal::{invalid, missing};
use super::tools::Offer;
use crate::models::asking::{Message, Role};
use crate::models::refusal::{Refusal, is_tool_name};

/// What the messages before one leave to it.
#[derive(Default)]
struct Before<'a> {
    role: Option<Role>,
    /// The tool uses of the assistant's last message, which this one must answer.
    open: Vec<&'a str>,
    /// All tool uses so far.
    used: HashSet<&'a str>,
}

/// What a message's blocks hold.
#[derive(Default)]
struct Content<'a> {
    texts: Vec<String>,
    uses: Vec<&'a str>,
    results: Vec<&'a str>,
}

/// Checks the conversation.
pub(super) fn check(messages: &Value, offer: Offer) -> Result<Vec<Message>, Refusal> {
    let messages = messages.as_array().ok_or_else(|| invalid("messages: Input should be a valid list"))?;
    if messages.is_empty() {
        return Err(invalid("messages: at least one message is required"));
    }
    let mut before = Before::default();
    let mut conversation = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages.{index}");
        let role = role(&at, message)?;
        before.admits(role)?;
        let text = before.read(&at, index, role, message, offer)?;
        conversation.push(Message { role, text, bytes: message.to_string().len() });
        before.role = Some(role);
    }
    if before.role == Some(Role::Assistant) {
        let message = "This model does not support assistant message prefill. The conversation must end with a user message.";
        return Err(invalid(message));
    }
    Ok(conversation)
}

/// The text of a text block; neither empty nor blank.
pub(super) fn text(at: &str, block: &Value) -> Result<String, Refusal> {
    if block.get("type").and_then(Value::as_str) != Some("text") {
        return Err(invalid(format!("{at}.type: Input should be 'text'")));
    }
    match block.get("text") {
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(invalid(format!("{at}: text content blocks must contain non-whitespace text")))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        None => Err(missing(&format!("{at}.text"))),
        Some(_) => Err(invalid(format!("{at}.text: Input should be a valid string"))),
    }
}

impl<'a> Before<'a> {
    fn admits(&self, role: Role) -> Result<(), Refusal> {
        match self.role {
            None if role == Role::Assistant => {
                Err(invalid("messages: first message must use the \"user\" role"))
            }
            Some(last) if last == role => {
                let name = if role == Role::User { "user" } else { "assistant" };
                Err(invalid(format!(
                    "messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"{name}\" roles in a row"
                )))
            }
            None | Some(_) => Ok(()),
        }
    }

    /// Checks a message's content and returns its text.
    fn read(
        &mut self,
        at: &str,
        index: usize,
        role: Role,
        message: &'a Value,
        offer: Offer,
    ) -> Result<String, Refusal> {
        let empty = || invalid(format!("{at}: all messages must have non-empty content"));
        let blocks = match message.get("content") {
            Some(Value::Array(blocks)) if !blocks.is_empty() => blocks.as_slice(),
            Some(Value::String(text)) if !text.trim().is_empty() => {
                self.must_be_answered(index, &[])?;
                return Ok(text.clone());
            }
            Some(Value::Array(_) | Value::String(_)) => return Err(empty()),
            None => return Err(missing(&format!("{at}.content"))),
            Some(_) => return Err(invalid(format!("{at}.content: Input should be a valid string or list"))),
        };
        let mut content = Content::default();
        for (number, block) in blocks.iter().enumerate() {
            let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind.starts_with("tool_") && offer == Offer::Nothing {
                return Err(invalid(
                    "Requests which include `tool_use` or `tool_result` blocks must define tools",
                ));
            }
            self.read_block(&format!("{at}.content.{number}"), role, kind, block, &mut content)?;
        }
        self.must_be_answered(index, &content.results)?;
        self.open = content.uses;
        Ok(content.texts.join("\n"))
    }

    fn read_block(
        &mut self,
        at: &str,
        role: Role,
        kind: &str,
        block: &'a Value,
        content: &mut Content<'a>,
    ) -> Result<(), Refusal> {
        match (kind, role) {
            ("text", _) => content.texts.push(text(at, block)?),
            ("thinking" | "redacted_thinking", Role::Assistant) => {}
            ("tool_use", Role::Assistant) => content.uses.push(self.tool_use(at, block)?),
            ("tool_result", Role::User) if content.texts.len() > content.results.len() => {
                return Err(invalid(format!("{at}: `tool_result` blocks must come first in the content")));
            }
            ("tool_result", Role::User) => {
                let (id, text) = tool_result(at, block)?;
                content.results.push(self.answers(at, id, &content.results)?);
                content.texts.push(text);
            }
            (other, _) => {
                return Err(invalid(format!(
                    "{at}: Input tag '{other}' found using 'type' does not match any of the expected tags"
                )));
            }
        }
        Ok(())
    }

    fn tool_use(&mut self, at: &str, block: &'a Value) -> Result<&'a str, Refusal> {
        let at = format!("{at}.tool_use");
        let id = block.get("id").and_then(Value::as_str).ok_or_else(|| missing(&format!("{at}.id")))?;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if id.is_empty() || !id.bytes().all(sound) {
            return Err(invalid(format!("{at}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")));
        }
        if !self.used.insert(id) {
            return Err(invalid(format!("{at}: `tool_use` ids must be unique")));
        }
        let name = block.get("name").and_then(Value::as_str).ok_or_else(|| missing(&format!("{at}.name")))?;
        if !is_tool_name(name) {
            return Err(invalid(format!("{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")));
        }
        match block.get("input") {
            Some(Value::Object(_)) => Ok(id),
            None => Err(missing(&format!("{at}.input"))),
            Some(_) => Err(invalid(format!("{at}.input: Input should be a valid dictionary"))),
        }
    }

    fn answers(&self, at: &str, id: &'a str, answered: &[&str]) -> Result<&'a str, Refusal> {
        if answered.contains(&id) {
            return Err(invalid(format!(
                "{at}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            )));
        }
        if self.open.contains(&id) {
            return Ok(id);
        }
        Err(invalid(format!(
            "{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
        )))
    }

    fn must_be_answered(&mut self, index: usize, answered: &[&str]) -> Result<(), Refusal> {
        let open: Vec<&str> = self.open.drain(..).filter(|id| !answered.contains(id)).collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(invalid(format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            index.saturating_sub(1),
            open.join(", ")
        )))
    }
}

fn role(at: &str, message: &Value) -> Result<Role, Refusal> {
    match message.get("role").and_then(Value::as_str) {
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some(other) => Err(invalid(format!(
            "{at}.role: Unexpected role \"{other}\". Input should be 'user' or 'assistant'"
        ))),
        None => Err(missing(&format!("{at}.role"))),
    }
}

/// The id and the text of a tool's result.
fn tool_result<'a>(at: &str, block: &'a Value) -> Result<(&'a str, String), Refusal> {
    let at = format!("{at}.tool_result");
    let id = block.get("tool_use_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| missing(&format!("{at}.tool_use_id")))?;
    if !matches!(block.get("is_error"), None | Some(Value::Bool(_))) {
        return Err(invalid(format!("{at}.is_error: Input should be a valid boolean")));
    }
    let said = match block.get("content") {
        None => String::new(),
        Some(Value::String(said)) => said.clone(),
        Some(Value::Array(blocks)) => {
            let texts = blocks
                .iter()
                .enumerate()
                .map(|(number, block)| text(&format!("{at}.content.{number}"), block));
            texts.collect::<Result<Vec<_>, _>>()?.join("\n")
        }
        Some(_) => return Err(invalid(format!("{at}.content: Input should be a valid string or list"))),
    };
    Ok((id, said))
}
