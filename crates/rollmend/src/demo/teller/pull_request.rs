//! A pull request as its reviewer reads it, on a terminal.

use agents::voice::plain::plain;
use anstyle::{AnsiColor, Style};

use super::super::happening::Page;
use super::words::wrapped;

/// The page in lines: frame, title, body as Markdown text, diff. Comments that a browser hides are left out.
pub(super) fn lines(page: &Page, width: usize) -> Vec<String> {
    let bold = Style::new().bold();
    let draft = if page.draft { "Draft · " } else { "" };
    let labels =
        if page.labels.is_empty() { String::new() } else { format!(" · {}", page.labels.join(", ")) };
    let mut lines = vec![
        String::new(),
        frame("the pull request, as its reviewer reads it", width),
        format!("{bold}{}{bold:#}", plain(&page.title, 200)),
    ];
    let merge = format!("{draft}{} wants to merge {} into {}{labels}", page.author, page.head, page.base);
    lines.extend(wrapped(&merge, width));
    lines.push(String::new());
    let mut body: Vec<String> = page
        .body
        .lines()
        .filter(|line| !line.starts_with("<!--"))
        .flat_map(|line| folded(line, width))
        .collect();
    while body.last().is_some_and(String::is_empty) {
        body.pop();
    }
    lines.extend(body);
    lines.push(frame("its diff", width));
    lines.extend(page.diff.lines().map(painted));
    lines.push(frame("end", width));
    lines
}

fn frame(name: &str, width: usize) -> String {
    let dim = Style::new().dimmed();
    let rest = width.saturating_sub(name.chars().count() + 4);
    format!("{dim}── {name} {}{dim:#}", "─".repeat(rest))
}

/// A line of Markdown, folded at the width where that changes nothing: not in tables.
fn folded(line: &str, width: usize) -> Vec<String> {
    let line = safe(line);
    if line.is_empty() || line.starts_with('|') {
        return vec![line];
    }
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let mut folded = wrapped(&line, width.saturating_sub(indent.len())).into_iter();
    let first = folded.next().unwrap_or_default();
    std::iter::once(first).chain(folded.map(|rest| format!("{indent}{rest}"))).collect()
}

/// The line without what could steer a terminal, its spaces kept.
fn safe(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).collect()
}

fn painted(line: &str) -> String {
    let style = match line.chars().next() {
        Some('+') => AnsiColor::Green.on_default(),
        Some('-') => AnsiColor::Red.on_default(),
        Some('@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    };
    format!("{style}{}{style:#}", safe(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_folded_and_a_table_is_not() {
        let long = "word ".repeat(30);
        let row = format!("| {long} |");
        assert_eq!(folded(&row, 100), std::slice::from_ref(&row));
        let folded = folded(&format!("- {long}"), 100);
        assert_eq!(folded.len(), 2);
        assert!(folded.iter().all(|line| line.chars().count() <= 100));
        assert!(folded[1].starts_with("  word"));
    }

    #[test]
    fn a_body_cannot_steer_the_terminal_and_its_marker_stays_hidden() {
        let page = Page {
            title: "t".to_owned(),
            head: "h".to_owned(),
            base: "b".to_owned(),
            author: "a".to_owned(),
            labels: vec![],
            draft: true,
            body: "one\u{1b}[31m\n<!-- marker -->\n".to_owned(),
            diff: "+two\u{7}".to_owned(),
        };
        let told: Vec<String> =
            lines(&page, 100).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        let inner: Vec<&str> = told
            .iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty() && !line.starts_with('─'))
            .collect();
        assert_eq!(inner, ["t", "Draft · a wants to merge h into b", "one[31m", "+two"]);
    }
}
