//! The lines of an excerpt with the numbers that they have in the whole log.

use domain::{LogExcerpt, LogLine};

/// A kept line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered<'a> {
    /// Its number in the log, from 1, dropped lines counted.
    pub(crate) number: u64,
    /// The line.
    pub(crate) line: LogLine<'a>,
}

/// Which lines of a log are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Lines kept of the beginning.
    pub(crate) head: u64,
    /// Lines kept of the end.
    pub(crate) tail: u64,
    /// Lines between them that nobody has.
    pub(crate) dropped: u64,
}

impl Kept {
    pub(crate) fn of(log: &LogExcerpt) -> Self {
        let tail = written(&log.tail).count() as u64;
        Self { head: written(&log.head).count() as u64, tail, dropped: log.dropped.lines }
    }

    /// Number of lines of the whole log.
    pub(crate) fn all(self) -> u64 {
        self.head + self.dropped + self.tail
    }

    /// First and last number of what is not kept.
    pub(crate) fn gap(self) -> Option<(u64, u64)> {
        (self.dropped > 0).then_some((self.head + 1, self.head + self.dropped))
    }
}

/// The kept lines, oldest first.
pub(crate) fn numbered(log: &LogExcerpt) -> impl Iterator<Item = Numbered<'_>> {
    let kept = Kept::of(log);
    let head = written(&log.head).zip(1..);
    let tail = written(&log.tail).zip(kept.head + kept.dropped + 1..);
    head.chain(tail).map(|(line, number)| Numbered { number, line: LogLine::parse(line) })
}

fn written(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}
