//! Which characters a reader does not see.

/// Whether a character shows nothing or turns the writing direction (Unicode's `Default_Ignorable_Code_Point` and `Bidi_Control`,
/// line and paragraph separators and interlinear annotations included): what can hide words from a person or a model, or put them
/// elsewhere. Control characters are told by [`char::is_control`].
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text with each character that a reader does not see, or that would steer a terminal, as its number between `⟦` and `⟧`. Tabs and
/// line feeds stay.
pub fn with_hidden_shown(text: impl IntoIterator<Item = char>) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() || is_invisible(c) => format!("⟦U+{:04X}⟧", u32::from(c)),
        c => c.to_string(),
    };
    text.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_words_is_shown_by_its_number() {
        let shown = with_hidden_shown("a\tb\u{1b}[2J\u{202e}\r\nc".chars());
        assert_eq!(shown, "a\tb⟦U+001B⟧[2J⟦U+202E⟧⟦U+000D⟧\nc");
    }

    #[test]
    fn what_hides_or_turns_words_is_told_from_what_is_written() {
        assert!("\u{ad}\u{200b}\u{202e}\u{2066}\u{feff}\u{e0041}\u{2028}".chars().all(is_invisible));
        assert!(!"a \t\u{a0}é漢🦀—…".chars().any(is_invisible));
    }
}
