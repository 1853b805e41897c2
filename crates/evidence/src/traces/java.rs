//! Exceptions of the JVM as `Throwable.printStackTrace` writes them: a head, `at` frames, `Caused by:`, `... 12 more`
//! (openjdk/jdk, `java/lang/Throwable.java`). The innermost cause counts.

use std::sync::LazyLock;

use domain::{Frame, Language};
use regex::Regex;

use super::{Taken, Trace, owner};
use crate::excerpt;

#[expect(clippy::unwrap_used, reason = "the expression is constant and tests use it")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// `at [loader/][module@version/]package.Class.method(File.java:42)`.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?:^|[ \t])at (?:[\w.@-]*/){0,2}(?P<method>[\w$.]+\.[\w$<>]+)\((?:(?P<file>[\w$-]+\.[A-Za-z]+)(?::(?P<line>\d{1,9}))?|Native Method|Unknown Source)\)",
    )
});
/// A type that is called an exception or error, with its message, at the end of whatever a logger wrote before it.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?:^|[\s\]])(?P<error>(?:[\p{Ll}_][\w$]*\.)+[\p{Lu}][\w$]*(?:Exception|Error|Throwable|Fault))(?:: ?(?P<message>.*))?\s*$",
    )
});
/// Any qualified type where nothing else stands before it.
static ANY: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"^\s*(?:Exception in thread "[^"]*" )?(?P<error>(?:[\p{Ll}_][\w$]*\.)+[\p{Lu}][\w$]*)(?:: ?(?P<message>.*))?\s*$"#,
    )
});

/// Whether a line is a frame.
pub(super) fn is_frame(line: &str) -> bool {
    may_be_frame(line) && FRAME.is_match(line)
}

/// The type and message of a head.
pub(super) fn head(line: &str) -> Option<(&str, &str)> {
    let found = NAMED.captures(line).or_else(|| ANY.captures(line))?;
    Some((found.name("error")?.as_str(), found.name("message").map_or("", |message| message.as_str())))
}

/// An exception whose lines are being read.
#[derive(Debug)]
pub(super) struct Exception<'a> {
    quote: &'a str,
    error: &'a str,
    message: &'a str,
    frames: Vec<Frame>,
    /// The frames of the section that encloses this one, for `... n more`.
    enclosing: Vec<Frame>,
    depth: Depth,
}

/// Which section of the trace the lines are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// One that may yet have a cause.
    Counts,
    /// A suppressed one, or an outer one below its root cause: its frames are left out.
    Aside,
}

impl<'a> Exception<'a> {
    /// Begins below a line that may be its head.
    pub(super) fn below(line: Option<&'a str>) -> Self {
        let (error, message) = line.and_then(head).unwrap_or(("exception", ""));
        Self {
            quote: line.unwrap_or_default(),
            error,
            message,
            frames: Vec::new(),
            enclosing: Vec::new(),
            depth: Depth::Counts,
        }
    }

    /// Takes a frame, a cause, or a line about what was left out.
    pub(super) fn take(&mut self, line: &'a str, limit: usize) -> Taken {
        let text = line.trim_start();
        if let Some(cause) = text.strip_prefix("Caused by: ") {
            self.caused_by(cause, line);
        } else if text.starts_with("Suppressed: ") || text.starts_with("Wrapped by: ") {
            self.depth = Depth::Aside;
        } else if let Some(more) = more(text) {
            self.append_enclosing(more, limit);
        } else if let Some(frame) = frame(line) {
            if self.depth == Depth::Counts && self.frames.len() < limit {
                self.frames.push(frame);
            }
        } else if !text.starts_with("[CIRCULAR REFERENCE") {
            return Taken::No;
        }
        Taken::Yes
    }

    /// The innermost cause as far as it was read.
    pub(super) fn close(self) -> Trace {
        let first_frame = || self.frames.first().map(|frame| frame.function.clone()).unwrap_or_default();
        Trace {
            language: Language::Java,
            error: excerpt::bounded(self.error, excerpt::SHOWN),
            message: excerpt::bounded(self.message.trim_end(), excerpt::SHOWN),
            quote: if self.quote.is_empty() { first_frame() } else { excerpt::quote(self.quote) },
            frames: self.frames,
        }
    }

    fn caused_by(&mut self, cause: &'a str, line: &'a str) {
        if self.depth == Depth::Aside && line.starts_with(char::is_whitespace) {
            return;
        }
        let (error, message) = head(cause).or_else(|| cause.split_once(": ")).unwrap_or((cause, ""));
        self.error = error;
        self.message = message;
        self.quote = line;
        self.depth = Depth::Counts;
        self.enclosing = std::mem::take(&mut self.frames);
    }

    fn append_enclosing(&mut self, more: usize, limit: usize) {
        if self.depth == Depth::Counts {
            let from = self.enclosing.len().saturating_sub(more);
            let room = limit.saturating_sub(self.frames.len());
            self.frames.extend(self.enclosing.iter().skip(from).take(room).cloned());
        }
    }
}

/// How many frames are shared with the enclosing section.
fn more(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("... ")?;
    let (number, words) = rest.split_once(' ')?;
    let is_known = ["more", "common frames omitted"].iter().any(|known| words.starts_with(known));
    if is_known { number.parse().ok() } else { None }
}

/// Quicker than the expression, and wrong only in saying yes.
fn may_be_frame(line: &str) -> bool {
    line.contains('(') && line.contains("at ")
}

fn frame(line: &str) -> Option<Frame> {
    if !may_be_frame(line) {
        return None;
    }
    let found = FRAME.captures(line)?;
    let method = found.name("method")?.as_str();
    let class = method.rsplit_once('.').map_or(method, |(class, _)| class);
    let package = class.rsplit_once('.').map(|(package, _)| package.replace('.', "/"));
    let file = found.name("file").map_or("", |file| file.as_str());
    let file = match package {
        Some(package) if !file.is_empty() => format!("{package}/{file}"),
        _ => file.to_owned(),
    };
    Some(Frame {
        file: excerpt::bounded(&file, excerpt::SHOWN),
        line: found.name("line").and_then(|line| line.as_str().parse().ok()),
        function: excerpt::bounded(method, excerpt::SHOWN),
        owner: owner::of(Language::Java, &file, method),
    })
}

#[cfg(test)]
mod tests {
    use domain::FrameOwner;

    use super::*;
    use crate::thresholds::Thresholds;

    fn traces(text: &str) -> Vec<Trace> {
        super::super::in_text(text, &Thresholds::default())
    }

    #[test]
    fn a_trace_gives_type_message_and_the_file_with_its_packages_path() {
        let text = "java.lang.NullPointerException: Cannot invoke \"String.trim()\"\n\tat shop.users.UserResource.displayName(UserResource.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)";
        let expected = Trace {
            language: Language::Java,
            error: "java.lang.NullPointerException".into(),
            message: "Cannot invoke \"String.trim()\"".into(),
            frames: vec![
                Frame {
                    file: "shop/users/UserResource.java".into(),
                    line: Some(42),
                    function: "shop.users.UserResource.displayName".into(),
                    owner: FrameOwner::Service,
                },
                Frame {
                    file: "java/lang/Thread.java".into(),
                    line: Some(1583),
                    function: "java.lang.Thread.run".into(),
                    owner: FrameOwner::Library,
                },
            ],
            quote: "java.lang.NullPointerException: Cannot invoke \"String.trim()\"".into(),
        };
        assert_eq!(traces(text), [expected]);
    }

    #[test]
    fn the_innermost_cause_counts_with_the_frames_it_shares() {
        let text = "ERROR request failed shop.ShopException: outer\n\tat shop.Api.get(Api.java:10)\n\tat io.undertow.A.run(A.java:1)\nCaused by: java.sql.SQLException: middle\n\tat shop.Db.read(Db.java:20)\n\t... 2 more\nCaused by: java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect(Net.java:5)\n\t... 3 more\n";
        let found = traces(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].error, "java.net.ConnectException");
        assert_eq!(found[0].message, "Connection refused");
        assert_eq!(found[0].quote, "Caused by: java.net.ConnectException: Connection refused");
        let lines: Vec<_> = found[0].frames.iter().map(|f| f.line.unwrap()).collect();
        assert_eq!(lines, [5, 20, 10, 1]);
        assert_eq!(found[0].key_frame().unwrap().file, "shop/Db.java");
    }

    #[test]
    fn suppressed_exceptions_and_frames_without_source_do_no_harm() {
        let text = "Exception in thread \"main\" shop.AException\n\tat jdk.internal.X.f(Native Method)\n\tat shop.A.f(Unknown Source)\n\tSuppressed: shop.BException: b\n\t\tat shop.B.g(B.java:2)\nCaused by: shop.CException: c\n\tat app//shop.C.h(C.kt:3)\n";
        let found = traces(text);
        assert_eq!((found.len(), found[0].error.as_str()), (1, "shop.CException"));
        assert_eq!(found[0].frames[0].file, "shop/C.kt");
    }

    #[test]
    fn the_head_is_found_behind_what_a_logger_wrote() {
        assert_eq!(
            head("ERROR x - failed: java.io.IOException: gone"),
            Some(("java.io.IOException", "gone"))
        );
        assert_eq!(head("shop.Main: java.io.IOException: gone"), Some(("java.io.IOException", "gone")));
        assert_eq!(head("shop.NotFound: user 7"), Some(("shop.NotFound", "user 7")));
        assert_eq!(head("INFO  shop.Main"), None);
        assert_eq!(head("INFO shop.Router - GET /users"), None);
    }
}
