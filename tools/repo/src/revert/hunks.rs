//! Undoes single values of a commit on top of the base branch; the rest of the commit stays.
//!
//! The lines are chosen by the keys that lead to the value, not by the hunks of a diff: neighbours that the commit changed as
//! well stay as it made them. What comes out is read again, and nothing but these values may differ from the base branch.

mod edit;
mod text;

use std::collections::BTreeMap;

use domain::ports::HunkAt;
use domain::{ChangeKind, Failure, NoPatch, Patch, PatchKind};
use git2::build::TreeUpdateBuilder;
use git2::{Blob, Commit, DiffOptions, FileMode, Oid};

use super::Revert;
use super::paths::PathRules;
use super::result::{self, LookedAt};
use crate::range::manifest::{Format, changed};
use crate::range::{Changes, File, Place};
use crate::words;

use edit::{Edit, edit};
use text::{Found, find, is_sound, replaced};

/// The most values that one patch undoes.
const MOST: usize = 20;

/// What a step gives, or why there is no patch.
type Step<T> = Result<Result<T, NoPatch>, Failure>;

/// Unwraps a step, or ends with its reason.
macro_rules! go_on {
    ($step:expr) => {
        match $step? {
            Ok(value) => value,
            Err(why) => return Ok(Err(why)),
        }
    };
}

/// A version of a manifest.
struct Version<'a> {
    blob: Blob<'a>,
    mode: FileMode,
    text: String,
}

impl Revert<'_> {
    /// The patch that undoes these values of the suspect alone; the same for the same base, suspect, values and message.
    pub(crate) fn hunks(&self, canary: &Commit<'_>, hunks: &[HunkAt], message: &str) -> Step<Patch> {
        if let Some(why) = self.place_in_history(canary)? {
            return Ok(Err(why));
        }
        if hunks.is_empty() || hunks.len() > MOST {
            return Ok(Err(self.unsound(format!("{} of its values are to be undone at once", hunks.len()))?));
        }
        let tree = go_on!(self.with_values_undone(canary, hunks));
        let looked_at = go_on!(self.look_at_values(tree));
        let commit = self.commit(tree, message, PatchKind::RevertedHunks)?;
        Ok(Ok(Patch {
            base: self.repository.base.clone(),
            base_commit: words::sha(self.base.id())?,
            commit: words::sha(commit)?,
            reverts: words::sha(self.suspect.id())?,
            kind: PatchKind::RevertedHunks,
            files: looked_at.files,
            flagged: looked_at.flagged,
            diff: looked_at.diff,
        }))
    }

    fn with_values_undone(&self, canary: &Commit<'_>, hunks: &[HunkAt]) -> Step<Oid> {
        let parent = self.parent()?;
        let changes = Changes::between(self.clone, self.limits, Some(&parent), &self.suspect)?;
        let mut by_file: BTreeMap<&str, Vec<&HunkAt>> = BTreeMap::new();
        for hunk in hunks {
            by_file.entry(&hunk.file).or_default().push(hunk);
        }
        let mut update = TreeUpdateBuilder::new();
        let mut undone_already = 0;
        for (path, hunks) in &by_file {
            let known = changes.files.iter().find(|file| {
                file.path == *path && matches!(file.kind, ChangeKind::Modified | ChangeKind::Renamed)
            });
            let (Some(file), Some(format)) = (known, Format::of(path)) else {
                return Ok(Err(self.unsound(format!("it changed no value of {path}"))?));
            };
            match go_on!(self.file_undone(canary, file, format, hunks)) {
                Some((text, mode)) => {
                    let blob = self.clone.blob(text.as_bytes()).map_err(|e| self.failed(e))?;
                    update.upsert(*path, blob, mode);
                }
                None => undone_already += 1,
            }
        }
        if undone_already == by_file.len() {
            let (suspect, base) = (self.short()?, self.repository.base.clone());
            return Ok(Err(NoPatch::UndoneAlready { suspect, base }));
        }
        if undone_already > 0 {
            return Ok(Err(self.unsound("a part of it was undone already")?));
        }
        let base = self.base.tree().map_err(|e| self.failed(e))?;
        update.create_updated(self.clone, &base).map(Ok).map_err(|e| self.failed(e))
    }

    /// The base branch's file with the values undone; `None` where it has them undone already.
    fn file_undone(
        &self,
        canary: &Commit<'_>,
        file: &File,
        format: Format,
        hunks: &[&HunkAt],
    ) -> Step<Option<(String, FileMode)>> {
        let path = file.path.as_str();
        let versions = (
            self.version(&self.parent()?, &file.old_path)?,
            self.version(&self.suspect, path)?,
            self.version(canary, path)?,
            self.version(&self.base, path)?,
        );
        let (Some(before), Some(suspects)) = (versions.0, versions.1) else {
            return Ok(Err(self.unsound(format!("{path} is no text that can be read"))?));
        };
        let Some(canarys) = versions.2 else { return Ok(Err(self.conflicts(path)?)) };
        let Some(base) = versions.3 else { return Ok(Err(self.changed_since(path)?)) };
        let Some(edits) = edits(file, format, &before.text, &suspects.text, hunks) else {
            return Ok(Err(self.unsound(format!("its lines in {path} cannot be told from others"))?));
        };
        let on = |later: &Version<'_>| -> Result<Vec<Found>, Failure> {
            let places = self.places(&suspects.blob, &later.blob)?;
            let entries = format.entries(&later.text);
            Ok(edits.iter().map(|edit| find(edit, &entries, &places)).collect())
        };
        if on(&canarys)?.iter().any(|found| !matches!(found, Found::Suspects(_))) {
            return Ok(Err(self.conflicts(path)?));
        }
        let found = on(&base)?;
        if found.contains(&Found::Changed) {
            return Ok(Err(self.changed_since(path)?));
        }
        if found.iter().all(|found| *found == Found::Undone) {
            return Ok(Ok(None));
        }
        let mut lines: Vec<_> = found
            .iter()
            .zip(&edits)
            .filter_map(|(found, edit)| match found {
                Found::Suspects(lines) => Some((lines.clone(), edit.before.clone())),
                Found::Undone | Found::Changed => None,
            })
            .collect();
        lines.sort_by_key(|(at, _)| (at.start, at.end));
        lines.dedup();
        let all: Vec<&Edit> = edits.iter().collect();
        let text = replaced(&base.text, &before.text, &lines).filter(|text| {
            lines.len() <= edits.len()
                && !found.contains(&Found::Undone)
                && is_sound(format, &base.text, text, &all)
        });
        match text {
            Some(text) => Ok(Ok(Some((text, base.mode)))),
            None => Ok(Err(self.unsound(format!("{path} would not be whole without its change"))?)),
        }
    }

    /// A commit's version of a file; `None` where it has none, or one that is not read.
    fn version(&self, commit: &Commit<'_>, path: &str) -> Result<Option<Version<'_>>, Failure> {
        let tree = commit.tree().map_err(|e| self.failed(e))?;
        let Ok(entry) = tree.get_path(path.as_ref()) else { return Ok(None) };
        let mode = match entry.filemode() {
            0o100_644 => FileMode::Blob,
            0o100_755 => FileMode::BlobExecutable,
            _ => return Ok(None),
        };
        let objects = self.clone.odb().map_err(|e| self.failed(e))?;
        let (bytes, _) = objects.read_header(entry.id()).map_err(|e| self.failed(e))?;
        if bytes > self.limits.blob {
            return Ok(None);
        }
        let blob = self.clone.find_blob(entry.id()).map_err(|e| self.failed(e))?;
        let text = std::str::from_utf8(blob.content()).map(str::to_owned);
        Ok(text.ok().map(|text| Version { blob, mode, text }))
    }

    /// What changed between two versions, line by line.
    fn places(&self, old: &Blob<'_>, new: &Blob<'_>) -> Result<Vec<Place>, Failure> {
        let mut places = Vec::new();
        let mut options = DiffOptions::new();
        options.context_lines(0).interhunk_lines(0);
        let mut each = |_: git2::DiffDelta<'_>, hunk: git2::DiffHunk<'_>| {
            places.push(Place {
                old_start: hunk.old_start(),
                old_lines: hunk.old_lines(),
                new_start: hunk.new_start(),
                new_lines: hunk.new_lines(),
            });
            true
        };
        self.clone
            .diff_blobs(
                Some(old),
                None,
                Some(new),
                None,
                Some(&mut options),
                None,
                None,
                Some(&mut each),
                None,
            )
            .map_err(|e| self.failed(e))?;
        Ok(places)
    }

    fn look_at_values(&self, tree: Oid) -> Step<LookedAt> {
        let failed = |e| self.failed(e);
        let (base, undone) = (self.base.tree().map_err(failed)?, self.clone.find_tree(tree).map_err(failed)?);
        let mut options = result::as_git_shows_it();
        let diff = self.clone.diff_tree_to_tree(Some(&base), Some(&undone), Some(&mut options));
        let diff = diff.map_err(failed)?;
        let rules = PathRules::new(self.repository)?;
        let trees = [base, self.suspect.tree().map_err(failed)?];
        if let Some((path, rule)) = result::refused_path(self.clone, &trees, &diff, &rules).map_err(failed)? {
            return Ok(Err(NoPatch::PathRefused { suspect: self.short()?, path, rule: rule.to_owned() }));
        }
        let files = result::files(&diff).map_err(failed)?;
        let flagged = rules.flagged(files.iter().map(|file| file.path.as_str()));
        let diff = result::text(&diff, self.limits.diff).map_err(failed)?;
        Ok(Ok(LookedAt { files, flagged, diff }))
    }

    fn conflicts(&self, path: &str) -> Result<NoPatch, Failure> {
        Ok(NoPatch::Conflict { suspect: self.short()?, files: path.to_owned() })
    }

    fn changed_since(&self, path: &str) -> Result<NoPatch, Failure> {
        let base = self.repository.base.clone();
        Ok(NoPatch::ChangedSince { suspect: self.short()?, file: path.to_owned(), base })
    }
}

/// The edits that undo the wanted values of one file; `None` where one of them is not what the commit changed.
fn edits(file: &File, format: Format, before: &str, suspects: &str, hunks: &[&HunkAt]) -> Option<Vec<Edit>> {
    let (old, new) = (format.entries(before), format.entries(suspects));
    let changed = changed(&old, &new, &file.places);
    hunks
        .iter()
        .map(|hunk| {
            let wanted = changed.iter().find(|one| one.own_line == hunk.line && one.key == hunk.key)?;
            edit(&old, &new, &file.places, wanted)
        })
        .collect()
}
