//! One line of a log: its time told from its text, the text made clean.

use chrono::{DateTime, Utc};

use crate::api::RawLine;
use crate::clean::clean;

/// What is kept of a line, in bytes; the rest is counted as dropped.
pub(crate) const LINE: usize = 64 * 1024;

/// A line as it is stored: the kubelet's time, a blank, the clean text, a line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredLine {
    pub(crate) text: String,
    pub(crate) at: Option<DateTime<Utc>>,
    /// Bytes of the line that were left out because it is too long.
    pub(crate) cut: u64,
}

impl StoredLine {
    /// Makes invalid UTF-8 visible and takes escape sequences and control characters (all but the tab) out.
    pub(crate) fn new(raw: &RawLine) -> Self {
        let bytes = if raw.cut > 0 { whole_characters(&raw.bytes) } else { raw.bytes.as_slice() };
        let mut text = clean(&String::from_utf8_lossy(bytes));
        let at = line_time(&text);
        text.push('\n');
        Self { text, at, cut: raw.cut }
    }

    pub(crate) fn len(&self) -> u64 {
        self.text.len() as u64
    }
}

/// The time that a line begins with.
pub(crate) fn line_time(text: &str) -> Option<DateTime<Utc>> {
    let stamp = text.split([' ', '\n']).next()?;
    DateTime::parse_from_rfc3339(stamp).ok().map(|at| at.to_utc())
}

/// The bytes without a character that the cut went through.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(bytes: &[u8], cut: u64) -> StoredLine {
        StoredLine::new(&RawLine { bytes: bytes.to_vec(), cut })
    }

    #[test]
    fn escape_sequences_and_control_characters_go_and_tabs_stay() {
        let line = stored(
            b"2026-11-24T02:29:28.925996000Z \x1b[1;31mERROR\x1b[0m\tno \x1b]0;title\x07profile\x08\x00\r\x1b(B!",
            0,
        );
        assert_eq!(line.text, "2026-11-24T02:29:28.925996000Z ERROR\tno profile!\n");
        assert_eq!(line.at.unwrap().to_rfc3339(), "2026-11-24T02:29:28.925996+00:00");
    }

    #[test]
    fn an_escape_that_never_ends_does_not_hide_the_line() {
        assert_eq!(stored(b"a \x1b]0;never ends ERROR", 0).text, "a 0;never ends ERROR\n");
        assert_eq!(stored("a\u{9b}31m\u{85}b".as_bytes(), 0).text, "a31mb\n");
    }

    #[test]
    fn invalid_utf8_is_shown_and_a_cut_character_is_not() {
        assert_eq!(stored(b"a\xffb", 0).text, "a\u{fffd}b\n");
        assert_eq!(stored(b"a\xc3", 0).text, "a\u{fffd}\n");
        assert_eq!(stored(b"a\xc3", 1).text, "a\n");
    }

    #[test]
    fn a_line_without_a_time_is_kept_whole() {
        assert_eq!(stored(b"plain words", 0), StoredLine { text: "plain words\n".into(), at: None, cut: 0 });
        assert_eq!(stored(b"", 0).text, "\n");
    }
}
