//! A patch on top of the base branch, and why there is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{BranchName, CommitSha};

/// A commit that lies in the bare clone, not pushed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Patch {
    /// The branch it goes to.
    pub base: BranchName,
    /// The base branch's commit that it sits on.
    pub base_commit: CommitSha,
    /// The commit itself.
    pub commit: CommitSha,
    /// The commit whose fault it mends; the one that it undoes, where it is a revert.
    pub reverts: CommitSha,
    /// How it came about.
    #[serde(default)]
    pub kind: PatchKind,
    /// The files, by path.
    pub files: Vec<PatchedFile>,
    /// The paths of those files that steer tools or other agents (`AGENTS.md`, `.npmrc`): the reviewer is told. Hostile.
    #[serde(default)]
    pub flagged: Vec<String>,
    /// The unified diff, bounded.
    pub diff: String,
}

/// How a patch came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PatchKind {
    /// The suspect is undone, all of it and nothing else.
    #[default]
    Revert,
    /// Only the suspect's hunks of some files are undone: those that made the cause.
    RevertedHunks,
    /// Checked edits of a fixer.
    Edits,
}

/// A file of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PatchedFile {
    /// Its path.
    pub path: String,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// Why there is no patch for a suspect. What the words of a refusal name may be a revert or a fixer's edits, where both can be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum NoPatch {
    /// A human must resolve it.
    #[error("revert {suspect}: it conflicts with later changes in {files}")]
    Conflict {
        /// The suspect's short id.
        suspect: String,
        /// The conflicting paths, joined by commas, bounded.
        files: String,
    },
    /// The canary is older than stable or no descendant of it.
    #[error("revert anything: the canary's commit is no descendant of stable's")]
    CanaryNotAhead,
    /// The suspect is not on the base branch.
    #[error("revert {suspect}: it is no ancestor of {base}")]
    NotOnBase {
        /// The suspect's short id.
        suspect: String,
        /// The base branch.
        base: BranchName,
    },
    /// Undone already.
    #[error("revert {suspect}: {base} has it undone already")]
    UndoneAlready {
        /// The suspect's short id.
        suspect: String,
        /// The base branch.
        base: BranchName,
    },
    /// The lines were changed again since.
    #[error("revert {suspect}: {file} was changed at the same lines since on {base}")]
    ChangedSince {
        /// The suspect's short id.
        suspect: String,
        /// The file.
        file: String,
        /// The base branch.
        base: BranchName,
    },
    /// It would touch what a patch may not.
    #[error("make a patch for {suspect}: it touches {path}, which {rule}")]
    PathRefused {
        /// The suspect's short id.
        suspect: String,
        /// The path.
        path: String,
        /// The rule.
        rule: String,
    },
    /// A fixer changed nothing.
    #[error("change anything: the fixer's edits leave the base branch as it is")]
    NothingChanged,
    /// It is not what a patch must be, or larger than a reviewer can read.
    #[error("make a patch for {suspect}: {reason}")]
    Unsound {
        /// The suspect's short id.
        suspect: String,
        /// What is wrong.
        reason: String,
    },
}

impl NoPatch {
    /// Whether a human must act (a conflict), rather than there being nothing to propose.
    pub fn needs_a_human(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
