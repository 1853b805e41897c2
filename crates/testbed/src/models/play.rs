//! Plays a script: finds the turn that a request asks for.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::asking::Asking;
use super::capture::{fill, fill_all};
use super::script::{Answer, Arguments, Call, Conversation, Repeat, Script, ScriptError, Turn, Usage};

/// A script, and how often each of its turns was asked for.
#[derive(Debug)]
pub(super) struct Play {
    script: Script,
    /// By conversation, opening and turn. Only [`Turn::first`] depends on it.
    asked: HashMap<(usize, u64, usize), usize>,
}

/// What is to be answered.
#[derive(Debug)]
pub(super) struct Cue {
    pub(super) place: Place,
    /// The answer, its captures filled in.
    pub(super) answer: Answer,
    pub(super) usage: Usage,
}

/// Where in the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) conversation: String,
    pub(super) turn: usize,
}

/// A request that does not fit the script.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) place: Option<Place>,
    pub(super) problem: String,
}

impl Play {
    pub(super) fn new(script: Script) -> Result<Self, ScriptError> {
        script.check()?;
        Ok(Self { script, asked: HashMap::new() })
    }

    /// The models that exist; every one does when there are none.
    pub(super) fn models(&self) -> &[String] {
        &self.script.models
    }

    pub(super) fn knows(&self, model: &str) -> bool {
        self.script.models.is_empty() || self.script.models.iter().any(|known| known == model)
    }

    /// What the script answers to this request; `sent` is the request's text as it came.
    pub(super) fn cue(&mut self, asking: &Asking, sent: &str) -> Result<Cue, Mismatch> {
        let found = self.script.conversations.iter().enumerate().find(|(_, one)| one.is_opened_by(asking));
        let (index, conversation) = found.ok_or_else(|| Mismatch {
            place: None,
            problem: "no conversation of the script fits this system prompt and first message".to_owned(),
        })?;
        let place = Place { conversation: conversation.name.clone(), turn: asking.turn() };
        let mismatch = |problem| Mismatch { place: Some(place.clone()), problem };
        let turn = conversation.turn(place.turn).map_err(mismatch)?;
        turn.fits(asking, sent).map_err(mismatch)?;
        let times = self.asked.entry((index, digest(asking), place.turn)).or_default();
        let answer = turn.first.get(*times).unwrap_or(&turn.answer);
        *times = times.saturating_add(1);
        let answer = answer.filled(asking).map_err(mismatch)?;
        Ok(Cue { answer, usage: turn.usage, place })
    }
}

impl Conversation {
    fn is_opened_by(&self, asking: &Asking) -> bool {
        self.when.as_ref().is_none_or(|marker| asking.opening().iter().any(|text| text.contains(marker)))
    }

    fn turn(&self, index: usize) -> Result<&Turn, String> {
        let repeated = || self.turns.last().filter(|last| last.repeat == Repeat::Forever);
        self.turns.get(index).or_else(repeated).ok_or_else(|| {
            format!(
                "the conversation has {} turns, and turn {index} (from 0) was asked for",
                self.turns.len()
            )
        })
    }
}

impl Turn {
    fn fits(&self, asking: &Asking, sent: &str) -> Result<(), String> {
        let newest = asking.newest();
        if let Some(missing) = self.expect.iter().find(|text| !newest.contains(*text)) {
            return Err(format!("{missing:?} is not in what came last: {:?}", shortened(&newest)));
        }
        // Texts stand escaped in the request's JSON; both forms count.
        let occurs = |text: &String| sent.contains(text) || asking.shown().any(|shown| shown.contains(text));
        match self.absent.iter().find(|text| occurs(text)) {
            Some(present) => Err(format!("{present:?} is in the request, and must not be")),
            None => Ok(()),
        }
    }
}

impl Answer {
    fn filled(&self, asking: &Asking) -> Result<Self, String> {
        let calls = |calls: &[Call]| calls.iter().map(|call| call.filled(asking)).collect::<Result<_, _>>();
        Ok(match self {
            Self::Text(text) => Self::Text(fill(text, asking)?),
            Self::CutText(text) => Self::CutText(fill(text, asking)?),
            Self::Calls(all) => Self::Calls(calls(all)?),
            Self::TextAndCalls { text, calls: all } => {
                Self::TextAndCalls { text: fill(text, asking)?, calls: calls(all)? }
            }
            Self::Cut(call) => Self::Cut(call.filled(asking)?),
            Self::Empty | Self::Huge(_) | Self::Status { .. } | Self::Hang | Self::Close => self.clone(),
        })
    }
}

impl Call {
    fn filled(&self, asking: &Asking) -> Result<Self, String> {
        let arguments = match &self.arguments {
            Arguments::Json(value) => Arguments::Json(fill_all(value, asking)?),
            Arguments::Raw(text) => Arguments::Raw(fill(text, asking)?),
        };
        Ok(Self { name: self.name.clone(), arguments })
    }
}

fn digest(asking: &Asking) -> u64 {
    let mut hasher = DefaultHasher::new();
    asking.opening().hash(&mut hasher);
    hasher.finish()
}

/// Enough of a text to see what it is.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 400;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or(text), text.len()),
        None => text.to_owned(),
    }
}
