//! What an errand works on.

use domain::{CommitSha, Failure, Handoff, Suspect, ToolFailure};
use git2::{Oid, Repository, Tree};

use super::Place;
use crate::fault::of_git;
use crate::patience::Patience;
use crate::revert::paths::PathRules;
use crate::settings::Limits;

/// What the handoff says of the history.
pub(super) struct Known {
    pub(super) canary: CommitSha,
    /// All of the verdict, most suspicious first; the first that stands on its own is what a patch mends.
    pub(super) suspects: Vec<Suspect>,
    pub(super) prime: Option<CommitSha>,
}

impl Known {
    pub(super) fn of(handoff: &Handoff) -> Self {
        Self {
            canary: handoff.canary_commit().clone(),
            suspects: handoff.verdict().suspects.clone(),
            prime: handoff.suspects().first().map(|suspect| suspect.sha.clone()),
        }
    }

    /// The commits that must lie in the clone.
    pub(super) fn commits(&self) -> impl Iterator<Item = &CommitSha> {
        std::iter::once(&self.canary).chain(self.suspects.iter().map(|suspect| &suspect.sha))
    }
}

/// One errand's view of the bench.
pub(super) struct Ground<'a> {
    pub(super) clone: &'a Repository,
    pub(super) limits: &'a Limits,
    pub(super) patience: &'a Patience,
    pub(super) rules: &'a PathRules,
    pub(super) known: &'a Known,
    pub(super) place: Place,
    /// The tree that the bench moves on to.
    pub(super) changed: Option<Oid>,
}

impl<'a> Ground<'a> {
    /// The tree with the edits so far.
    pub(super) fn tree(&self) -> Result<Tree<'a>, ToolFailure> {
        self.clone.find_tree(self.place.tree).map_err(|e| gone(&e).into())
    }

    /// The base branch's commit.
    pub(super) fn base(&self) -> Result<git2::Commit<'a>, ToolFailure> {
        self.clone.find_commit(self.place.base).map_err(|e| gone(&e).into())
    }

    /// Ends an errand whose time is over or whom nobody waits for.
    pub(super) fn go_on(&self) -> Result<(), ToolFailure> {
        self.patience
            .left()
            .map(drop)
            .map_err(|fault| Failure::retry("bench-timeout", format!("work on a bench: {fault}")).into())
    }
}

/// The clone was removed while the bench was open, to make room: from its start, a fixer may try again.
pub(super) fn gone(error: &git2::Error) -> Failure {
    let what = format!("read a bench: its objects are gone from the clone ({})", error.message());
    Failure::retry("bench-gone", what)
}

/// A failure of git itself, which nobody in the conversation can mend.
pub(super) fn failed(what: &str) -> impl Fn(git2::Error) -> ToolFailure {
    move |error| of_git(error, what).into()
}
