//! Undoes one commit on top of the base branch, in objects only, and looks hard at what comes out.

mod hunks;
pub(crate) mod paths;
pub(crate) mod result;

use domain::{CommitSha, Failure, NoPatch, Patch, PatchKind, Repository};
use git2::{Commit, Index, MergeOptions, Oid};

use crate::fault::{is_full, of_git};
use crate::gauge::Gauge;
use crate::ours;
use crate::settings::Limits;
use crate::words;

use paths::PathRules;

/// Bytes of the conflicting paths that are named.
const LONGEST_FILES: usize = 500;

/// What is to be undone, and where. All commits lie in the clone.
pub(crate) struct Revert<'a> {
    pub(crate) clone: &'a git2::Repository,
    pub(crate) repository: &'a Repository,
    pub(crate) limits: &'a Limits,
    pub(crate) base: Commit<'a>,
    pub(crate) suspect: Commit<'a>,
}

/// A tree with the suspect undone, or why there is none.
type Undone = Result<Oid, NoPatch>;

impl Revert<'_> {
    /// The patch, with its commit in the clone; the same for the same base, suspect and message. `canary` is the commit that runs
    /// as the canary.
    pub(crate) fn patch(
        &self,
        canary: &Commit<'_>,
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        if let Some(why) = self.standing(canary)? {
            return Ok(Err(why));
        }
        let tree = match self.tree()? {
            Ok(tree) => tree,
            Err(NoPatch::Conflict { suspect, files }) => {
                return Ok(Err(self.conflict(canary, suspect, files)?));
            }
            Err(why) => return Ok(Err(why)),
        };
        let looked_at = match self.look_at(tree)? {
            Ok(looked_at) => looked_at,
            Err(why) => return Ok(Err(why)),
        };
        let commit = self.commit(tree, message, PatchKind::Revert)?;
        Ok(Ok(Patch {
            base: self.repository.base.clone(),
            base_commit: words::sha(self.base.id())?,
            commit: words::sha(commit)?,
            reverts: words::sha(self.suspect.id())?,
            kind: PatchKind::Revert,
            flagged: looked_at.flagged,
            files: looked_at.files,
            diff: looked_at.diff,
        }))
    }

    /// Whether a commit of a branch is what [`Self::patch`] would have made of `self.base`, whoever pushed it: our author, our
    /// trailer, and the very tree of the revert.
    pub(crate) fn made(&self, commit: &Commit<'_>) -> Result<bool, Failure> {
        if !ours::is_marked(commit, PatchKind::Revert, self.suspect.id()) {
            return Ok(false);
        }
        Ok(self.tree()? == Ok(commit.tree_id()))
    }

    /// What speaks against a revert before it is tried.
    fn standing(&self, canary: &Commit<'_>) -> Result<Option<NoPatch>, Failure> {
        match self.place_in_history(canary)? {
            None => self.too_large(),
            why => Ok(why),
        }
    }

    /// What speaks against undoing any part of the suspect.
    fn place_in_history(&self, canary: &Commit<'_>) -> Result<Option<NoPatch>, Failure> {
        if !self.contains(self.base.id())? {
            return Ok(Some(NoPatch::NotOnBase {
                suspect: self.short()?,
                base: self.repository.base.clone(),
            }));
        }
        if !self.contains(canary.id())? {
            return Ok(Some(self.unsound("the canary does not contain it")?));
        }
        if self.suspect.parent_count() == 0 {
            return Ok(Some(self.unsound("it is the repository's first commit")?));
        }
        let mut gauge = Gauge::new(self.clone, self.limits);
        for commit in [&self.base, &self.suspect, &self.parent()?, canary] {
            gauge.check(commit)?;
        }
        Ok(None)
    }

    fn contains(&self, commit: Oid) -> Result<bool, Failure> {
        let suspect = self.suspect.id();
        Ok(commit == suspect
            || self.clone.graph_descendant_of(commit, suspect).map_err(|e| self.failed(e))?)
    }

    /// The base branch's tree with the suspect undone; against its first parent, where it is a merge.
    fn tree(&self) -> Result<Undone, Failure> {
        let mut index = self.undo_on(&self.base)?;
        if index.has_conflicts() {
            let files = conflicting(&index).map_err(|e| self.failed(e))?;
            return Ok(Err(NoPatch::Conflict { suspect: self.short()?, files }));
        }
        let tree = match index.write_tree_to(self.clone) {
            Ok(tree) => tree,
            Err(error) if is_full(&error) => return Err(self.failed(error)),
            Err(_) => return Ok(Err(self.unsound("its tree holds a name that git refuses")?)),
        };
        if tree == self.base.tree_id() {
            return Ok(Err(NoPatch::UndoneAlready {
                suspect: self.short()?,
                base: self.repository.base.clone(),
            }));
        }
        Ok(Ok(tree))
    }

    fn undo_on(&self, commit: &Commit<'_>) -> Result<Index, Failure> {
        let mainline = u32::from(self.suspect.parent_count() > 1);
        let reverted = self.clone.revert_commit(&self.suspect, commit, mainline, Some(&merge_options()));
        reverted.map_err(|e| self.failed(e))
    }

    /// Where the revert is clean on the canary, only the base branch's later commits can stand in its way.
    fn conflict(&self, canary: &Commit<'_>, suspect: String, files: String) -> Result<NoPatch, Failure> {
        if self.undo_on(canary)?.has_conflicts() {
            return Ok(NoPatch::Conflict { suspect, files });
        }
        let base = self.repository.base.clone();
        Ok(NoPatch::ChangedSince { suspect, file: files, base })
    }

    fn look_at(&self, tree: Oid) -> Result<Result<result::LookedAt, NoPatch>, Failure> {
        let rules = PathRules::new(self.repository)?;
        result::look_at(self, tree, &rules)
    }

    /// Whether applying the suspect again gives the base branch back: only then the tree is the suspect undone, all of it and
    /// nothing else.
    fn is_inverse(&self, tree: Oid) -> Result<bool, Failure> {
        let find = |id| self.clone.find_tree(id).map_err(|e| self.failed(e));
        let parent = self.parent()?;
        let (before, undone, after) = (find(parent.tree_id())?, find(tree)?, find(self.suspect.tree_id())?);
        let again = self.clone.merge_trees(&before, &undone, &after, Some(&merge_options()));
        let mut again = again.map_err(|e| self.failed(e))?;
        Ok(!again.has_conflicts()
            && again.write_tree_to(self.clone).is_ok_and(|id| id == self.base.tree_id()))
    }

    fn commit(&self, tree: Oid, message: &str, kind: PatchKind) -> Result<Oid, Failure> {
        let mark = (kind, self.suspect.id());
        ours::write(self.clone, &self.base, tree, message, mark).map_err(|e| self.failed(e))
    }

    fn parent(&self) -> Result<Commit<'_>, Failure> {
        self.suspect.parent(0).map_err(|e| self.failed(e))
    }

    fn short(&self) -> Result<String, Failure> {
        Ok(words::sha(self.suspect.id())?.short().to_owned())
    }

    fn unsound(&self, reason: impl Into<String>) -> Result<NoPatch, Failure> {
        Ok(NoPatch::Unsound { suspect: self.short()?, reason: reason.into() })
    }

    fn failed(&self, error: git2::Error) -> Failure {
        of_git(error, format_args!("revert {} in {}", self.suspect.id(), self.repository.url))
    }
}

/// Renames are not looked for: a file that moved since is a conflict, which a person sees, and nothing large is read.
pub(crate) fn merge_options() -> MergeOptions {
    let mut options = MergeOptions::new();
    options.find_renames(false).skip_reuc(true);
    options
}

/// The conflicting paths, joined by commas, cut at a whole path.
fn conflicting(index: &Index) -> Result<String, git2::Error> {
    let mut files = std::collections::BTreeSet::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.ancestor, conflict.our, conflict.their];
        files.extend(sides.into_iter().flatten().map(|entry| words::path(&entry.path)));
    }
    let mut text = String::new();
    for file in files {
        if text.len() + file.len() > LONGEST_FILES && !text.is_empty() {
            text.push_str(", …");
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.extend(file.chars().take(LONGEST_FILES));
    }
    Ok(text)
}

/// The commit of the clone that an id names.
pub(crate) fn find<'a>(clone: &'a git2::Repository, sha: &CommitSha) -> Result<Option<Commit<'a>>, Failure> {
    Ok(clone.find_commit(words::oid(sha)?).ok())
}
