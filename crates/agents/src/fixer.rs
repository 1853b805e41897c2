//! The fixer without a model: it undoes the commit that the evidence points at, or the values of manifests that it points at, and
//! says so.

pub(crate) mod commit_message;
pub(crate) mod values;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Code, Fixer, HunkAt};
use domain::{CaseFile, Failure, Grounds, Handoff, NoPatch, Patch, PatchKind, Proposal, Suspect, branch_for};

use crate::voice::pull_request::setting_back::{self, SettingBack};
use crate::voice::pull_request::{self, Contents, Tried};

/// Reverts the prime suspect; the next one only where the prime's revert conflicts, since each suspect of a handoff has grounds
/// of its own. Where all conflict, the prime's conflict is the answer: a person must resolve that one.
///
/// A suspect that stands on a changed value has that value set back, and nothing else of it undone: its commit may hold code that
/// is sound.
#[derive(Clone)]
pub struct RevertFixer {
    /// The repositories.
    pub code: Arc<dyn Code>,
}

impl std::fmt::Debug for RevertFixer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevertFixer").finish_non_exhaustive()
    }
}

#[async_trait]
impl Fixer for RevertFixer {
    async fn fix(&self, handoff: &Handoff, case: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure> {
        let undone = match handoff.suspects().first() {
            Some(prime) if prime.grounds == Grounds::SpecChange => {
                self.set_back(handoff, case, prime).await?
            }
            Some(_) | None => self.undo(handoff).await?,
        };
        Ok(undone.map(|undone| undone.proposal(handoff, case, None)))
    }
}

impl RevertFixer {
    /// The values that explain the failure, set back, or why they cannot be.
    async fn set_back(
        &self,
        handoff: &Handoff,
        case: &CaseFile,
        suspect: &Suspect,
    ) -> Result<Result<Undone, NoPatch>, Failure> {
        let values = values::set_back(case, suspect);
        let hunks: Vec<HunkAt> = values.iter().map(|value| value.hunk()).collect();
        if hunks.is_empty() {
            return Ok(Err(NoPatch::Unsound {
                suspect: suspect.sha.short().to_owned(),
                reason: "the case does not hold the value that it changed".to_owned(),
            }));
        }
        let message = commit_message::setting_back(handoff, suspect, &values);
        let (repository, canary) = (handoff.repository(), handoff.canary_commit());
        let answer = self.code.revert_hunks(repository, &suspect.sha, canary, &hunks, &message).await?;
        let suspect = suspect.clone();
        Ok(answer.and_then(|patch| {
            sound(&patch, &suspect).map(|()| Undone { suspect, patch, refused: Vec::new() })
        }))
    }

    /// The revert before it is put into words, or why there is none.
    pub(crate) async fn undo(&self, handoff: &Handoff) -> Result<Result<Undone, NoPatch>, Failure> {
        let mut refused: Vec<(Suspect, NoPatch)> = Vec::new();
        // What a value stands for is set back, or nothing of its commit is undone.
        let whole = handoff.suspects().iter().filter(|suspect| suspect.grounds != Grounds::SpecChange);
        for suspect in whole {
            let message = commit_message::commit_message(handoff, suspect);
            let answer = self
                .code
                .revert(handoff.repository(), &suspect.sha, handoff.canary_commit(), &message)
                .await?;
            match answer {
                Ok(patch) => {
                    let suspect = suspect.clone();
                    return Ok(sound(&patch, &suspect).map(|()| Undone { suspect, patch, refused }));
                }
                Err(conflict @ NoPatch::Conflict { .. }) => refused.push((suspect.clone(), conflict)),
                Err(other) => return Ok(Err(first_of(refused, other))),
            }
        }
        let none =
            NoPatch::Unsound { suspect: "a suspect".to_owned(), reason: "the handoff names none".to_owned() };
        Ok(Err(first_of(refused, none)))
    }
}

/// The first conflict, which a person must resolve, else the other reason.
fn first_of(refused: Vec<(Suspect, NoPatch)>, other: NoPatch) -> NoPatch {
    refused.into_iter().next().map_or(other, |(_, conflict)| conflict)
}

/// The words promise that this commit is undone and something changes: a patch that says otherwise is not proposed.
fn sound(patch: &Patch, suspect: &Suspect) -> Result<(), NoPatch> {
    let reason = if patch.reverts != suspect.sha {
        "the patch undoes another commit"
    } else if patch.files.is_empty() {
        "the patch changes no file"
    } else {
        return Ok(());
    };
    Err(NoPatch::Unsound { suspect: suspect.sha.short().to_owned(), reason: reason.to_owned() })
}

/// A suspect undone, with those before it that could not be.
#[derive(Debug)]
pub(crate) struct Undone {
    /// Whose commit it is.
    pub(crate) suspect: Suspect,
    /// The change.
    pub(crate) patch: Patch,
    /// Suspects that were tried before, and why they were not undone.
    pub(crate) refused: Vec<(Suspect, NoPatch)>,
}

impl Undone {
    /// The proposal in words; `tried` is the fixer with a model whose place it takes, where one was asked.
    pub(crate) fn proposal(self, handoff: &Handoff, case: &CaseFile, tried: Option<&Tried>) -> Proposal {
        let Self { suspect, patch, refused } = self;
        let (title, body) = if patch.kind == PatchKind::RevertedHunks {
            let told = SettingBack { handoff, case, suspect: &suspect, patch: &patch };
            (setting_back::title(&values::set_back(case, &suspect), &suspect), setting_back::body(told))
        } else {
            let contents =
                Contents { handoff, case, suspect: &suspect, patch: &patch, refused: &refused, tried };
            (pull_request::title(&suspect.subject, &suspect), pull_request::body(contents))
        };
        let branch = branch_for(&handoff.repository().base, &suspect.sha);
        Proposal { repository: handoff.repository().clone(), branch, patch, title, body }
    }
}
