//! The pull request's words: a title, and a body as its reviewer wants to read it.
//!
//! What broke comes first, then what shows it, then what changes, then how little of it was proved. Nothing from outside is
//! markup in it: see [`markdown`](super::markdown).

mod around;
pub mod edits;
pub(crate) mod setting_back;

use domain::{CaseFile, Cost, Handoff, Marker, NoPatch, Patch, Suspect};

use super::markdown::{code, prose};
use super::plain::defused;
use crate::facts::fragment;
use around::Around;

/// The most characters of a title, so that it is whole in a list and in `git log`.
const TITLE: usize = 72;

/// What a body is about.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// What was handed off.
    pub handoff: &'a Handoff,
    /// The case that the body cites.
    pub case: &'a CaseFile,
    /// Whose commit is undone.
    pub suspect: &'a Suspect,
    /// The change.
    pub patch: &'a Patch,
    /// Suspects that were tried before and why they were not reverted.
    pub refused: &'a [(Suspect, NoPatch)],
    /// The fixer with a model that gave no patch, where one was asked.
    pub tried: Option<&'a Tried>,
}

/// A fixer with a model that was asked for a patch and gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The model's name in the file.
    pub model: String,
    /// What it cost.
    pub cost: Cost,
    /// Why it gave none: a fragment that fits after "since".
    pub why: String,
}

/// `Revert "subject"` in at most 72 characters; the subject names no person, issue or page.
pub fn title(subject: &str, suspect: &Suspect) -> String {
    let room = TITLE - "Revert \"\"".len();
    let subject = defused(subject, room).replace('"', "'");
    if subject.is_empty() {
        format!("Revert {}", suspect.sha.short())
    } else {
        format!("Revert \"{subject}\"")
    }
}

/// The body, Markdown, with the hidden marker at its end.
pub fn body(contents: Contents<'_>) -> String {
    let Contents { handoff, case, suspect, patch, tried, .. } = contents;
    let around = Around { handoff, case };
    let marker = Marker { incident: handoff.incident().clone(), suspect: suspect.sha.clone() };
    let own = [changes(contents), around::flagged(patch), proof(contents), alternatives(contents)];
    around.body(own, tried.map(|tried| tried.cost), &marker)
}

fn changes(contents: Contents<'_>) -> String {
    let Contents { suspect, patch, .. } = contents;
    format!(
        "**What changes**: {} {} is undone on top of {} ({}), and nothing else: {}.",
        suspect.sha.short(),
        code(&suspect.subject, TITLE),
        code(patch.base.as_str(), 100),
        patch.base_commit.short(),
        around::files(patch),
    )
}

fn proof(contents: Contents<'_>) -> String {
    format!(
        "**Proof**: none yet. Nothing was built and no test was run; this draft is a revert and no more. Checked without running it: \
         it applies to {} without a conflict, it is exactly the reverse of that commit, and it touches only paths that a patch may \
         touch. Not shown: that it builds, that the tests pass, and that the canary is healthy with it. Let CI say so before you mark it ready.",
        code(contents.patch.base.as_str(), 100)
    )
}

fn alternatives(contents: Contents<'_>) -> String {
    let refused = contents.refused.iter().map(|(suspect, why)| {
        let why = match why {
            NoPatch::Conflict { files, .. } => {
                format!("its revert conflicts with later changes in {}", code(files, 300))
            }
            other => code(&other.to_string(), 300),
        };
        format!("- {} {}: the better suspect, but {why}", suspect.sha.short(), code(&suspect.subject, TITLE))
    });
    let tried = |other: &Suspect| {
        other.sha == contents.suspect.sha
            || contents.refused.iter().any(|(suspect, _)| suspect.sha == other.sha)
    };
    let lines: Vec<String> = ["**Turned down**\n".to_owned(), repair(contents)]
        .into_iter()
        .chain(refused)
        .chain(around::others(contents.handoff.verdict(), tried))
        .collect();
    lines.join("\n")
}

/// That a repair would keep more, and that a fixer tried to make one, where it did.
fn repair(contents: Contents<'_>) -> String {
    let sha = contents.suspect.sha.short();
    match contents.tried {
        None => format!(
            "- A repair that keeps the rest of {sha}: it takes someone who knows the code; this gives time for it."
        ),
        Some(tried) => {
            let cost = if tried.cost.micro_usd == 0 { String::new() } else { format!(" ({})", tried.cost) };
            format!(
                "- A repair that keeps the rest of {sha}: a fixer with the model {} tried{cost} and gave none, since {}",
                code(&tried.model, 80),
                prose(&fragment(&tried.why, 400)),
            )
        }
    }
}
