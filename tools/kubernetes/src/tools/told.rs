//! What exhibits show, as short lines; every value stands as it does in the exhibit, so that it can be quoted.

mod analysis;
mod case;
mod git;
mod pods;
mod rollout;
mod templates;

use chrono::{DateTime, Utc};

pub(super) use analysis::analysis_run;
pub(super) use case::{event, header};
pub(super) use git::range;
pub(super) use pods::pod;
pub(super) use rollout::rollout;
pub(super) use templates::{difference, templates};

/// The text, or a word where there is none.
pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// A time to the second, or a word where there is none.
fn time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "(no time)".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// ` (text)` where there is a text.
fn aside(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}
