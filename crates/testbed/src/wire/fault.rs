//! Faults by script: which requests go wrong, and how.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A scripted fault: requests that match `method` and `path` are counted, and those that `calls` names go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The method to match; any when absent.
    pub method: Option<http::Method>,
    /// A prefix of the path to match, or `*` for every path.
    pub path: String,
    /// Which of the matching requests go wrong.
    pub calls: Calls,
    /// What goes wrong.
    pub does: Misdeed,
}

/// Which of the matching requests go wrong, counted from 1 since the fault was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Only this one.
    Nth(u32),
    /// This one and all that follow.
    From(u32),
    /// All.
    Every,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misdeed {
    /// This answer comes instead of the handler's, which never runs.
    Status {
        /// The HTTP status.
        code: u16,
        /// Headers of the answer.
        headers: Vec<(String, String)>,
        /// Body of the answer.
        body: String,
    },
    /// The handler runs, but only after this long.
    Delay(Duration),
    /// The connection is closed with no answer; the handler never runs.
    Cut,
    /// The handler runs to its end (what it writes is written), then the connection is closed with no answer.
    CutAfterHandling,
    /// The answer's head promises the whole body, which is cut after this many bytes.
    Truncate(usize),
    /// 302 to this address; the handler never runs.
    Redirect(String),
}

impl Fault {
    /// Every request whose path begins with `path` (`*` for all), whatever its method.
    pub fn every(path: impl Into<String>, does: Misdeed) -> Self {
        Self { method: None, path: path.into(), calls: Calls::Every, does }
    }

    /// The `nth` (from 1) request with this method whose path begins with `path`.
    pub fn nth(method: http::Method, path: impl Into<String>, nth: u32, does: Misdeed) -> Self {
        Self { method: Some(method), path: path.into(), calls: Calls::Nth(nth), does }
    }

    fn matches(&self, method: &http::Method, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && (self.path == "*" || path.starts_with(&self.path))
    }
}

impl Calls {
    fn hit(self, count: u32) -> bool {
        match self {
            Self::Nth(wanted) => count == wanted,
            Self::From(first) => count >= first,
            Self::Every => true,
        }
    }
}

/// The faults of one server, each with the number of requests that it has matched.
#[derive(Default)]
pub(super) struct Script {
    lines: Mutex<Vec<(Fault, u32)>>,
}

impl Script {
    pub(super) fn add(&self, fault: Fault) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push((fault, 0));
    }

    pub(super) fn clear(&self) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts the request at every fault that matches it, and returns what the first one due wants done.
    pub(super) fn next(&self, method: &http::Method, path: &str) -> Option<Misdeed> {
        let mut due = None;
        for (fault, count) in self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            if !fault.matches(method, path) {
                continue;
            }
            *count = count.saturating_add(1);
            if due.is_none() && fault.calls.hit(*count) {
                due = Some(fault.does.clone());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_fault_counts_only_requests_that_match_its_method_and_path() {
        let script = Script::default();
        script.add(Fault::nth(Method::POST, "/pulls", 2, Misdeed::Cut));
        let seen: Vec<_> = [
            (Method::POST, "/pulls"),
            (Method::GET, "/pulls"),
            (Method::POST, "/issues"),
            (Method::POST, "/pulls/7"),
            (Method::POST, "/pulls"),
        ]
        .iter()
        .map(|(method, path)| script.next(method, path))
        .collect();
        assert_eq!(seen, [None, None, None, Some(Misdeed::Cut), None]);
    }

    #[test]
    fn of_two_faults_that_match_the_first_wins_and_both_count() {
        let script = Script::default();
        script.add(Fault::nth(Method::GET, "*", 1, Misdeed::Cut));
        script.add(Fault {
            method: None,
            path: "/".into(),
            calls: Calls::From(2),
            does: Misdeed::Truncate(3),
        });
        assert_eq!(script.next(&Method::GET, "/"), Some(Misdeed::Cut));
        assert_eq!(script.next(&Method::GET, "/"), Some(Misdeed::Truncate(3)));
        script.clear();
        assert_eq!(script.next(&Method::GET, "/"), None);
    }
}
