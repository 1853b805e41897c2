//! The table that comes out.

use std::fmt::Write as _;
use std::time::Duration;

/// What was measured, what it should be, and what it is.
pub(crate) struct Row {
    what: String,
    aim: String,
    figure: String,
}

impl Row {
    /// A figure with its aim, which may be empty.
    pub(crate) fn new(what: impl Into<String>, aim: impl Into<String>, figure: impl Into<String>) -> Self {
        Self { what: what.into(), aim: aim.into(), figure: figure.into() }
    }
}

/// One column for each binary; all have the same rows.
pub(crate) fn markdown(names: &[&str], columns: &[Vec<Row>]) -> String {
    let mut text = format!("| | aim | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (number, row) in columns[0].iter().enumerate() {
        let figures: Vec<&str> = columns.iter().map(|column| column[number].figure.as_str()).collect();
        writeln!(text, "| {} | {} | {} |", row.what, row.aim, figures.join(" | ")).unwrap();
    }
    text
}

/// The median and the highest of some times, in milliseconds.
pub(crate) fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let (median, highest) = (times[times.len() / 2], times[times.len() - 1]);
    format!("{} (at most {})", milliseconds(median), milliseconds(highest))
}

/// Milliseconds with three digits or so.
pub(crate) fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1000.0;
    if value < 10.0 { format!("{value:.2} ms") } else { format!("{value:.0} ms") }
}
