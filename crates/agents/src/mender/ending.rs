//! How a fixer ends: with a patch that its bench vouches for, or by giving up.

use std::sync::Arc;

use domain::ports::Workbench;
use domain::{Handoff, Patch, PatchKind, ToolFailure, arguments, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::commit_message::commit_message;
use crate::driver::Crew;
use crate::voice::markdown::{code, told as made_plain};
use crate::voice::plain::plain;
use crate::voice::pull_request::edits::Told;

/// Characters of a title, and of every other text.
const TITLE: usize = 72;
const LONGEST: usize = 600;

pub(super) const NAME: &str = "finish";
pub(super) const DESCRIPTION: &str = "Ends the work: with the edits made so far as the patch, or by giving up. Call it once, after the last edit.";

/// How the work ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// `patch`: the edits are the patch. `give_up`: there is none, and the suspect is reverted instead.
    ending: EndingName,
    /// Of a patch: what it does, as the repository's own commits say it, at most 72 characters.
    #[serde(default)]
    title: String,
    /// Of a patch: what behaves differently now, in one to three sentences.
    #[serde(default)]
    what_changes: String,
    /// Of a patch: what a revert of the suspect would lose or leave broken.
    #[serde(default)]
    why_not_revert: String,
    /// Of a patch: what a reviewer must still check.
    #[serde(default)]
    what_is_not_shown: String,
    /// Of giving up: why, in one sentence.
    #[serde(default)]
    why: String,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum EndingName {
    Patch,
    GiveUp,
}

/// A checked ending.
#[derive(Debug)]
pub(super) enum Ending {
    /// The bench made a patch of the edits.
    Patch { told: Told, patch: Box<Patch> },
    /// The model's words on why there is none, made plain.
    GaveUp { why: String },
}

/// The schema of the ending.
pub(super) fn schema() -> Value {
    schema_of::<Arguments>()
}

/// The ending, or what is wrong with it for the model. The bench makes the patch; a refusal of it goes back as well.
pub(super) async fn check(
    crew: &Crew,
    handoff: &Handoff,
    bench: &Arc<dyn Workbench>,
    given: Value,
) -> Result<Ending, ToolFailure> {
    let given: Arguments = arguments(crew.redactor.redact(given))?;
    let told = match given.ending {
        EndingName::GiveUp if given.why.trim().is_empty() => {
            return Err(ToolFailure::Model(
                "`why` is empty: say in one sentence why there is no patch".to_owned(),
            ));
        }
        EndingName::GiveUp => return Ok(Ending::GaveUp { why: plain(&given.why, LONGEST) }),
        EndingName::Patch => told(&given).map_err(ToolFailure::Model)?,
    };
    let message = commit_message(handoff, &told, crew.model.name());
    let patch = bench.patch(&message).await?.map_err(|why| {
        ToolFailure::Model(plain(&format!("the edits make no patch, it failed to {why}"), 2 * LONGEST))
    })?;
    sound(handoff, &patch).map_err(ToolFailure::Model)?;
    Ok(Ending::Patch { told, patch: Box::new(patch) })
}

fn told(given: &Arguments) -> Result<Told, String> {
    let mut wrong = Vec::new();
    let mut text = |field: &str, text: &str, longest: usize| {
        let length = text.trim().chars().count();
        if length == 0 {
            wrong.push(format!("`{field}` is empty"));
        } else if length > longest {
            wrong.push(format!("`{field}` is longer than {longest} characters"));
        }
        made_plain(text, longest)
    };
    let told = Told {
        title: text("title", &given.title, TITLE),
        what_changes: text("what_changes", &given.what_changes, LONGEST),
        why_not_revert: text("why_not_revert", &given.why_not_revert, LONGEST),
        not_shown: text("what_is_not_shown", &given.what_is_not_shown, LONGEST),
    };
    if wrong.is_empty() { Ok(told) } else { Err(wrong.join("; ")) }
}

/// What is asked of any patch before it is proposed, whatever made it: it is of edits, for this handoff, and changes something.
pub(super) fn sound(handoff: &Handoff, patch: &Patch) -> Result<(), String> {
    if patch.kind != PatchKind::Edits || patch.files.is_empty() {
        return Err("the edits change nothing; edit first, or give up".to_owned());
    }
    if patch.base != handoff.repository().base {
        return Err("the edits are not of the base branch".to_owned());
    }
    let is_suspect = handoff.suspects().iter().any(|suspect| suspect.sha == patch.reverts);
    if is_suspect { Ok(()) } else { Err("the edits mend no suspect".to_owned()) }
}

/// That it gave up, as a fragment that fits after "since".
pub(super) fn gave_up(why: &str) -> String {
    format!("it gave up: {}", code(why, LONGEST))
}
