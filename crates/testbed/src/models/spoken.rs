//! What a model says, before it takes the shape of a provider.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::asking::{Asking, Caching};
use super::script::{Answer, Arguments, Call, Usage};

/// An answer that a model made, as opposed to a failure of the server's.
#[derive(Debug)]
pub(super) struct Spoken {
    /// An id without the provider's prefix; the same for the same request.
    pub(super) id: String,
    pub(super) model: String,
    /// Empty when there is none.
    pub(super) text: String,
    pub(super) calls: Vec<SpokenCall>,
    pub(super) end: End,
    pub(super) usage: Option<Tokens>,
}

/// A tool call that a model made.
#[derive(Debug)]
pub(super) struct SpokenCall {
    /// An id without the provider's prefix, unique in its conversation.
    pub(super) id: String,
    pub(super) name: String,
    /// The arguments as the model wrote them.
    pub(super) arguments: String,
}

/// Why the answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Calls,
    Limit,
}

/// The tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tokens {
    /// Read, cached ones among them.
    pub(super) input: u64,
    /// Read from the cache.
    pub(super) cached: u64,
    /// Written.
    pub(super) output: u64,
}

impl Spoken {
    /// What a model says; `None` for an answer that no model makes.
    pub(super) fn new(answer: &Answer, usage: Usage, asking: &Asking, sent: &str) -> Option<Self> {
        let (text, calls, end) = match answer {
            Answer::Text(text) => (text.clone(), &[][..], End::Done),
            Answer::CutText(text) => (text.clone(), &[][..], End::Limit),
            Answer::Calls(calls) => (String::new(), calls.as_slice(), End::Calls),
            Answer::TextAndCalls { text, calls } => (text.clone(), calls.as_slice(), End::Calls),
            Answer::Cut(call) => (String::new(), std::slice::from_ref(call), End::Limit),
            Answer::Empty => (String::new(), &[][..], End::Done),
            Answer::Huge(bytes) => ("x".repeat(*bytes), &[][..], End::Done),
            Answer::Status { .. } | Answer::Hang | Answer::Close => return None,
        };
        let calls = calls.iter().enumerate().map(|(index, call)| SpokenCall::new(call, end, sent, index));
        let mut spoken = Self {
            id: identity(&sent),
            model: asking.model.clone(),
            text,
            calls: calls.collect(),
            end,
            usage: None,
        };
        spoken.usage = spoken.tokens(usage, asking);
        Some(spoken)
    }

    fn tokens(&self, usage: Usage, asking: &Asking) -> Option<Tokens> {
        match usage {
            Usage::Withheld => None,
            Usage::Said { input, output, cached } => Some(Tokens { input, cached, output }),
            Usage::Counted => {
                let called = self.calls.iter().map(|call| call.name.len() + call.arguments.len());
                let written = self.text.len() + called.sum::<usize>();
                let cached = match asking.caching {
                    Caching::On => asking.read_before() / 4,
                    Caching::Off => 0,
                };
                Some(Tokens { input: tokens(asking.bytes), cached: cached as u64, output: tokens(written) })
            }
        }
    }
}

impl SpokenCall {
    fn new(call: &Call, end: End, sent: &str, index: usize) -> Self {
        let mut arguments = match &call.arguments {
            Arguments::Json(value) => value.to_string(),
            Arguments::Raw(text) => text.clone(),
        };
        if end == End::Limit {
            let half = arguments.chars().count() / 2;
            arguments = arguments.chars().take(half).collect();
        }
        Self { id: identity(&(sent, index)), name: call.name.clone(), arguments }
    }
}

/// A text in the pieces in which a stream brings it: a few characters each, and at most about a hundred pieces.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let size = (text.len() / 100).max(12);
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

fn tokens(bytes: usize) -> u64 {
    (bytes as u64 / 4).max(1)
}

/// An id that the same request gets again, so that nothing here must be remembered.
fn identity(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
