//! The one door through which a tool's text leaves: each line clean, in one line and bounded, all of them within one room.

use domain::{ToolFailure, ToolOutput, is_invisible};

use crate::clean::clean;

/// How many characters one call gives, about 3,000 tokens: a few calls fit any model's context.
pub(crate) const ROOM: usize = 12_000;
/// How many characters of a line are given.
pub(crate) const LINE: usize = 1_000;

/// A line as it may be shown: without escape sequences, control and invisible characters, line feeds as blanks, at most `longest`
/// characters and then what is missing, counted.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let clean = clean(text);
    let mut characters = clean.chars().filter(|c| !is_invisible(*c)).map(|c| if c == '\n' { ' ' } else { c });
    let line: String = characters.by_ref().take(longest).collect();
    match characters.count() {
        0 => line,
        missing => format!("{line} […{missing} more characters]"),
    }
}

/// Collects lines while there is room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    text: String,
    used: usize,
}

/// Whether a line found room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It stands in the text.
    Taken,
    /// It does not fit any more.
    Full,
}

impl Room {
    /// Adds a line that [`shown`] made, if it fits; the first always does.
    pub(crate) fn take(&mut self, line: &str) -> Fit {
        let length = line.chars().count() + 1;
        if self.used > 0 && self.used + length > ROOM {
            return Fit::Full;
        }
        self.used += length;
        self.text.push_str(line);
        self.text.push('\n');
        Fit::Taken
    }

    /// Everything that was taken.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// Text made of short lines, given page by page.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    lines: Vec<String>,
}

impl Sheet {
    /// Adds a line; an empty one parts two sections.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.lines.push(shown(text.as_ref(), LINE));
    }

    /// Adds `label: value`, unless there is no value.
    pub(crate) fn field(&mut self, label: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        if !value.is_empty() {
            self.line(format!("{label}: {value}"));
        }
    }

    /// What fits from the line `from` on (from 1), and the call that gives what comes after it.
    pub(crate) fn page(
        self,
        from: Option<u32>,
        next: impl FnOnce(usize) -> String,
    ) -> Result<ToolOutput, ToolFailure> {
        let all = self.lines.len();
        let first = from.map_or(1, |line| usize::try_from(line.max(1)).unwrap_or(usize::MAX));
        if first > all.max(1) {
            return Err(ToolFailure::Model(format!("there is no line {first}; the last is {all}")));
        }
        let mut room = Room::default();
        let taken =
            self.lines.iter().skip(first - 1).take_while(|line| room.take(line) == Fit::Taken).count();
        let after = first + taken;
        let rest = (after <= all).then(|| format!("lines {after} to {all}: call {}", next(after)));
        Ok(ToolOutput { text: room.into_text(), rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_hides_or_forges_a_line_leaves() {
        let hostile = "a\u{1b}[2J\u{202e}b\u{200b}\nE9 log\u{e0041}\u{feff}\r\u{0}\u{2028}c";
        assert_eq!(shown(hostile, 100), "ab E9 logc");
        assert_eq!(shown("abcdef", 4), "abcd […2 more characters]");
    }

    #[test]
    fn pages_lead_through_all_lines_and_past_the_end_is_said() {
        let sheet = || {
            let mut sheet = Sheet::default();
            (1..=40).for_each(|n| sheet.line(format!("{n} {}", "x".repeat(700))));
            sheet
        };
        let (mut from, mut seen) = (None, Vec::new());
        loop {
            let next = std::cell::Cell::new(None);
            let page = sheet()
                .page(from, |line| {
                    next.set(u32::try_from(line).ok());
                    "more".to_owned()
                })
                .unwrap();
            assert!(page.text.chars().count() <= ROOM);
            seen.extend(page.text.lines().map(|line| line.split(' ').next().unwrap().to_owned()));
            assert_eq!(page.rest.is_some(), next.get().is_some());
            match next.get() {
                Some(line) => from = Some(line),
                None => break,
            }
        }
        assert_eq!(seen, (1..=40).map(|n| n.to_string()).collect::<Vec<_>>());
        let told = sheet().page(Some(41), |_| String::new()).unwrap_err().to_string();
        assert_eq!(told, "there is no line 41; the last is 40");
    }
}
