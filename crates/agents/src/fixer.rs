//! The fixer without a model: it undoes the commit that the evidence points at, and says so.

pub(crate) mod commit_message;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Code, Fixer};
use domain::{CaseFile, Failure, Handoff, NoPatch, Patch, Proposal, Suspect, branch_for};

use crate::voice::pull_request::{self, Contents, Tried};

/// Reverts the prime suspect; the next one only where the prime's revert conflicts, since each suspect of a handoff has grounds
/// of its own. Where all conflict, the prime's conflict is the answer: a person must resolve that one.
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
        Ok(self.undo(handoff).await?.map(|undone| undone.proposal(handoff, case, None)))
    }
}

impl RevertFixer {
    /// The revert before it is put into words, or why there is none.
    pub(crate) async fn undo(&self, handoff: &Handoff) -> Result<Result<Undone, NoPatch>, Failure> {
        let mut refused: Vec<(Suspect, NoPatch)> = Vec::new();
        for suspect in handoff.suspects() {
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
        let contents = Contents { handoff, case, suspect: &suspect, patch: &patch, refused: &refused, tried };
        let body = pull_request::body(contents);
        let title = pull_request::title(&suspect.subject, &suspect);
        let branch = branch_for(&handoff.repository().base, &suspect.sha);
        Proposal { repository: handoff.repository().clone(), branch, patch, title, body }
    }
}
