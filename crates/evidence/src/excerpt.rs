//! Cuts hostile text to what may be kept. Refuses to know what the text means.

/// Characters of a quote, pattern or message that a brief carries.
pub(crate) const SHOWN: usize = 300;

/// The first bytes of a text, cut at a character's boundary.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The first `characters` of a text.
pub(crate) fn bounded(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// A piece of a line that stands in it exactly so: its longest run without control characters, at most [`SHOWN`]
/// characters, without blanks at the ends.
pub(crate) fn quote(line: &str) -> String {
    let run = line.split(char::is_control).max_by_key(|run| run.trim().len()).unwrap_or_default().trim();
    let end = run.char_indices().nth(SHOWN).map_or(run.len(), |(at, _)| at);
    run.get(..end).unwrap_or(run).trim_end().to_owned()
}

/// A text without terminal escape sequences (ECMA-48 CSI), for reading only.
pub(crate) fn without_escapes(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            clean.push(c);
        } else if rest.next_if_eq(&'[').is_some() {
            let _final_byte = rest.find(|c| ('@'..='~').contains(c));
        }
    }
    clean
}

/// `1204` as `1,204`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_stands_in_the_line_exactly_so_and_has_no_control_characters() {
        let line = "\u{1b}[31mERROR\u{1b}[0m the profile has no name \u{7}x";
        let quoted = quote(line);
        assert_eq!(quoted, "[0m the profile has no name");
        assert!(line.contains(&quoted));
        assert_eq!(quote(&"ä".repeat(5000)).chars().count(), SHOWN);
    }

    #[test]
    fn escape_sequences_are_taken_out_also_when_they_never_end() {
        assert_eq!(without_escapes("\u{1b}[1;31mERROR\u{1b}[0m x"), "ERROR x");
        assert_eq!(without_escapes("a\u{1b}["), "a");
    }

    #[test]
    fn numbers_are_grouped_for_people() {
        assert_eq!([0, 999, 1000, 8_544_000].map(thousands), ["0", "999", "1,000", "8,544,000"]);
    }
}
