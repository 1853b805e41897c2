//! Text as Markdown that a forge renders as text: code spans for what comes from outside, escapes for the rest.
//!
//! A code span holds anything: no mention, link, image, HTML or reference in it is followed (`CommonMark` 0.31, 6.1). Only its own
//! backticks could end it, so its fence is longer than any run in it.

use super::plain::{calm, plain};

/// Text from outside as a code span of at most `longest` characters, whatever is in it.
pub fn code(text: &str, longest: usize) -> String {
    let line = plain(text, longest);
    if line.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

/// Words of ours with code spans in them, made safe again: outside of the spans nothing is markup, a mention, a reference or
/// a link. The gate's and the terminal's words come from the same place and are shown as they are.
pub fn prose(text: &str) -> String {
    let mut safe = String::new();
    for part in parts(text) {
        match part {
            Part::Words(words) => escape_into(&mut safe, words),
            Part::Span(content) => safe.push_str(&code(content, usize::MAX)),
            Part::Open(fence) => fence.chars().for_each(|_| safe.push_str("\\`")),
        }
    }
    safe
}

/// Words of a model, who may repeat anything that it has read: on one line of at most `longest` characters; outside of code spans
/// they name no person, issue or page and hold no markup. What comes out is safe wherever words of ours are.
pub fn told(text: &str, longest: usize) -> String {
    let line = plain(text, longest);
    let mut safe = String::new();
    for part in parts(&line) {
        match part {
            Part::Words(words) => safe.push_str(&calm(&words.replace(['<', '>', '[', ']', '|', '\\'], ""))),
            Part::Span(content) => {
                // What stood between two spans may be gone; their fences would be one.
                if safe.ends_with('`') {
                    safe.push(' ');
                }
                safe.push_str(&code(content, usize::MAX));
            }
            Part::Open(_) => safe.push('\''),
        }
    }
    plain(&safe, longest)
}

/// A piece of a line with code spans.
enum Part<'a> {
    /// Outside of them.
    Words(&'a str),
    /// What stands within one.
    Span(&'a str),
    /// A run of backticks that begins none.
    Open(&'a str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let (words, from_fence) = rest.split_at(start);
        parts.push(Part::Words(words));
        let run = from_fence.len() - from_fence.trim_start_matches('`').len();
        let (fence, after) = from_fence.split_at(run);
        if let Some(end) = closing(after, run) {
            let (content, tail) = after.split_at(end);
            parts.push(Part::Span(content));
            rest = tail.get(run..).unwrap_or_default();
        } else {
            parts.push(Part::Open(fence));
            rest = after;
        }
    }
    parts.push(Part::Words(rest));
    parts
}

/// Markdown as the content of a table's cell: on one line, with `|` escaped, also within code spans (GitHub Flavored Markdown,
/// 4.10). A backslash before a `|` is set apart, since the two could read as an escaped backslash and the end of the cell.
pub fn cell(markdown: &str) -> String {
    let line: String = markdown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.replace("\\|", "\\ |").replace('|', "\\|")
}

/// Where a run of exactly `run` backticks begins.
fn closing(text: &str, run: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let start = at + rest.find('`')?;
        let here = text.get(start..)?;
        let length = here.len() - here.trim_start_matches('`').len();
        if length == run {
            return Some(start);
        }
        at = start + length;
    }
}

fn escape_into(safe: &mut String, words: &str) {
    let mut rest = words.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("(at)"),
            '\\' | '[' | ']' | '*' | '_' | '~' | '|' => {
                safe.push('\\');
                safe.push(c);
            }
            '#' if rest.peek().is_some_and(char::is_ascii_digit) => safe.push_str("no. "),
            ':' if rest.peek() == Some(&'/') => safe.push_str(": "),
            '\n' | '\r' => safe.push(' '),
            _ => safe.push(c),
        }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_span_cannot_be_closed_from_within() {
        assert_eq!(code("a`b``c", 100), "```a`b``c```");
        assert_eq!(code("`a`", 100), "`` `a` ``");
        assert_eq!(code("  \u{200b}\n", 100), "(empty)");
    }

    #[test]
    fn words_outside_of_code_spans_are_no_markup() {
        assert_eq!(
            prose("a <b> @octocat fixes #12 ![x](https://evil.example) `<i>@x #1` ``a`b`` end`"),
            "a &lt;b&gt; (at)octocat fixes no. 12 !\\[x\\](https: //evil.example) `<i>@x #1` ``a`b`` end\\`"
        );
    }

    #[test]
    fn a_models_words_link_nothing_and_name_nobody_outside_of_code_spans() {
        let hostile =
            "See ![x](https:<//evil.example) at www.evil.example, @octocat: `a@b #1` fixes #<12`\n- [ ] do";
        assert_eq!(
            told(hostile, 200),
            "See !x(https evil.example) at www evil.example, octocat: `a@b #1` fixes 12' - do"
        );
        assert_eq!(told("a long text", 6), "a lon…");
        assert_eq!(told("`w``-`>`-`", 100), "```w``-``` `-`");
    }

    #[test]
    fn a_pipe_never_ends_a_cell() {
        assert_eq!(cell("`a|b` \\| c\nd"), "`a\\|b` \\ \\| c d");
    }

    proptest! {
        #[test]
        fn whatever_a_model_says_is_no_markup_and_says_the_same_when_told_again(text in "[a-c@#:/.<>\\[\\]|`w1 \\\\\u{200b}\n-]{0,60}") {
            let said = told(&text, 100);
            for part in parts(&said) {
                if let Part::Words(words) = part {
                    prop_assert!(!words.contains(['<', '>', '[', ']', '|', '\\', '@', '\n']), "{words:?}");
                    prop_assert!(!words.contains("://") && !words.contains("www.") && !words.contains("#1"), "{words:?}");
                }
                prop_assert!(!matches!(part, Part::Open(_)), "{said:?}");
            }
            prop_assert_eq!(told(&said, 200), said);
        }

        #[test]
        fn whatever_is_fenced_stays_one_span_and_survives_a_second_pass(text in ".{0,60}") {
            let span = code(&text, 200);
            prop_assume!(span.starts_with('`'));
            let run = span.len() - span.trim_start_matches('`').len();
            let inner = span.get(run..).unwrap();
            prop_assert_eq!(closing(inner, run), Some(inner.len() - run));
            prop_assert_eq!(prose(&span), span);
        }
    }
}
