//! The message of the commit that undoes another.
//!
//! A forge follows references in it and closes issues that it names, so nothing from outside is in it but the subject, defused
//! and on one line. The same handoff and suspect give the same message: the commit's id depends on it.

use domain::{Handoff, Suspect};

use super::values::SetBack;
use crate::voice::plain::defused;
use crate::voice::pull_request::{setting_back, title};

/// The most characters of a line.
const WIDTH: usize = 72;

/// Subject, reason and trailers.
pub(super) fn commit_message(handoff: &Handoff, suspect: &Suspect) -> String {
    let identity = handoff.identity();
    let why = format!(
        "Canary {} of {} failed. {}. This reverts commit {}. Nothing was built or run to prove it.",
        identity.canary,
        identity.rollout,
        handoff.verdict().headline.trim_end_matches('.'),
        suspect.sha
    );
    format!(
        "{}\n\n{}\n\nRollmend-Incident: {}\nRollmend-Reverts: {}\n",
        title(&suspect.subject, suspect),
        filled(&why),
        handoff.incident(),
        suspect.sha
    )
}

/// The same for a suspect of which only these values are set back.
pub(super) fn setting_back(handoff: &Handoff, suspect: &Suspect, values: &[SetBack<'_>]) -> String {
    let identity = handoff.identity();
    let places: Vec<String> =
        values.iter().map(|value| format!("{}:{}", defused(value.file, 100), value.value.line)).collect();
    let why = format!(
        "Canary {} of {} failed. {}. This sets back what commit {} changed at {}; the rest of it stays. Nothing was built or \
         run to prove it.",
        identity.canary,
        identity.rollout,
        handoff.verdict().headline.trim_end_matches('.'),
        suspect.sha,
        places.join(", "),
    );
    format!(
        "{}\n\n{}\n\nRollmend-Incident: {}\nRollmend-Mends: {}\n",
        setting_back::title(values, suspect),
        filled(&why),
        handoff.incident(),
        suspect.sha
    )
}

pub(crate) fn filled(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
