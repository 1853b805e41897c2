//! Tells what happens, as it happens.

mod pull_request;
mod screen;
mod words;

use std::time::Instant;

use chrono::Utc;
use miette::IntoDiagnostic;
use serde_json::{Value, json};

use self::screen::Screen;
use super::happening::Happening;
use crate::console::print;

/// Tells happenings on standard output.
pub(super) struct Teller {
    begun: Instant,
    manner: Manner,
}

/// How they are told.
enum Manner {
    /// In words, with a progress line on a terminal.
    Words(Screen),
    /// As a line of JSON each.
    Json,
}

impl Teller {
    /// In words.
    pub(super) fn in_words() -> Self {
        Self { begun: Instant::now(), manner: Manner::Words(Screen::start()) }
    }

    /// As JSON.
    pub(super) fn in_json() -> Self {
        Self { begun: Instant::now(), manner: Manner::Json }
    }

    /// Tells one happening.
    pub(super) fn tell(&self, happening: &Happening) -> miette::Result<()> {
        match &self.manner {
            Manner::Words(screen) => screen.print(words::of(happening, self.begun.elapsed(), screen.width())),
            Manner::Json => {
                let mut line = json!({"at": Utc::now(), "elapsed_ms": self.begun.elapsed().as_millis()});
                if let (Value::Object(line), Value::Object(happening)) =
                    (&mut line, serde_json::to_value(happening).into_diagnostic()?)
                {
                    line.extend(happening);
                }
                print([line.to_string()])
            }
        }
    }

    /// A sentence that is no happening, and an empty line: only for people.
    pub(super) fn say(&self, sentence: &str) -> miette::Result<()> {
        match &self.manner {
            Manner::Words(screen) => {
                let mut lines = words::wrapped(sentence, screen.width());
                lines.push(String::new());
                screen.print(lines)
            }
            Manner::Json => Ok(()),
        }
    }

    /// What is waited for from now on; shown, on a terminal, when it takes longer than a second.
    pub(super) fn wait_for(&self, what: &str) {
        if let Manner::Words(screen) = &self.manner {
            screen.wait_for(what);
        }
    }
}
