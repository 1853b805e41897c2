//! Steps of longer work, a line each with its time; on a terminal also what is in work.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::pin::pin;
use std::time::{Duration, Instant};

use agents::voice::plain::plain;
use anstyle::{AnsiColor, Style};
use domain::Cost;
use miette::IntoDiagnostic;

use crate::console::print;

/// The longest line of words.
const LONGEST: usize = 400;
/// Where the time stands.
const COLUMN: usize = 96;
/// Back to the line's beginning, and empty it (ECMA-48).
const CLEAR: &str = "\r\x1b[2K";

/// How often what is in work is told anew.
const PACE: Duration = Duration::from_millis(500);

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    /// As it should.
    Good,
    /// It works, and somebody should know something.
    Note,
    /// Something is missing.
    Bad,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// A person on a terminal.
    Terminal,
    /// A person who reads it later.
    Lines,
    /// Nobody: a machine gets JSON in the end.
    Silent,
}

impl Mark {
    /// The sign with its colour, which is left out where there is no terminal.
    pub(super) fn sign(self) -> String {
        let (sign, colour) = match self {
            Self::Good => ("✓", AnsiColor::Green),
            Self::Note => ("!", AnsiColor::Yellow),
            Self::Bad => ("✗", AnsiColor::Red),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        format!("{style}{sign}{style:#}")
    }
}

impl Steps {
    /// For people unless machines were asked for.
    pub(super) fn for_people(json: Output) -> Self {
        match json {
            Output::Json => Self::Silent,
            Output::Text if std::io::stdout().is_terminal() => Self::Terminal,
            Output::Text => Self::Lines,
        }
    }

    /// Shows on a terminal that a step is in work; its time counts from here.
    pub(super) fn begin(self, head: &str) -> miette::Result<Instant> {
        if self == Self::Terminal {
            let mut out = anstream::stdout().lock();
            write!(out, "… {head}").and_then(|()| out.flush()).into_diagnostic()?;
        }
        Ok(Instant::now())
    }

    /// Works to the end; on a terminal `words` tell meanwhile how far it has come.
    pub(super) async fn during<T>(
        self,
        head: &str,
        words: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> miette::Result<T> {
        if self != Self::Terminal {
            return Ok(work.await);
        }
        let mut work = pin!(work);
        let mut rounds = tokio::time::interval(PACE);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = rounds.tick() => {
                    let mut out = anstream::stdout().lock();
                    let words = plain(&words(), LONGEST);
                    write!(out, "{CLEAR}… {head:<9} {words}").and_then(|()| out.flush()).into_diagnostic()?;
                }
            }
        }
    }

    /// Takes what is in work off a terminal, where it will not end.
    pub(super) fn give_up(self) {
        if self == Self::Terminal {
            // What follows is the failure itself.
            let _ = write!(anstream::stdout().lock(), "{CLEAR}");
        }
    }

    /// Tells how a step ended, with its time where it took one.
    pub(super) fn end(
        self,
        mark: Mark,
        head: &str,
        words: &str,
        took: Option<Duration>,
    ) -> miette::Result<()> {
        self.row(mark, head, words, took.map(|took| format!("{:>5.1} s", took.as_secs_f64())))
    }

    /// The same for what models were paid for.
    pub(super) fn end_paid(
        self,
        mark: Mark,
        head: &str,
        words: &str,
        took: Duration,
        cost: Cost,
    ) -> miette::Result<()> {
        self.row(mark, head, words, Some(format!("{:>5.1} s  {cost}", took.as_secs_f64())))
    }

    fn row(self, mark: Mark, head: &str, words: &str, spent: Option<String>) -> miette::Result<()> {
        let clear = match self {
            Self::Silent => return Ok(()),
            Self::Terminal => CLEAR,
            Self::Lines => "",
        };
        let words = plain(words, LONGEST);
        let line = match spent {
            Some(spent) => format!("{head:<9} {words:<COLUMN$} {spent}"),
            None => format!("{head:<9} {words}"),
        };
        print([format!("{clear}{} {}", mark.sign(), line.trim_end())])
    }
}

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Words.
    Text,
    /// `--json`.
    Json,
}

impl From<bool> for Output {
    fn from(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}
