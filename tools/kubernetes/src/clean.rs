//! Text that others wrote, without escape sequences and control characters.

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// The text without them; tabs and line feeds stay.
///
/// ECMA-48: a control sequence is ESC `[` … up to a final byte of `@`–`~`; a string (OSC, DCS, PM, APC) is ESC and `]`, `P`, `^` or `_` …
/// up to BEL or ESC `\`; any other escape is ESC, intermediates of blank to `/`, and one final character.
pub(crate) fn clean(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            ESCAPE => skip_escape(&mut rest),
            '\t' | '\n' => kept.push(char),
            char if char.is_control() => {}
            char => kept.push(char),
        }
    }
    kept
}

fn skip_escape(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|char| ('@'..='~').contains(char));
        }
        Some(']' | 'P' | '^' | '_') => skip_string(rest),
        Some(' '..='/') => {
            rest.find(|char| !(' '..='/').contains(char));
        }
        _ => {}
    }
}

/// A string that never ends would swallow the whole line: then only its opening is taken out.
fn skip_string(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    while let Some(char) = ahead.next() {
        let ends = match char {
            BELL => true,
            ESCAPE => {
                ahead.next();
                true
            }
            _ => false,
        };
        if ends {
            *rest = ahead;
            return;
        }
    }
}
