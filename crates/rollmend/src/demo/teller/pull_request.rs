//! A pull request as its reviewer reads it, on a terminal.

use agents::voice::plain::plain;
use anstyle::{AnsiColor, Style};

use super::words::WIDTH;

/// What the reviewer sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) head: &'a str,
    pub(super) base: &'a str,
    pub(super) author: &'a str,
    pub(super) labels: &'a [String],
    pub(super) body: &'a str,
    pub(super) diff: &'a str,
}

/// The page in lines: frame, title, body as Markdown text, diff.
pub(super) fn lines(page: &Page<'_>) -> Vec<String> {
    let dim = Style::new().dimmed();
    let bold = Style::new().bold();
    let frame = |name: &str| {
        let rest = WIDTH.saturating_sub(name.chars().count() + 4);
        format!("{dim}── {name} {}{dim:#}", "─".repeat(rest))
    };
    let mut lines = vec![String::new(), frame("the pull request, as its reviewer reads it")];
    lines.push(format!("{bold}{}{bold:#}", plain(page.title, WIDTH)));
    lines.push(format!(
        "Draft · {} wants to merge {} into {} · {}",
        page.author,
        page.head,
        page.base,
        page.labels.join(", ")
    ));
    lines.push(String::new());
    lines.extend(page.body.lines().map(|line| plain_line(line)));
    lines.push(frame("its diff"));
    lines.extend(page.diff.lines().map(painted));
    lines.push(frame("end"));
    lines
}

/// The line without what could steer a terminal, its spaces kept.
fn plain_line(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).collect()
}

fn painted(line: &str) -> String {
    let style = match line.chars().next() {
        Some('+') => AnsiColor::Green.on_default(),
        Some('-') => AnsiColor::Red.on_default(),
        Some('@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    };
    format!("{style}{}{style:#}", plain_line(line))
}
