//! What a script is, as written in a file or built in a test.

mod build;
mod check;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// All that the models answer. In a file it is JSON with these fields; unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The models that exist; every name does when this is empty.
    #[serde(default)]
    pub models: Vec<String>,
    /// The conversations; the first whose marker fits a request answers it.
    pub conversations: Vec<Conversation>,
}

/// How one kind of conversation goes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Its name, for records and complaints.
    pub name: String,
    /// What the system prompt or the first user message contains when it is this conversation; absent: any.
    #[serde(default)]
    pub when: Option<String>,
    /// The turns. The one with index n answers a request that holds n messages of the assistant.
    pub turns: Vec<Turn>,
}

/// One answer, and what must be asked for it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// Texts that must all occur in what came after the assistant's last message (or in the first message).
    #[serde(default)]
    pub expect: Vec<String>,
    /// Texts that must occur nowhere in the request, as sent.
    #[serde(default)]
    pub absent: Vec<String>,
    /// What is answered the first times that this turn is asked for in a conversation with the same opening, one after
    /// the other, before [`Turn::answer`]: what a caller repeats or asks again without adding the answer to its history.
    #[serde(default)]
    pub first: Vec<Answer>,
    /// The answer.
    pub answer: Answer,
    /// What is said of the tokens used.
    #[serde(default)]
    pub usage: Usage,
    /// Whether this turn answers all later ones, too.
    #[serde(default)]
    pub repeat: Repeat,
}

/// An answer. `{{capture:REGEX}}` in its texts and arguments stands for what the regular expression's first group (or all
/// of it) finds in what the model was shown: messages from the newest to the oldest, then the system prompt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Plain text.
    Text(String),
    /// Tool calls, in parallel when there are several.
    Calls(Vec<Call>),
    /// Text and then tool calls, as models like to answer.
    TextAndCalls {
        /// The text.
        text: String,
        /// The calls.
        calls: Vec<Call>,
    },
    /// A tool call that ends at the token limit, in the middle of its arguments.
    Cut(Call),
    /// A text that ends at the token limit.
    CutText(String),
    /// Nothing at all.
    Empty,
    /// A text of this many bytes.
    Huge(usize),
    /// This HTTP answer; also for recorded bodies, with the code 200.
    Status {
        /// The status.
        code: u16,
        /// Headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body: JSON, or a string that is sent as it is. The provider's own for the status when absent.
        #[serde(default)]
        body: Option<Value>,
    },
    /// No answer, and the connection stays open.
    Hang,
    /// The connection is closed without an answer.
    Close,
}

/// A tool call: `{"name": …, "arguments": …}`, or with `raw` for arguments that are no JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WrittenCall")]
pub struct Call {
    /// The tool's name, offered or not.
    pub name: String,
    /// Its arguments.
    pub arguments: Arguments,
}

/// The arguments of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub enum Arguments {
    /// Well formed.
    Json(Value),
    /// As written, well formed or not. Where the wire carries only JSON (Anthropic's answers that are not streamed) text
    /// that is none arrives as `{"INVALID_JSON": text}`, Anthropic's convention for it.
    Raw(String),
}

/// What is said of the tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Usage {
    /// A quarter of the bytes, at least one token.
    #[default]
    Counted,
    /// Nothing.
    Withheld,
    /// These figures.
    Said {
        /// Tokens read, cached ones among them.
        input: u64,
        /// Tokens written.
        output: u64,
        /// Tokens read from the cache.
        #[serde(default)]
        cached: u64,
    },
}

/// How often a turn is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Once.
    #[default]
    Once,
    /// From its place on; only for the last turn.
    Forever,
}

/// Why a script cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is no JSON of a script's form.
    #[error("read the script")]
    Form(#[from] serde_json::Error),
    /// Something in it makes no sense.
    #[error("understand the script: {0}")]
    Sense(String),
}

impl Script {
    /// Reads a script's JSON.
    ///
    /// # Errors
    /// When it is none, or something in it makes no sense.
    pub fn parse(json: &str) -> Result<Self, ScriptError> {
        let script: Self = serde_json::from_str(json)?;
        script.check()?;
        Ok(script)
    }
}

/// A call as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCall {
    name: String,
    arguments: Option<Value>,
    raw: Option<String>,
}

impl TryFrom<WrittenCall> for Call {
    type Error = &'static str;

    fn try_from(written: WrittenCall) -> Result<Self, Self::Error> {
        let arguments = match (written.arguments, written.raw) {
            (Some(_), Some(_)) => return Err("a call has either arguments or raw"),
            (None, Some(raw)) => Arguments::Raw(raw),
            (Some(value), None) => Arguments::Json(value),
            (None, None) => Arguments::Json(Value::Object(serde_json::Map::new())),
        };
        Ok(Self { name: written.name, arguments })
    }
}
