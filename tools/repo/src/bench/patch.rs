//! From a bench to a patch, looked at as a revert is.

use domain::{Failure, NoPatch, Patch, PatchKind};
use git2::{Diff, Repository};

use super::ground::gone;
use super::{Bench, Place};
use crate::fault::of_git;
use crate::ours;
use crate::revert::result::{as_git_shows_it, files, refused_path, text};
use crate::settings::Limits;
use crate::words;

/// What lies on a bench.
pub(super) struct Changes<'a> {
    pub(super) clone: &'a Repository,
    pub(super) limits: &'a Limits,
    pub(super) bench: &'a Bench,
    pub(super) place: Place,
}

impl Changes<'_> {
    /// The patch with its commit; the same for the same base, changes and message.
    pub(super) fn patch(&self, message: &str) -> Result<Result<Patch, NoPatch>, Failure> {
        let Some(prime) = self.bench.known.prime.clone() else {
            return Err(Failure::give_up("bench-suspect", "make a patch: the handoff names no suspect"));
        };
        let base = self.clone.find_commit(self.place.base).map_err(|e| gone(&e))?;
        let after = self.clone.find_tree(self.place.tree).map_err(|e| gone(&e))?;
        let before = base.tree().map_err(failed)?;
        if before.id() == after.id() {
            return Ok(Err(NoPatch::NothingChanged));
        }
        let mut options = as_git_shows_it();
        let diff =
            self.clone.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut options)).map_err(failed)?;
        let suspect = prime.short().to_owned();
        let trees = [before, after];
        if let Some((path, rule)) =
            refused_path(self.clone, &trees, &diff, &self.bench.rules).map_err(failed)?
        {
            return Ok(Err(NoPatch::PathRefused { suspect, path, rule: rule.to_owned() }));
        }
        if let Some(reason) = self.too_large(&diff)? {
            return Ok(Err(NoPatch::Unsound { suspect, reason }));
        }
        let files = files(&diff).map_err(failed)?;
        let flagged = self.bench.rules.flagged(files.iter().map(|file| file.path.as_str()));
        let mark = (PatchKind::Edits, words::oid(&prime)?);
        let commit = ours::write(self.clone, &base, self.place.tree, message, mark).map_err(failed)?;
        Ok(Ok(Patch {
            base: self.bench.repository.base.clone(),
            base_commit: words::sha(base.id())?,
            commit: words::sha(commit)?,
            reverts: prime,
            kind: PatchKind::Edits,
            files,
            flagged,
            diff: text(&diff, self.limits.diff).map_err(failed)?,
        }))
    }

    fn too_large(&self, diff: &Diff<'_>) -> Result<Option<String>, Failure> {
        let (count, most) = (diff.deltas().len(), self.limits.revert_files);
        if count > most {
            return Ok(Some(format!("it changes {count} files, more than the {most} that can be reviewed")));
        }
        let stats = diff.stats().map_err(failed)?;
        let lines = u64::try_from(stats.insertions().saturating_add(stats.deletions())).unwrap_or(u64::MAX);
        let most = self.limits.revert_lines;
        Ok((lines > most)
            .then(|| format!("it changes {lines} lines, more than the {most} that can be reviewed")))
    }
}

fn failed(error: git2::Error) -> Failure {
    of_git(error, "make a patch of what lies on a bench")
}
