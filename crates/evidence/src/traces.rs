//! Puts stack traces together from the lines of a log, and groups them.
//!
//! A [`Reader`] takes the lines of one container in their order; other threads' lines may stand between a trace's. Which lines
//! belong to a trace is known by the languages below. Refuses to know levels, sides and repositories.

mod java;
mod owner;
mod python;
mod rust;

use std::collections::VecDeque;

use domain::{Frame, FrameOwner, Language};

use crate::excerpt;
use crate::thresholds::Thresholds;

/// Lines that an exception's message may have, its head included.
const LINES_OF_MESSAGE: usize = 4;

/// A shorter line begins no panic and no traceback.
const SHORTEST_HEAD: usize = "panicked at a:1:1".len();

/// A trace as one log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The language of its shape.
    pub(crate) language: Language,
    /// The error's type.
    pub(crate) error: String,
    /// Its message, bounded.
    pub(crate) message: String,
    /// Frames, innermost first.
    pub(crate) frames: Vec<Frame>,
    /// A piece of a line of it, exactly so.
    pub(crate) quote: String,
}

impl Trace {
    /// The innermost frame of the service's own code, or the innermost at all.
    pub(crate) fn key_frame(&self) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.owner == FrameOwner::Service).or_else(|| self.frames.first())
    }
}

/// What a line led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fed<'a> {
    /// A line that belongs to no trace; it lags one line behind.
    pub(crate) ordinary: Option<&'a str>,
    /// A trace that ended.
    pub(crate) trace: Option<Trace>,
}

/// Whether an open trace took a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It belongs to the trace.
    Yes,
    /// It does not belong to it.
    No,
}

#[derive(Debug)]
enum Open<'a> {
    Rust(rust::Panic<'a>),
    Java(java::Exception<'a>),
    Python(python::Traceback<'a>),
}

impl<'a> Open<'a> {
    fn take(&mut self, line: &'a str, frames: usize) -> Taken {
        match self {
            Self::Rust(panic) => panic.take(line, frames),
            Self::Java(exception) => exception.take(line, frames),
            Self::Python(traceback) => traceback.take(line, frames),
        }
    }

    fn close(self) -> Option<Trace> {
        match self {
            Self::Rust(panic) => Some(panic.close()),
            Self::Java(exception) => Some(exception.close()),
            Self::Python(traceback) => traceback.close(),
        }
    }
}

/// Reads the lines of one container.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    frames: usize,
    foreign_allowed: usize,
    open: Option<Open<'a>>,
    foreign: usize,
    /// The line before, which may turn out to be the head of a trace.
    pending: Option<&'a str>,
    /// The last lines outside traces, oldest first.
    recent: VecDeque<&'a str>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub(crate) fn new(thresholds: &Thresholds) -> Self {
        Self {
            frames: thresholds.frames,
            foreign_allowed: thresholds.foreign_lines,
            open: None,
            foreign: 0,
            pending: None,
            recent: VecDeque::with_capacity(LINES_OF_MESSAGE),
        }
    }

    /// Takes the next line, which the caller has bounded.
    pub(crate) fn feed(&mut self, line: &'a str) -> Fed<'a> {
        if let Some(open) = &mut self.open {
            let begins_another =
                self.pending.is_some_and(|head| java::head(head).is_some()) && java::is_frame(line);
            let taken = if begins_another { Taken::No } else { open.take(line, self.frames) };
            if taken == Taken::Yes {
                self.foreign = 0;
                return Fed::default();
            }
        }
        self.outside(line)
    }

    /// The last line and the last trace.
    pub(crate) fn finish(mut self) -> Fed<'a> {
        Fed { ordinary: self.pending.take(), trace: self.close() }
    }

    fn outside(&mut self, line: &'a str) -> Fed<'a> {
        if java::is_frame(line) {
            let trace = self.close();
            let mut exception = java::Exception::below(self.head());
            exception.take(line, self.frames);
            self.open = Some(Open::Java(exception));
            let ordinary = self.pending.take().filter(|line| java::head(line).is_none());
            return Fed { ordinary, trace };
        }
        let starts = || {
            let panic = rust::Panic::start(line).map(Open::Rust);
            panic.or_else(|| python::Traceback::start(line).map(Open::Python))
        };
        if line.len() >= SHORTEST_HEAD
            && let Some(open) = starts()
        {
            let trace = self.close();
            self.open = Some(open);
            return Fed { ordinary: self.pending.take(), trace };
        }
        self.foreign += 1;
        let trace = if self.foreign > self.foreign_allowed { self.close() } else { None };
        if self.recent.len() == LINES_OF_MESSAGE {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
        Fed { ordinary: self.pending.replace(line), trace }
    }

    /// The nearest line above that can be the head of a trace: a message may have several lines.
    fn head(&mut self) -> Option<&'a str> {
        let found = self.recent.iter().rev().copied().find(|line| java::head(line).is_some());
        self.recent.clear();
        found
    }

    fn close(&mut self) -> Option<Trace> {
        self.foreign = 0;
        self.open.take().and_then(Open::close)
    }
}

/// The traces in a text of several lines, such as a JSON field.
pub(crate) fn in_text(text: &str, thresholds: &Thresholds) -> Vec<Trace> {
    let mut reader = Reader::new(thresholds);
    let mut traces: Vec<Trace> = text
        .lines()
        .filter_map(|line| reader.feed(excerpt::head(line, thresholds.line_bytes)).trace)
        .collect();
    traces.extend(reader.finish().trace);
    traces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Trace>, Vec<&str>) {
        let mut reader = Reader::new(&Thresholds::default());
        let mut fed: Vec<Fed<'_>> = text.lines().map(|line| reader.feed(line)).collect();
        fed.push(reader.finish());
        let ordinary = fed.iter().filter_map(|fed| fed.ordinary).collect();
        (fed.into_iter().filter_map(|fed| fed.trace).collect(), ordinary)
    }

    #[test]
    fn lines_of_other_threads_inside_a_trace_stay_ordinary_lines() {
        let (traces, ordinary) = read(
            "INFO before\njava.lang.IllegalStateException: no name\n\tat shop.A.f(A.java:7)\nINFO between\n\tat shop.B.g(B.java:9)\nINFO after",
        );
        assert_eq!(ordinary, ["INFO before", "INFO between", "INFO after"]);
        assert_eq!(traces.len(), 1);
        let lines: Vec<_> = traces[0].frames.iter().map(|f| f.line.unwrap()).collect();
        assert_eq!(lines, [7, 9]);
    }

    #[test]
    fn a_trace_that_begins_while_another_is_open_is_another() {
        let (traces, _) = read(
            "shop.OneException: a\n\tat shop.A.f(A.java:7)\nshop.OtherException: b\n\tat shop.B.g(B.java:9)\n",
        );
        let errors: Vec<_> = traces.iter().map(|t| (t.error.as_str(), t.frames.len())).collect();
        assert_eq!(errors, [("shop.OneException", 1), ("shop.OtherException", 1)]);
    }

    #[test]
    fn traces_of_all_languages_are_told_apart_in_one_log() {
        let (traces, ordinary) = read(concat!(
            "thread 'main' panicked at src/a.rs:42:9:\nno name\n",
            "Traceback (most recent call last):\n  File \"/app/shop/x.py\", line 3, in f\n    g()\nKeyError: 'name'\n",
            "java.lang.RuntimeException\n\tat shop.A.f(A.java:7)\nINFO done\n"
        ));
        let languages: Vec<_> = traces.iter().map(|t| t.language).collect();
        assert_eq!(languages, [Language::Rust, Language::Python, Language::Java]);
        assert_eq!(ordinary, ["INFO done"]);
    }
}
