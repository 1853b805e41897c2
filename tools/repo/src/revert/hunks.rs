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

/// Why there is no patch.
enum Stop {
    /// There is nothing to propose.
    Because(NoPatch),
    /// It could not be found out.
    Failed(Failure),
}

impl From<NoPatch> for Stop {
    fn from(why: NoPatch) -> Self {
        Self::Because(why)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A version of a manifest.
struct Version<'a> {
    blob: Blob<'a>,
    mode: FileMode,
    text: String,
}

/// All versions of a manifest that matter.
struct Versions<'a> {
    before: Version<'a>,
    suspects: Version<'a>,
    canarys: Version<'a>,
    base: Version<'a>,
}

impl Revert<'_> {
    /// The patch that undoes these values of the suspect alone; the same for the same base, suspect, values and message.
    pub(crate) fn hunks(
        &self,
        canary: &Commit<'_>,
        hunks: &[HunkAt],
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        match self.values_undone(canary, hunks, message) {
            Ok(patch) => Ok(Ok(patch)),
            Err(Stop::Because(why)) => Ok(Err(why)),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    fn values_undone(&self, canary: &Commit<'_>, hunks: &[HunkAt], message: &str) -> Result<Patch, Stop> {
        if let Some(why) = self.place_in_history(canary)? {
            return Err(why.into());
        }
        if hunks.is_empty() || hunks.len() > MOST {
            return Err(self
                .unsound(format!("{} of its values are to be undone at once", hunks.len()))?
                .into());
        }
        let tree = self.tree_undone(canary, hunks)?;
        let looked_at = self.look_at_values(tree)?;
        let commit = self.commit(tree, message, PatchKind::RevertedHunks)?;
        Ok(Patch {
            base: self.repository.base.clone(),
            base_commit: words::sha(self.base.id())?,
            commit: words::sha(commit)?,
            reverts: words::sha(self.suspect.id())?,
            kind: PatchKind::RevertedHunks,
            files: looked_at.files,
            flagged: looked_at.flagged,
            diff: looked_at.diff,
        })
    }

    fn tree_undone(&self, canary: &Commit<'_>, hunks: &[HunkAt]) -> Result<Oid, Stop> {
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
                return Err(self.unsound(format!("it changed no value of {path}"))?.into());
            };
            let versions = self.versions(&parent, canary, file)?;
            match self.file_undone(&versions, file, format, hunks)? {
                Some(text) => {
                    let blob = self.clone.blob(text.as_bytes()).map_err(|e| self.failed(e))?;
                    update.upsert(*path, blob, versions.base.mode);
                }
                None => undone_already += 1,
            }
        }
        if undone_already == by_file.len() {
            let (suspect, base) = (self.short()?, self.repository.base.clone());
            return Err(NoPatch::UndoneAlready { suspect, base }.into());
        }
        if undone_already > 0 {
            return Err(self.unsound("a part of it was undone already")?.into());
        }
        let base = self.base.tree().map_err(|e| self.failed(e))?;
        Ok(update.create_updated(self.clone, &base).map_err(|e| self.failed(e))?)
    }

    fn versions(&self, parent: &Commit<'_>, canary: &Commit<'_>, file: &File) -> Result<Versions<'_>, Stop> {
        let path = file.path.as_str();
        let known = (self.version(parent, &file.old_path)?, self.version(&self.suspect, path)?);
        let (Some(before), Some(suspects)) = known else {
            return Err(self.unsound(format!("{path} is no text that can be read"))?.into());
        };
        let Some(canarys) = self.version(canary, path)? else { return Err(self.conflicts(path)?.into()) };
        let Some(base) = self.version(&self.base, path)? else {
            return Err(self.changed_since(path)?.into());
        };
        Ok(Versions { before, suspects, canarys, base })
    }

    /// The base branch's text with the values undone; `None` where it has them undone already.
    fn file_undone(
        &self,
        versions: &Versions<'_>,
        file: &File,
        format: Format,
        hunks: &[&HunkAt],
    ) -> Result<Option<String>, Stop> {
        let Versions { before, suspects, canarys, base } = versions;
        let path = file.path.as_str();
        let Some(edits) = edits(file, format, &before.text, &suspects.text, hunks) else {
            return Err(self.unsound(format!("its lines in {path} cannot be told from others"))?.into());
        };
        let found_in = |later: &Version<'_>| -> Result<Vec<Found>, Failure> {
            let places = self.places(&suspects.blob, &later.blob)?;
            let entries = format.entries(&later.text);
            Ok(edits.iter().map(|edit| find(edit, &entries, &places)).collect())
        };
        if found_in(canarys)?.iter().any(|found| !matches!(found, Found::Suspects(_))) {
            return Err(self.conflicts(path)?.into());
        }
        let found = found_in(base)?;
        if found.contains(&Found::Changed) {
            return Err(self.changed_since(path)?.into());
        }
        if found.iter().all(|found| *found == Found::Undone) {
            return Ok(None);
        }
        if found.contains(&Found::Undone) {
            return Err(self.unsound("a part of it was undone already")?.into());
        }
        match undone(format, &base.text, &before.text, &edits, &found) {
            Some(text) => Ok(Some(text)),
            None => Err(self.unsound(format!("{path} would not be whole without its change"))?.into()),
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

    fn look_at_values(&self, tree: Oid) -> Result<LookedAt, Stop> {
        let failed = |e| self.failed(e);
        let (base, undone) = (self.base.tree().map_err(failed)?, self.clone.find_tree(tree).map_err(failed)?);
        let mut options = result::as_git_shows_it();
        let diff = self.clone.diff_tree_to_tree(Some(&base), Some(&undone), Some(&mut options));
        let diff = diff.map_err(failed)?;
        let rules = PathRules::new(self.repository)?;
        let trees = [base, self.suspect.tree().map_err(failed)?];
        if let Some((path, rule)) = result::refused_path(self.clone, &trees, &diff, &rules).map_err(failed)? {
            return Err(NoPatch::PathRefused { suspect: self.short()?, path, rule: rule.to_owned() }.into());
        }
        let files = result::files(&diff).map_err(failed)?;
        let flagged = rules.flagged(files.iter().map(|file| file.path.as_str()));
        let diff = result::text(&diff, self.limits.diff).map_err(failed)?;
        Ok(LookedAt { files, flagged, diff })
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
    let changed = changed(&old, &new);
    hunks
        .iter()
        .map(|hunk| {
            let wanted = changed.iter().find(|one| one.own_line == hunk.line && one.key == hunk.key)?;
            edit(&old, &new, &file.places, wanted)
        })
        .collect()
}

/// The text with all edits undone; `None` where it would not be whole.
fn undone(format: Format, base: &str, before: &str, edits: &[Edit], found: &[Found]) -> Option<String> {
    let mut lines = Vec::new();
    for (found, edit) in found.iter().zip(edits) {
        let Found::Suspects(at) = found else { return None };
        lines.push((at.clone(), edit.before.clone()));
    }
    lines.sort_by_key(|(at, _)| (at.start, at.end));
    // Two values of one element have the same lines.
    lines.dedup();
    let text = replaced(base, before, &lines)?;
    is_sound(format, base, &text, edits).then_some(text)
}
