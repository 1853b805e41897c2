//! Reads what a log line says of itself: its level, its message, and a stack trace in a field.
//!
//! Knows text with a level word (log4j, Python, Rust, nginx, klog), JSON and logfmt. A new INFO line is no trouble, so all that
//! matters is whether a line is an error. Refuses to know whose line it is.

mod structured;

use std::borrow::Cow;

use crate::excerpt;
use crate::templates::class;

/// Level words stand at the beginning of a line, behind time, thread and logger at most.
const WORDS_WITH_LEVEL: usize = 8;

/// Shorter text names no error: `Error` is the shortest that does.
const SHORTEST_ERROR: usize = 5;

/// How bad a line calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Error, fatal, critical and their like.
    Error,
    /// Anything milder, or a line that says nothing of the sort.
    Milder,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// How bad.
    pub(crate) level: Level,
    /// The words.
    pub(crate) message: Cow<'a, str>,
    /// A stack trace that a field holds.
    pub(crate) stack: Option<String>,
}

/// Reads a line, which the caller has bounded.
pub(crate) fn read(line: &str) -> Said<'_> {
    if !line.contains('\u{1b}') {
        return read_plain(line);
    }
    let clean = excerpt::without_escapes(line);
    let Said { level, message, stack } = read_plain(&clean);
    Said { level, message: Cow::Owned(message.into_owned()), stack }
}

fn read_plain(line: &str) -> Said<'_> {
    let start = line.trim_start();
    let structured = if start.starts_with('{') { structured::json(start) } else { structured::logfmt(start) };
    structured.unwrap_or_else(|| {
        let level = marked(start).unwrap_or_else(|| unmarked(start));
        Said { level, message: Cow::Borrowed(line), stack: None }
    })
}

/// The level that a word names.
fn word(text: &str) -> Option<Level> {
    if text.len() > 11 {
        return None;
    }
    Some(match text.to_ascii_uppercase().as_str() {
        "ERROR" | "ERR" | "EROR" | "ERRO" | "FATAL" | "FTL" | "CRITICAL" | "CRIT" | "SEVERE" | "ALERT"
        | "EMERG" | "EMERGENCY" | "PANIC" | "DPANIC" => Level::Error,
        "TRACE" | "DEBUG" | "DBUG" | "DBG" | "INFO" | "INF" | "INFORMATION" | "NOTICE" | "WARN" | "WRN"
        | "WARNING" | "VERBOSE" => Level::Milder,
        _ => return None,
    })
}

fn marked(line: &str) -> Option<Level> {
    klog(line).or_else(|| line.split_ascii_whitespace().take(WORDS_WITH_LEVEL).find_map(level_of_token))
}

/// klog's header `E1124 02:31:28.925996` (kubernetes/klog, `formatHeader`).
fn klog(line: &str) -> Option<Level> {
    let (letter, digits, blank) = (line.get(..1)?, line.get(1..5)?, line.get(5..6)?);
    if blank != " " || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match letter {
        "E" | "F" => Some(Level::Error),
        "I" | "W" => Some(Level::Milder),
        _ => None,
    }
}

/// A level in capitals (`ERROR`, `ERROR:root:…`, `2026|ERROR|…`), or in any case with a mark around it (`[error]`, `Error:`).
fn level_of_token(token: &str) -> Option<Level> {
    let is_mark = |c: char| "[]<>():|=".contains(c);
    let is_marked = token.contains(is_mark);
    token.split(is_mark).find_map(|part| {
        let shouted = !part.bytes().any(|b| b.is_ascii_lowercase());
        if shouted || is_marked { word(part) } else { None }
    })
}

/// A line without level is an error when it begins with an error's type or its words name a class of trouble.
fn unmarked(line: &str) -> Level {
    if line.len() < SHORTEST_ERROR {
        return Level::Milder;
    }
    let first = line.split_ascii_whitespace().next().unwrap_or_default();
    let name = first.trim_end_matches(':');
    let is_type = (name.ends_with("Exception") || name.ends_with("Error"))
        && (first.ends_with(':') || first.len() == line.trim_end().len());
    if is_type || class::is_named(line) { Level::Error } else { Level::Milder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_the_shapes_that_services_write() {
        for error in [
            "2026-11-24 02:31:28,925 ERROR shop.Router - GET /users/7 failed",
            "02:31:28.925 [http-nio 8080 exec 1] ERROR c.acme.Shop - failed",
            "2026-11-24T02:31:28Z ERROR shop::users: no profile",
            "ERROR:root:no profile",
            "2026-11-24 02:31:28,925 - shop - CRITICAL - no profile",
            "E1124 02:31:28.925996       1 main.go:42] no profile",
            "2026/11/24 02:31:28 [error] 31#31: *1 connect() failed",
            "2026-11-24 02:31:28 UTC [17] FATAL:  no database",
            "SEVERE: no profile",
            "panic: runtime error: index out of range [3] with length 3",
            "Error: connect failed",
            "TypeError: x is not a function",
            "shop.ConfigException: no profile",
            r#"{"level":"error","msg":"no profile"}"#,
            r#"{"severity":"CRITICAL","message":"no profile"}"#,
            r#"{"level":50,"msg":"pino"}"#,
            r#"{"log":{"level":"ERROR"},"message":"ecs"}"#,
            "time=2026-11-24T02:31:28Z level=error msg=\"no profile\"",
            "\u{1b}[31mERROR\u{1b}[0m no profile",
            "dial tcp 10.0.0.7:5432: connect: connection refused",
        ] {
            assert_eq!(read(error).level, Level::Error, "{error}");
        }
    }

    #[test]
    fn a_new_info_line_is_no_error_whatever_it_speaks_of() {
        for milder in [
            "INFO  shop.Main - shop 1.1.0 started",
            "2026-11-24 02:31:28,925 INFO shop.Router - retry after ERROR: connection refused",
            "WARN shop.Pool - connection refused, will retry",
            r#"{"level":"info","msg":"ERROR is a word"}"#,
            r#"{"level":30,"msg":"pino"}"#,
            "level=warn msg=\"connection refused\"",
            "I1124 02:31:28.925996       1 main.go:42] ERROR",
            "no error was seen",
            "GET /errors 200",
            "",
        ] {
            assert_eq!(read(milder).level, Level::Milder, "{milder}");
        }
    }

    #[test]
    fn structured_lines_give_their_message_and_their_stack() {
        let said =
            read(r#"{"level":"error","msg":"failed","err":{"message":"no profile","stack":"E: x\n  at y"}}"#);
        assert_eq!(said.message, "failed: no profile");
        assert_eq!(said.stack.as_deref(), Some("E: x\n  at y"));
        assert_eq!(read(r#"level=error ts=1 msg="no \"name\"" err=x"#).message, "no \"name\": x");
    }

    #[test]
    fn a_json_line_that_was_cut_still_has_its_level() {
        assert_eq!(read(r#"{"level":"error","msg":"no prof"#).level, Level::Error);
        assert_eq!(read(r#"{"level":"info","msg":"connection refused"#).level, Level::Milder);
    }
}
