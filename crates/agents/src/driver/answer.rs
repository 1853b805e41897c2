//! What a model's answer is worth: calls, or nothing that can be acted on and what it is told then.

use std::collections::BTreeSet;

use rig_agent::run::ModelTurn;
use rig_core::completion::{AssistantContent, AssistantMessage, CompletionResponse, FinishReason, Usage};
use serde_json::Value;

use super::patience::Misdeed;
use super::stopped::Why;

/// One answer as rig's machine takes it.
pub(super) struct Answer {
    pub turn: ModelTurn,
    /// Why nothing in it can be acted on.
    pub misdeed: Option<Misdeed>,
}

impl Answer {
    /// Reads an answer. The provider's raw body is not kept. Every name that is called counts as allowed, so that rig does not
    /// throw away the calls beside one that is not: the round answers each.
    pub(super) fn read(response: &CompletionResponse) -> Result<Self, Why> {
        if response.stop().is_failure() {
            return Err(Why::Withheld);
        }
        let names: BTreeSet<String> =
            response.tool_calls().map(|call| call.function.name.to_string()).collect();
        let misdeed = if !names.is_empty() {
            None
        } else if response.finish_reason() == Some(FinishReason::Length) {
            Some(Misdeed::Cut)
        } else if response.text().trim().is_empty() {
            Some(Misdeed::Silent)
        } else {
            Some(Misdeed::Text)
        };
        if let Some(misdeed @ (Misdeed::Cut | Misdeed::Silent)) = misdeed {
            return Ok(Self::nothing(misdeed, response.usage));
        }
        let mut turn = ModelTurn::from_response_parts(response, names.clone(), names);
        turn.raw = Value::Null;
        Ok(Self { turn, misdeed })
    }

    /// An answer of which nothing is kept. A word stands for it, since providers refuse two turns of ours in a row.
    pub(super) fn nothing(misdeed: Misdeed, usage: Usage) -> Self {
        let choice = vec![AssistantContent::text("…")];
        let (head, none) = (AssistantMessage::default(), BTreeSet::new());
        let turn = ModelTurn::new(head, choice, usage, none.clone(), none, Value::Null);
        Self { turn, misdeed: Some(misdeed) }
    }
}

/// What the model is told of an answer without a call that can be acted on.
pub(super) fn nudge(misdeed: Misdeed, answer: &str, max_output_tokens: u32) -> String {
    let what = match misdeed {
        Misdeed::Text => "Text alone is not read.".to_owned(),
        Misdeed::Cut => format!("Your answer was cut at {max_output_tokens} tokens and is lost. Write less."),
        Misdeed::Silent => "You said nothing.".to_owned(),
        Misdeed::Unreadable | Misdeed::UnknownTool | Misdeed::Arguments | Misdeed::WrongAnswer => {
            "Your answer could not be read.".to_owned()
        }
    };
    format!("{what} Call a tool, or answer by calling `{answer}`.")
}
