//! Text from outside as one harmless line: no control, no terminal sequence, nothing invisible, bounded.
//!
//! Refuses to know Markdown; see [`markdown`](super::markdown) for that.

use domain::is_invisible;

/// The text on one line of at most `longest` characters, the last of them `…` where it was cut. Terminal sequences and
/// characters that show nothing or turn the reading direction are left out; white space becomes single blanks.
pub fn plain(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    let mut blank = false;
    for c in visible(text) {
        if c.is_whitespace() {
            blank = length > 0;
            continue;
        }
        if blank {
            line.push(' ');
            length += 1;
            blank = false;
        }
        line.push(c);
        length += 1;
        if length > longest {
            return cut(&line, longest);
        }
    }
    line
}

/// [`plain`], and nothing in it names a person, an issue or a page: for titles and commit messages, where a forge follows
/// `@name`, `#12`, `GH-12` and URLs, and closes an issue that `fixes #12` names.
pub fn defused(text: &str, longest: usize) -> String {
    plain(&calm(&plain(text, longest.saturating_mul(2))), longest)
}

/// The text without what makes a forge see a person, an issue or a page in it.
pub(super) fn calm(line: &str) -> String {
    let line = line.replace('@', "").replace("://", " ");
    let mut calm = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let before_digit = rest.peek().is_some_and(char::is_ascii_digit);
        match c {
            '#' if rest.clone().find(|c| *c != '#').is_some_and(|c| c.is_ascii_digit()) => {}
            '-' if before_digit && ends_with(&calm, "gh") => calm.push(' '),
            '.' if ends_with(&calm, "www") => calm.push(' '),
            _ => calm.push(c),
        }
    }
    calm
}

fn ends_with(text: &str, lower: &str) -> bool {
    let tail = text.len().checked_sub(lower.len()).and_then(|at| text.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(lower))
}

/// The text in at most `longest` bytes, cut between characters, the last of them `…` where it was cut.
pub fn within_bytes(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let mut end = longest.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default().trim_end())
}

fn cut(line: &str, longest: usize) -> String {
    let kept: String = line.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The characters that a reader sees, white space included; control characters that separate become blanks.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = rest.next()?;
            match c {
                '\u{1b}' => skip_escape(&mut rest),
                '\u{9b}' => skip_control_sequence(&mut rest),
                '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    return Some(' ');
                }
                _ if c.is_control() || is_invisible(c) => {}
                _ => return Some(c),
            }
        }
    })
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After ESC: a control sequence (`[`), an operating system command (`]`), or a single character (ECMA-48).
fn skip_escape(rest: &mut Rest<'_>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some(']') => {
            while let Some(c) = rest.next_if(|c| !matches!(c, '\n' | '\r')) {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some(_) | None => {
            rest.next();
        }
    }
}

/// Parameters and intermediate characters up to the final one. A character that cannot belong to the sequence ends it.
fn skip_control_sequence(rest: &mut Rest<'_>) {
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_cannot_see_is_not_kept() {
        let text = "a\u{202e}b\u{200b}c\u{feff}\u{e0041}\u{1b}[31;1md\u{1b}[0m\u{1b}]8;;https://evil.example\u{7}e\u{9b}2Jf\0\u{7}g";
        assert_eq!(plain(text, 100), "abcdefg");
    }

    #[test]
    fn many_lines_become_one_and_a_long_one_is_cut_with_a_mark() {
        assert_eq!(plain("  a\r\n\n\tb\u{2028}c  ", 100), "a b c");
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abcde…");
        assert_eq!(plain("ab def gh", 4), "ab…");
    }

    #[test]
    fn a_title_names_no_person_issue_or_page() {
        let text = "fixes #12, closes acme/shop#7 and GH-9 (#3), cc @octocat https://evil.example/x";
        assert_eq!(
            defused(text, 100),
            "fixes 12, closes acme/shop7 and GH 9 (3), cc octocat https evil.example/x"
        );
        assert_eq!(
            defused("fixes ##1 and #@#2 at wWw.evil.example", 100),
            "fixes 1 and 2 at wWw evil.example"
        );
    }

    #[test]
    fn a_cut_by_bytes_never_splits_a_character() {
        assert_eq!(within_bytes("äöü", 6), "äöü");
        assert_eq!(within_bytes("äöüä", 7), "äö…");
        assert_eq!(within_bytes("äöüä", 6), "ä…");
    }
}
