//! Python's tracebacks (python/cpython, `Lib/traceback.py`): the last frame is the innermost, the last line the error. Of
//! chained ones the first counts: it is the one that the others were raised from.

use std::sync::LazyLock;

use domain::{Frame, Language};
use regex::Regex;

use super::{Taken, Trace, owner};
use crate::excerpt;

const START: &str = "Traceback (most recent call last):";
const CHAINS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

#[expect(clippy::unwrap_used, reason = "the expression is constant and tests use it")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// Without a bound on the file's name, which would take megabytes; [`frame`] cuts it.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"^\s*File "(?P<file>[^"]+)", line (?P<line>[0-9]{1,9})(?:, in (?P<function>.*))?$"#)
});
static ERROR: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?P<error>[\p{L}_][\w.]*)(?:: (?P<message>.*)|:)?$"));

/// A traceback whose lines are being read.
#[derive(Debug)]
pub(super) struct Traceback<'a> {
    line: &'a str,
    /// Bytes that a logger puts before each line.
    prefix: usize,
    outermost_first: Vec<Frame>,
    error: Option<(&'a str, &'a str, &'a str)>,
    part: Part,
}

/// Which part of a chain is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The first traceback.
    First,
    /// Between two.
    Between,
    /// A later one.
    Later,
}

impl<'a> Traceback<'a> {
    /// The line that begins one.
    pub(super) fn start(line: &'a str) -> Option<Self> {
        let prefix = line.find(START)?;
        Some(Self { line, prefix, outermost_first: Vec::new(), error: None, part: Part::First })
    }

    /// Takes a frame, its source line, the error, or the next of a chain.
    pub(super) fn take(&mut self, line: &'a str, frames: usize) -> Taken {
        let text = self.without_prefix(line);
        if text.starts_with(START) || CHAINS.iter().any(|words| text.starts_with(words)) {
            return self.chained(text);
        }
        if self.part == Part::Between {
            return Taken::No;
        }
        if let Some(found) = FRAME.captures(text) {
            if self.part == Part::First && self.outermost_first.len() < frames {
                self.outermost_first.extend(frame(&found));
            }
            return Taken::Yes;
        }
        if text.starts_with("  ") && !self.outermost_first.is_empty() {
            return Taken::Yes;
        }
        if self.outermost_first.is_empty() {
            return Taken::No;
        }
        let Some(found) = ERROR.captures(text.trim_end()) else { return Taken::No };
        if self.part == Part::First {
            let message = found.name("message").map_or("", |message| message.as_str());
            self.error = found.name("error").map(|error| (error.as_str(), message, line));
        }
        self.part = Part::Between;
        Taken::Yes
    }

    /// The traceback, when it has frames.
    pub(super) fn close(mut self) -> Option<Trace> {
        if self.outermost_first.is_empty() {
            return None;
        }
        self.outermost_first.reverse();
        let (error, message, quoted) = self.error.unwrap_or(("exception", "", self.line));
        Some(Trace {
            language: Language::Python,
            error: excerpt::bounded(error, excerpt::SHOWN),
            message: excerpt::bounded(message, excerpt::SHOWN),
            frames: self.outermost_first,
            quote: excerpt::quote(quoted),
        })
    }

    /// Words of a chain lead from one traceback to a later one; a head without them begins a traceback of its own.
    fn chained(&mut self, text: &str) -> Taken {
        match (self.part, text.starts_with(START)) {
            (Part::Between, false) => {
                self.part = Part::Later;
                Taken::Yes
            }
            (Part::Later, true) => Taken::Yes,
            _ => Taken::No,
        }
    }

    /// The line without what a logger put before it: as many bytes as before the first, where the first frame shows that each
    /// line has them.
    fn without_prefix(&mut self, line: &'a str) -> &'a str {
        if self.outermost_first.is_empty() && FRAME.is_match(line) {
            self.prefix = 0;
        }
        line.get(self.prefix..).unwrap_or(line)
    }
}

fn frame(found: &regex::Captures<'_>) -> Option<Frame> {
    let file = excerpt::bounded(found.name("file")?.as_str(), excerpt::SHOWN);
    let function = found.name("function").map_or("", |function| function.as_str());
    Some(Frame {
        owner: owner::of(Language::Python, &file, function),
        line: found.name("line")?.as_str().parse().ok(),
        file,
        function: excerpt::bounded(function, excerpt::SHOWN),
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

    fn frame(file: &str, line: u32, function: &str, owner: FrameOwner) -> Frame {
        Frame { file: file.into(), line: Some(line), function: function.into(), owner }
    }

    #[test]
    fn the_last_frame_is_the_innermost() {
        let text = "ERROR:root:request failed\nTraceback (most recent call last):\n  File \"/usr/local/lib/python3.12/site-packages/flask/app.py\", line 880, in full_dispatch_request\n    rv = self.dispatch_request()\n         ^^^^^^^^^^^^^^^^^^^^^^^\n  File \"/app/shop/x.py\", line 3, in f\n    return row['name']\nKeyError: 'name'\nINFO next";
        let expected = Trace {
            language: Language::Python,
            error: "KeyError".into(),
            message: "'name'".into(),
            frames: vec![
                frame("/app/shop/x.py", 3, "f", FrameOwner::Service),
                frame(
                    "/usr/local/lib/python3.12/site-packages/flask/app.py",
                    880,
                    "full_dispatch_request",
                    FrameOwner::Library,
                ),
            ],
            quote: "KeyError: 'name'".into(),
        };
        assert_eq!(traces(text), [expected]);
    }

    #[test]
    fn of_a_chain_the_first_counts_and_the_rest_is_no_trace_of_its_own() {
        let text = "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in a\n    x\nKeyError: 'name'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/app/b.py\", line 2, in b\n    y\nshop.ShopError: wrapped\n";
        let text = text.replace("\n\n", "\n");
        let found = traces(&text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].error.as_str(), found[0].frames.len()), ("KeyError", 1));
    }

    #[test]
    fn a_prefix_that_a_logger_puts_before_each_line_is_seen_through() {
        let text = "2026-11-24 02:31:28 E Traceback (most recent call last):\n2026-11-24 02:31:28 E   File \"/app/a.py\", line 1, in a\n2026-11-24 02:31:29 E ValueError: x\n";
        let found = traces(text);
        assert_eq!((found[0].error.as_str(), found[0].message.as_str()), ("ValueError", "x"));
    }

    #[test]
    fn a_head_without_frames_is_no_trace() {
        assert_eq!(traces("Traceback (most recent call last):\nINFO x\nINFO y\nINFO z\nINFO a\n"), []);
    }
}
