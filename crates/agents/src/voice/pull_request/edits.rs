//! The pull request of a fixer's edits: what changes in its own words, why not the revert, and how little is shown.

use domain::{CaseFile, CommitSha, Cost, Handoff, Marker, NoPatch, Patch};
use serde::{Deserialize, Serialize};

use super::TITLE;
use super::around::{self, Around};
use crate::voice::markdown::{code, prose};
use crate::voice::plain::defused;

/// What a fixer says of its patch: a model's words, made plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What it does.
    pub title: String,
    /// What behaves differently.
    pub what_changes: String,
    /// Why the suspect is not simply reverted.
    pub why_not_revert: String,
    /// What a reviewer must still check.
    pub not_shown: String,
}

/// What such a body is about.
#[derive(Debug, Clone, Copy)]
pub struct Edited<'a> {
    /// What was handed off.
    pub handoff: &'a Handoff,
    /// The case that the body cites.
    pub case: &'a CaseFile,
    /// The change.
    pub patch: &'a Patch,
    /// The fixer's words.
    pub told: &'a Told,
    /// Its model's name in the file.
    pub model: &'a str,
    /// What it cost.
    pub cost: Cost,
    /// Why the suspect cannot be reverted cleanly; `None` where it can.
    pub no_revert: Option<&'a NoPatch>,
}

/// The fixer's title in at most 72 characters, naming no person, issue or page.
pub fn title(told: &Told, mends: &CommitSha) -> String {
    let title = defused(&told.title, TITLE);
    if title.is_empty() { format!("Mend what {} broke", mends.short()) } else { title }
}

/// The body, Markdown, with the hidden marker at its end.
pub fn body(edited: Edited<'_>) -> String {
    let Edited { handoff, case, patch, cost, .. } = edited;
    let marker = Marker { incident: handoff.incident().clone(), suspect: patch.reverts.clone() };
    let own = [changes(edited), around::flagged(patch), proof(edited), alternatives(edited)];
    Around { handoff, case }.body(own, Some(cost), &marker)
}

fn changes(edited: Edited<'_>) -> String {
    let Edited { patch, told, model, .. } = edited;
    format!(
        "**What changes**: {}, on top of {} ({}). It was written by a fixer with the model {}, in whose words: {}",
        around::files(patch),
        code(patch.base.as_str(), 100),
        patch.base_commit.short(),
        code(model, 80),
        sentence(&told.what_changes),
    )
}

fn proof(edited: Edited<'_>) -> String {
    format!(
        "**Proof**: none yet. Nothing was built and no test was run; this draft is a model's edits and no more. Checked without \
         running it: each edit replaced a text that stood exactly once, no new syntax error came with it where the language is known, and \
         only paths that a patch may touch are changed. Not shown: that it builds, that the tests pass, that the canary is healthy with it. \
         The fixer's own words on what is not shown: {} Let CI say so before you mark it ready.",
        sentence(&edited.told.not_shown)
    )
}

fn alternatives(edited: Edited<'_>) -> String {
    let Edited { handoff, patch, told, no_revert, .. } = edited;
    let applies = match no_revert {
        None => "it applies cleanly".to_owned(),
        Some(NoPatch::Conflict { files, .. }) => {
            format!("it conflicts with later changes in {}", code(files, 300))
        }
        Some(NoPatch::PathRefused { path, rule, .. }) => {
            format!("it would touch {}, which {}", code(path, 160), prose(rule))
        }
        Some(other) => format!("it failed to {}", code(&other.to_string(), 300)),
    };
    let revert = format!(
        "- Reverting {} instead ({applies}). In the fixer's words: {}",
        patch.reverts.short(),
        sentence(&told.why_not_revert)
    );
    let lines: Vec<String> = ["**Turned down**\n".to_owned(), revert]
        .into_iter()
        .chain(around::others(handoff.verdict(), |other| other.sha == patch.reverts))
        .collect();
    lines.join("\n")
}

/// A model's words as a sentence of the body.
fn sentence(told: &str) -> String {
    let words = prose(told);
    if words.ends_with(['.', '!', '?']) { words } else { format!("{words}.") }
}
