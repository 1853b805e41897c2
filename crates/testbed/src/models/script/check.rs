//! Whether a script can be played; asked before it is, so that nothing is found wrong halfway.

use std::collections::BTreeMap;

use super::{Answer, Arguments, Call, Conversation, Repeat, Script, ScriptError};
use crate::models::capture;

impl Script {
    /// Whether it can be played: something to say, captures that compile, headers that HTTP can carry.
    pub(in crate::models) fn check(&self) -> Result<(), ScriptError> {
        for conversation in &self.conversations {
            conversation
                .check()
                .map_err(|problem| ScriptError::Sense(format!("in {:?} {problem}", conversation.name)))?;
        }
        Ok(())
    }
}

impl Conversation {
    fn check(&self) -> Result<(), String> {
        let last = self.turns.len().checked_sub(1).ok_or("there is no turn")?;
        for (index, turn) in self.turns.iter().enumerate() {
            if turn.repeat == Repeat::Forever && index != last {
                return Err(format!("turn {index} repeats for ever, so that the next is never played"));
            }
            for answer in turn.first.iter().chain([&turn.answer]) {
                answer.check().map_err(|problem| format!("turn {index} {problem}"))?;
            }
        }
        Ok(())
    }
}

impl Answer {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Text(text) | Self::CutText(text) => capture::check(text),
            Self::Calls(calls) => check_calls(calls),
            Self::TextAndCalls { text, calls } => capture::check(text).and_then(|()| check_calls(calls)),
            Self::Cut(call) => call.check(),
            Self::Status { code, headers, .. } => check_status(*code, headers),
            Self::Empty | Self::Huge(_) | Self::Hang | Self::Close => Ok(()),
        }
    }
}

impl Call {
    fn check(&self) -> Result<(), String> {
        match &self.arguments {
            Arguments::Raw(text) => capture::check(text),
            Arguments::Json(value) => capture::check_all(value),
        }
    }
}

fn check_calls(calls: &[Call]) -> Result<(), String> {
    if calls.is_empty() {
        return Err("has calls, but none in them".to_owned());
    }
    calls.iter().try_for_each(Call::check)
}

fn check_status(code: u16, headers: &BTreeMap<String, String>) -> Result<(), String> {
    if !(200..=599).contains(&code) {
        return Err(format!("has the status {code}, which HTTP cannot end with"));
    }
    let sound = |(name, value): (&String, &String)| {
        http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
    };
    match headers.iter().find(|header| !sound(*header)) {
        Some((name, _)) => Err(format!("has the header {name:?}, which HTTP cannot carry")),
        None => Ok(()),
    }
}
