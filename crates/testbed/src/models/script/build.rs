//! Scripts as tests write them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Arguments, Call, Conversation, Repeat, Script, Turn, Usage};

impl Script {
    /// A script of one conversation, which answers every request.
    pub fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { models: Vec::new(), conversations: vec![Conversation::new("only", None, turns)] }
    }
}

impl Conversation {
    /// A conversation that is recognised by `when`.
    pub fn new<'a>(
        name: &str,
        when: impl Into<Option<&'a str>>,
        turns: impl IntoIterator<Item = Turn>,
    ) -> Self {
        let when = when.into().map(str::to_owned);
        Self { name: name.to_owned(), when, turns: turns.into_iter().collect() }
    }
}

impl Turn {
    /// A turn with this answer, for whatever is asked.
    pub fn new(answer: Answer) -> Self {
        Self {
            expect: Vec::new(),
            absent: Vec::new(),
            first: Vec::new(),
            answer,
            usage: Usage::Counted,
            repeat: Repeat::Once,
        }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Answer::Text(text.into()))
    }

    /// One tool call.
    pub fn call(name: &str, arguments: Value) -> Self {
        Self::calls([Call::new(name, arguments)])
    }

    /// Tool calls in parallel.
    pub fn calls(calls: impl IntoIterator<Item = Call>) -> Self {
        Self::new(Answer::Calls(calls.into_iter().collect()))
    }

    /// The same, but only when this text is in what the model was shown last.
    #[must_use]
    pub fn expecting(mut self, text: impl Into<String>) -> Self {
        self.expect.push(text.into());
        self
    }

    /// The same, but this comes before it the first time.
    #[must_use]
    pub fn after(mut self, first: Answer) -> Self {
        self.first.push(first);
        self
    }

    /// The same, with these words about the tokens used.
    #[must_use]
    pub fn using(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The same for all later turns.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.repeat = Repeat::Forever;
        self
    }
}

impl Answer {
    /// A status with the provider's own body for it.
    pub fn status(code: u16) -> Self {
        Self::Status { code, headers: BTreeMap::new(), body: None }
    }

    /// 429 with `Retry-After` in seconds.
    pub fn rate_limited(seconds: u32) -> Self {
        let headers = BTreeMap::from([("retry-after".to_owned(), seconds.to_string())]);
        Self::Status { code: 429, headers, body: None }
    }
}

impl Call {
    /// A call with well-formed arguments.
    pub fn new(name: &str, arguments: Value) -> Self {
        Self { name: name.to_owned(), arguments: Arguments::Json(arguments) }
    }

    /// A call whose arguments are this text.
    pub fn raw(name: &str, arguments: &str) -> Self {
        Self { name: name.to_owned(), arguments: Arguments::Raw(arguments.to_owned()) }
    }
}
