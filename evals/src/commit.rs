//! Commits and trees as they are compared.

use std::collections::BTreeMap;

use domain::CommitSha;

/// Every file of a tree by its path.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// A commit of the base branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub sha: CommitSha,
    /// The first line of its message.
    pub subject: String,
    /// The paths that differ from its first parent's.
    pub files: Vec<String>,
}

/// The paths in which two trees differ, whoever has them.
pub(crate) fn differing(one: &Tree, other: &Tree) -> Vec<String> {
    let mut paths: Vec<&String> =
        one.iter().filter(|(path, text)| other.get(*path) != Some(text)).map(|(path, _)| path).collect();
    paths.extend(other.keys().filter(|path| !one.contains_key(*path)));
    paths.sort();
    paths.into_iter().cloned().collect()
}
