//! What a checked request asks, whatever its shape.

/// A checked request.
#[derive(Debug, Default)]
pub(super) struct Asking {
    pub(super) model: String,
    pub(super) system: String,
    pub(super) messages: Vec<Message>,
    pub(super) delivery: Delivery,
    pub(super) caching: Caching,
    /// How long the whole request is, in bytes.
    pub(super) bytes: usize,
}

/// A message of the conversation; system messages are not among them.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) role: Role,
    /// What it says: texts and tool results, a line each.
    pub(super) text: String,
    /// How long it is as JSON, in bytes.
    pub(super) bytes: usize,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
    Tool,
}

/// How the answer is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Delivery {
    #[default]
    Whole,
    /// As server-sent events.
    Stream,
    /// As server-sent events, the tokens used at the end (`stream_options.include_usage`).
    StreamWithUsage,
}

/// Whether what was read before comes from a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Caching {
    #[default]
    Off,
    On,
}

impl Asking {
    /// The index of the turn that is asked for.
    pub(super) fn turn(&self) -> usize {
        self.messages.iter().filter(|message| message.role == Role::Assistant).count()
    }

    /// The system prompt and the first message: what stays the same during a conversation.
    pub(super) fn opening(&self) -> [&str; 2] {
        [&self.system, self.messages.first().map_or("", |message| &message.text)]
    }

    /// What came after the assistant's last message, a line each.
    pub(super) fn newest(&self) -> String {
        let newest = self.messages.rsplit(|message| message.role == Role::Assistant).next();
        let texts: Vec<&str> =
            newest.unwrap_or_default().iter().map(|message| message.text.as_str()).collect();
        texts.join("\n")
    }

    /// What the model was shown: others' messages from the newest to the oldest, then the system prompt.
    pub(super) fn shown(&self) -> impl Iterator<Item = &str> {
        let messages = self.messages.iter().rev().filter(|message| message.role != Role::Assistant);
        messages.map(|message| message.text.as_str()).chain([self.system.as_str()])
    }

    /// How many bytes were read in the turn before: all up to the assistant's last message.
    pub(super) fn read_before(&self) -> usize {
        let last = self.messages.iter().rposition(|message| message.role == Role::Assistant);
        let before: usize = self.messages.iter().take(last.unwrap_or(0)).map(|message| message.bytes).sum();
        if last.is_some() { before + self.system.len() } else { 0 }
    }
}
