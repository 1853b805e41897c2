//! Rust's panics, in the form since 1.73 (`panicked at src/a.rs:42:9:` and the message below) and the one before
//! (`panicked at 'message', src/a.rs:42:9`), with the numbered frames of a backtrace (rust-lang/rust, `library/std/src/panicking.rs`).

use std::sync::LazyLock;

use domain::{Frame, Language};
use regex::Regex;

use super::{Taken, Trace, owner};
use crate::excerpt;

const PANICKED: &str = "panicked at ";

#[expect(clippy::unwrap_used, reason = "the expression is constant and tests use it")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static NEW_FORM: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"^(?P<file>[^\s':,][^':,]*):(?P<line>\d{1,9}):\d{1,9}:?(?:\s+(?P<message>\S.*))?$")
});
static OLD_FORM: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"^'?(?P<message>.*?)'?, (?P<file>[^\s',][^',]*):(?P<line>\d{1,9}):\d{1,9}$")
});
static NUMBERED: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^\s*\d{1,4}:\s+(?:0x[0-9a-f]+ - )?(?P<function>\S.*)$"));
static AT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^\s+at (?P<file>\S.*?):(?P<line>\d{1,9})(?::\d{1,9})?$"));

/// A panic whose lines are being read.
#[derive(Debug)]
pub(super) struct Panic<'a> {
    line: &'a str,
    message: Option<String>,
    frames: Vec<Frame>,
    function: Option<&'a str>,
}

impl<'a> Panic<'a> {
    /// A line with the place of a panic.
    pub(super) fn start(line: &'a str) -> Option<Self> {
        let place = line.split_once(PANICKED)?.1.trim_end();
        let found = NEW_FORM.captures(place).or_else(|| OLD_FORM.captures(place))?;
        let message = found.name("message").map(|message| excerpt::bounded(message.as_str(), excerpt::SHOWN));
        let file = found.name("file")?.as_str();
        let frame = frame(file, found.name("line")?.as_str(), "");
        Some(Self { line, message, frames: vec![frame], function: None })
    }

    /// Takes the message, notes, or a line of the backtrace.
    pub(super) fn take(&mut self, line: &'a str, frames: usize) -> Taken {
        if let Some(found) = AT.captures(line) {
            let (Some(file), Some(number), Some(function)) =
                (found.name("file"), found.name("line"), self.function.take())
            else {
                return Taken::No;
            };
            if self.frames.len() < frames {
                self.frames.push(frame(file.as_str(), number.as_str(), function));
            }
            return Taken::Yes;
        }
        if self.message.is_none() && Self::start(line).is_none() {
            self.message = Some(excerpt::bounded(line.trim(), excerpt::SHOWN));
            return Taken::Yes;
        }
        if let Some(function) = NUMBERED.captures(line).and_then(|found| found.name("function")) {
            self.function = Some(function.as_str());
            return Taken::Yes;
        }
        let text = line.trim_start();
        let belongs =
            ["stack backtrace:", "note: run with `RUST_BACKTRACE", "note: Some details are omitted"]
                .iter()
                .any(|known| text.starts_with(known))
                || (text.len() < line.len() && (text.starts_with("left: ") || text.starts_with("right: ")));
        if belongs { Taken::Yes } else { Taken::No }
    }

    /// The panic as far as it was read.
    pub(super) fn close(self) -> Trace {
        Trace {
            language: Language::Rust,
            error: "panic".to_owned(),
            message: self.message.unwrap_or_default(),
            frames: self.frames,
            quote: excerpt::quote(self.line),
        }
    }
}

fn frame(file: &str, line: &str, function: &str) -> Frame {
    let file = excerpt::bounded(file, excerpt::SHOWN);
    let function = excerpt::bounded(function, excerpt::SHOWN);
    let file = file.strip_prefix("./").map(str::to_owned).unwrap_or(file);
    Frame { owner: owner::of(Language::Rust, &file, &function), line: line.parse().ok(), file, function }
}

#[cfg(test)]
mod tests {
    use domain::FrameOwner;

    use super::*;
    use crate::thresholds::Thresholds;

    fn traces(text: &str) -> Vec<Trace> {
        super::super::in_text(text, &Thresholds::default())
    }

    fn service(line: u32) -> Frame {
        Frame {
            file: "src/a.rs".into(),
            line: Some(line),
            function: String::new(),
            owner: FrameOwner::Service,
        }
    }

    #[test]
    fn both_forms_of_a_panic_give_place_and_message() {
        for text in [
            "thread 'main' panicked at src/a.rs:42:9:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "thread 'tokio-runtime-worker' (7) panicked at src/a.rs:42:9:\ncalled `Option::unwrap()` on a `None` value",
            "thread 'main' panicked at src/a.rs:42:9: called `Option::unwrap()` on a `None` value",
            "thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/a.rs:42:9",
        ] {
            let expected = Trace {
                language: Language::Rust,
                error: "panic".into(),
                message: "called `Option::unwrap()` on a `None` value".into(),
                frames: vec![service(42)],
                quote: text.lines().next().unwrap().into(),
            };
            assert_eq!(traces(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_backtrace_is_read_down_to_the_services_own_frame() {
        let text = "thread 'main' panicked at /usr/local/cargo/registry/src/index/bytes-1.0/src/lib.rs:9:5:\nrange\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/17067e9/library/std/src/panicking.rs:697:5\n   1: bytes::Bytes::slice\n             at /usr/local/cargo/registry/src/index/bytes-1.0/src/lib.rs:9:5\n   2: shop::users::name\n             at ./src/a.rs:42:17\n   3: core::ops::function::FnOnce::call_once\n             at /rustc/17067e9/library/core/src/ops/function.rs:250:5\n";
        let found = traces(text);
        assert_eq!(found[0].frames.len(), 5);
        assert_eq!(
            found[0].key_frame(),
            Some(&Frame { function: "shop::users::name".into(), ..service(42) })
        );
    }

    #[test]
    fn words_about_panics_are_no_trace() {
        assert_eq!(traces("INFO the worker panicked at noon"), []);
        assert_eq!(traces("thread 'main' panicked at "), []);
    }
}
