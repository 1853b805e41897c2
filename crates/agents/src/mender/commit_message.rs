//! The message of a commit that mends another.
//!
//! The title is a model's and may repeat anything: defused and on one line. All else is ours. The same handoff, words and model give
//! the same message: the commit's id depends on it.

use domain::Handoff;

use crate::fixer::commit_message::filled;
use crate::voice::plain::plain;
use crate::voice::pull_request::edits::{Told, title};

/// Subject, reason and trailers.
pub(super) fn commit_message(handoff: &Handoff, told: &Told, model: &str) -> String {
    let identity = handoff.identity();
    let Some(prime) = handoff.suspects().first() else { return String::new() };
    let why = format!(
        "Canary {} of {} failed. {}. This mends what commit {} brought about. It was written by a fixer with the model {}. \
         Nothing was built or run to prove it.",
        identity.canary,
        identity.rollout,
        handoff.verdict().headline.trim_end_matches('.'),
        prime.sha,
        plain(model, 80),
    );
    format!(
        "{}\n\n{}\n\nRollmend-Incident: {}\nRollmend-Mends: {}\n",
        title(told, &prime.sha),
        filled(&why),
        handoff.incident(),
        prime.sha
    )
}
