//! Repositories as git objects, and the forge that holds their pull requests.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::id::{BranchName, CommitSha, PullRequestNumber};
use crate::patch::{NoPatch, Patch};
use crate::proposal::{Proposal, PullRequest};
use crate::range::{CommitRange, Revision};
use crate::repository::Repository;

/// A range with how its ends were found.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedRange {
    /// How stable was traced.
    pub stable: Revision,
    /// How the canary was traced.
    pub canary: Revision,
    /// The commits.
    pub range: CommitRange,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The branch is new.
    Created(CommitSha),
    /// An earlier push of ours for the same suspect is there; its commit.
    AlreadyThere(CommitSha),
}

/// A changed value of a manifest that is to be undone, as [`crate::ChangedValue`] names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkAt {
    /// The file's path in the suspect's tree.
    pub file: String,
    /// The value's line in the suspect's version of the file ([`crate::ChangedValue::own_line`]).
    pub line: u32,
    /// The keys that lead to it.
    pub key: String,
}

/// Repositories as bare clones; nothing is ever checked out.
#[async_trait]
pub trait Code: Send + Sync {
    /// Fetches the base branch and the tags, finds both revisions (the first of each list that is a commit or tag there) and reads
    /// the first-parent range.
    async fn range(
        &self,
        repository: &Repository,
        stable: &[Revision],
        canary: &[Revision],
    ) -> Result<TracedRange, Failure>;

    /// Reverts `suspect` on top of the base branch, checked for what can be checked without running it. The commit lies in
    /// the clone and is the same for the same base, suspect and message.
    async fn revert(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure>;

    /// Undoes these values alone on top of the base branch, and what else the suspect did stays. Checked as a revert is; and in
    /// each file nothing but these values may change. A value that the base branch has undone or changed again since is
    /// left alone.
    async fn revert_hunks(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        hunks: &[HunkAt],
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure>;

    /// Pushes the patch's commit as a new branch; never forces, never touches another's branch.
    async fn push(
        &self,
        repository: &Repository,
        branch: &BranchName,
        patch: &Patch,
    ) -> Result<Pushed, Failure>;
}

/// The forge's REST interface.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Our own login.
    async fn login(&self, repository: &Repository) -> Result<String, Failure>;

    /// Pull requests of any state whose head is the branch, newest first; ones that another opened included.
    async fn find(&self, repository: &Repository, branch: &BranchName) -> Result<Vec<PullRequest>, Failure>;

    /// Opens a draft and sets the labels.
    async fn open(&self, proposal: &Proposal) -> Result<PullRequest, Failure>;

    /// Writes a comment that contains `marker`, unless one of ours with it is there.
    async fn comment_once(
        &self,
        repository: &Repository,
        number: PullRequestNumber,
        marker: &str,
        body: &str,
    ) -> Result<(), Failure>;
}
