//! What one call asks for.

use std::sync::Arc;

use domain::Tool;
use rig_core::completion::FinishReason;
use rig_core::message::ToolCall;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::driver::patience::Misdeed;
use crate::driver::run::Run;

/// What one call asks for.
pub(super) enum Wish {
    /// A tool that was given, with arguments that are a JSON object.
    Tool(Call),
    /// The answer.
    Answer(Value),
    /// Nothing that is done, and what the model is told.
    Refused(Option<Misdeed>, String),
}

/// Where in its turn a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Others follow.
    Earlier,
    /// It ends the turn.
    Last,
}

/// A call of a tool that was given.
pub(super) struct Call {
    pub(super) tool: Arc<dyn Tool>,
    pub(super) arguments: Value,
    /// The same for the same tool and arguments, whatever the order of their fields.
    pub(super) digest: String,
}

impl<A: Send> Run<'_, '_, A> {
    /// What the call at this place of its turn asks for, and whether it is the last of the turn.
    pub(super) fn wish(&self, place: usize, order: Order, call: &ToolCall) -> Wish {
        let limits = &self.task.limits;
        if place >= limits.calls_per_turn {
            let words = format!("Not run: at most {} calls in one turn.", limits.calls_per_turn);
            return Wish::Refused(None, words);
        }
        let name = call.function.name.as_str();
        let tool = self.task.tools.iter().find(|tool| tool.name() == name);
        if tool.is_none() && name != self.answer.name {
            let names: Vec<_> = self.task.tools.iter().map(|tool| tool.name()).collect();
            let words =
                format!("There is no such tool. You have: {}, {}.", names.join(", "), self.answer.name);
            return Wish::Refused(Some(Misdeed::UnknownTool), words);
        }
        let arguments = match self.arguments(order, call) {
            Ok(arguments) => arguments,
            Err((misdeed, words)) => return Wish::Refused(Some(misdeed), words),
        };
        match tool {
            Some(tool) => {
                let digest = digest(name, &arguments);
                Wish::Tool(Call { tool: Arc::clone(tool), arguments, digest })
            }
            None => Wish::Answer(arguments),
        }
    }

    fn arguments(&self, order: Order, call: &ToolCall) -> Result<Value, (Misdeed, String)> {
        let longest = self.task.limits.argument_bytes;
        if order == Order::Last && self.was_cut() {
            let tokens = self.crew.model.max_output_tokens();
            return Err((Misdeed::Cut, format!("The call was cut at {tokens} tokens. Write less.")));
        }
        if is_broken(call) {
            return Err((Misdeed::Arguments, "The arguments are not a JSON object.".to_owned()));
        }
        let arguments = call.function.arguments_value();
        if arguments.to_string().len() > longest {
            return Err((Misdeed::Arguments, format!("The arguments are longer than {longest} bytes.")));
        }
        Ok(arguments)
    }

    /// Whether the token limit cut the turn. Its last call is then not what was meant: where a wire carries objects only, it
    /// arrives without the arguments that were not finished, and looks whole.
    fn was_cut(&self) -> bool {
        let finish = self.agent.completion_calls().last().and_then(|call| call.finish_reason.as_ref());
        finish == Some(&FinishReason::Length)
    }
}

/// Whether what a model wrote as arguments is no JSON object: rig says so, and where a wire carries objects only, Anthropic's
/// convention does ("Fine-grained tool streaming" in its documentation).
fn is_broken(call: &ToolCall) -> bool {
    let arguments = &call.function.arguments;
    call.function.invalid_arguments.is_some()
        || (arguments.len() == 1 && arguments.contains_key("INVALID_JSON"))
}

fn digest(name: &str, arguments: &Value) -> String {
    let mut canonical = arguments.clone();
    canonical.sort_all_objects();
    let digest =
        Sha256::new().chain_update(name).chain_update([0]).chain_update(canonical.to_string()).finalize();
    hex::encode(digest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_fields_makes_no_other_call() {
        let call = digest("read", &json!({"a": {"x": 1, "y": 2}, "b": 3}));
        assert_eq!(call, digest("read", &json!({"b": 3, "a": {"y": 2, "x": 1}})));
        assert_ne!(call, digest("read", &json!({"b": 4, "a": {"y": 2, "x": 1}})));
        assert_ne!(call, digest("list", &json!({"b": 3, "a": {"y": 2, "x": 1}})));
    }
}
