//! The commits between stable and canary, and what they changed.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::CommitSha;

/// How a version of the service was traced to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The text that named it: a sha, tag or version.
    pub named: String,
    /// Where that text stood, such as `label org.opencontainers.image.revision` or `image tag`.
    pub source: String,
}

/// The first-parent range stable..canary of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitRange {
    /// Stable's commit.
    pub stable: CommitSha,
    /// The canary's commit.
    pub canary: CommitSha,
    /// How the two lie to each other.
    pub ancestry: Ancestry,
    /// The commits, newest first, at most a limit.
    pub commits: Vec<Commit>,
    /// How many more there are.
    pub left_out: u64,
}

/// How stable and canary lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Ancestry {
    /// The canary descends from stable.
    Descendant,
    /// Both are the same commit.
    Same,
    /// The canary is older than stable.
    Older,
    /// Neither descends from the other.
    Diverged,
}

/// A commit of the range with what it changed against its first parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its id.
    pub sha: CommitSha,
    /// First line of its message, bounded, without control characters; hostile.
    pub subject: String,
    /// Author's name, bounded; hostile.
    pub author: String,
    /// Author's time.
    pub authored_at: DateTime<Utc>,
    /// Number of parents; two or more: a merge.
    pub parents: u32,
    /// The files, at most a limit.
    pub files: Vec<FileChange>,
    /// How many more files there are.
    pub files_left_out: u64,
}

/// A file as one commit changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Its path in the tree after the commit (before, when deleted), with `/`; hostile.
    pub path: String,
    /// Changed line ranges **in the canary's version of the file**: first and last line, from 1, inclusive, after following
    /// later commits of the range. A pure deletion is the line that now stands where it was and the one before.
    pub lines: Vec<LineRange>,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// What became of the file.
    pub kind: ChangeKind,
    /// In a manifest (YAML, JSON, variables, properties): the single values that the commit changed and that no later commit of the
    /// range changed again, at most a limit. Empty for every other file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ChangedValue>,
    /// How many more lines of a manifest may hold changed values: those beyond a limit.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub values_left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none_left_out(number: &u64) -> bool {
    *number == 0
}

/// A value on a line of its own in a manifest, as one commit changed it. All texts are hostile and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedValue {
    /// Its line **in the canary's version of the file**, from 1. Where the value was taken out: the line before it.
    pub line: u32,
    /// The same in the commit's own version of the file.
    pub own_line: u32,
    /// The keys that lead to it, such as `spec.template.spec.containers[shop].resources.limits.memory`: elements of lists by
    /// their name, those without one by their number from 0.
    pub key: String,
    /// What it was, without quotes; `None` where the commit added it.
    pub before: Option<String>,
    /// What it became, without quotes; `None` where the commit took it out.
    pub after: Option<String>,
}

/// First and last line, from 1, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineRange {
    /// First line.
    pub first: u32,
    /// Last line.
    pub last: u32,
}

impl LineRange {
    /// Whether the line lies in it.
    pub fn contains(self, line: u32) -> bool {
        self.first <= line && line <= self.last
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It moved.
    Renamed,
    /// A binary file, symlink or submodule: no lines.
    Opaque,
}
