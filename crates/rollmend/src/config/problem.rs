//! A problem of the file with its place.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where, in bytes of the text.
    pub(crate) span: Range<usize>,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do.
    pub(crate) advice: Option<String>,
}

/// Every problem of a file, in the order of their places.
#[derive(Debug, thiserror::Error)]
#[error("{name} has {}", count(problems.len()))]
pub(crate) struct Problems {
    name: String,
    problems: Vec<Placed>,
}

/// A problem with its text, so that it can be shown in place.
#[derive(Debug, thiserror::Error)]
#[error("{}", problem.what)]
struct Placed {
    source_code: NamedSource<String>,
    line: usize,
    column: usize,
    problem: Problem,
}

/// A problem for machines.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<'a> {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// What is wrong.
    problem: &'a str,
    /// What to do.
    suggestion: Option<&'a str>,
}

fn count(problems: usize) -> String {
    if problems == 1 { "a problem".to_owned() } else { format!("{problems} problems") }
}

impl Problems {
    pub(crate) fn new(name: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
        problems.dedup();
        let placed = problems.into_iter().map(|problem| {
            let (line, column) = place(text, problem.span.start);
            let source_code = NamedSource::new(name, text.to_owned()).with_language("TOML");
            Placed { source_code, line, column, problem }
        });
        Self { name: name.to_owned(), problems: placed.collect() }
    }

    /// For `--json`.
    pub(crate) fn listed(&self) -> Vec<Listed<'_>> {
        self.problems
            .iter()
            .map(|placed| Listed {
                line: placed.line,
                column: placed.column,
                problem: &placed.problem.what,
                suggestion: placed.problem.advice.as_deref(),
            })
            .collect()
    }

    /// For a log: each with its place and what to do, in one line.
    pub(crate) fn line(&self) -> String {
        let problems = self.problems.iter().map(|placed| {
            let advice =
                placed.problem.advice.as_ref().map(|words| format!(" ({words})")).unwrap_or_default();
            format!("{}:{} {}{advice}", placed.line, placed.column, placed.problem.what)
        });
        problems.collect::<Vec<_>>().join("; ")
    }
}

/// Line and column of a byte, from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

impl Diagnostic for Problems {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|placed| placed as &dyn Diagnostic)))
    }
}

impl Diagnostic for Placed {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let advice = self.problem.advice.as_ref()?;
        Some(Box::new(advice))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::at(self.problem.span.clone(), "here"))))
    }
}
