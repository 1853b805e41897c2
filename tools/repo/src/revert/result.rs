//! What came out of a revert, as a reviewer would look at it.

use domain::{Failure, NoPatch, PatchedFile};
use git2::{Diff, DiffFormat, DiffOptions, FileMode, Oid, Repository, Tree};

use super::Revert;
use super::paths::{PathRules, TWIN, has_twin};
use crate::words;

/// Options that show a change as git does.
pub(crate) fn as_git_shows_it() -> DiffOptions {
    let mut options = DiffOptions::new();
    options.include_typechange(true).id_abbrev(12).old_prefix("a/").new_prefix("b/");
    options
}

/// Stands where a diff was cut.
const CUT: &str = "… (the diff goes on)\n";

/// A revert that may be proposed.
pub(super) struct LookedAt {
    pub(super) files: Vec<PatchedFile>,
    pub(super) flagged: Vec<String>,
    pub(super) diff: String,
}

/// Checks the paths that `tree` changes against the base branch, that it is the inverse of the suspect, and that it can be read.
pub(super) fn look_at(
    revert: &Revert<'_>,
    tree: Oid,
    rules: &PathRules,
) -> Result<Result<LookedAt, NoPatch>, Failure> {
    let failed = |e| revert.failed(e);
    let (base, undone) = (revert.base.tree().map_err(failed)?, revert.clone.find_tree(tree).map_err(failed)?);
    let mut options = as_git_shows_it();
    let diff =
        revert.clone.diff_tree_to_tree(Some(&base), Some(&undone), Some(&mut options)).map_err(failed)?;
    let trees = [base, revert.suspect.tree().map_err(failed)?];
    if let Some((path, rule)) = refused_path(revert.clone, &trees, &diff, rules).map_err(failed)? {
        return Ok(Err(NoPatch::PathRefused { suspect: revert.short()?, path, rule: rule.to_owned() }));
    }
    if !revert.is_inverse(tree)? {
        return Ok(Err(revert.unsound("a part of it was undone already or mixed with later changes")?));
    }
    let files = files(&diff).map_err(failed)?;
    let lines: u64 = files.iter().map(|file| u64::from(file.added) + u64::from(file.removed)).sum();
    if lines > revert.limits.revert_lines {
        let limit = revert.limits.revert_lines;
        return Ok(Err(revert
            .unsound(format!("it changes {lines} lines, more than the {limit} that can be reviewed"))?));
    }
    let flagged = rules.flagged(files.iter().map(|file| file.path.as_str()));
    Ok(Ok(LookedAt { files, flagged, diff: text(&diff, revert.limits.diff).map_err(failed)? }))
}

/// The first path that may not be touched, with the rule that it breaks; `trees` are those whose names must not be mixed up with
/// it.
pub(crate) fn refused_path(
    clone: &Repository,
    trees: &[Tree<'_>],
    diff: &Diff<'_>,
    rules: &PathRules,
) -> Result<Option<(String, &'static str)>, git2::Error> {
    for delta in diff.deltas() {
        for side in [delta.old_file(), delta.new_file()] {
            let Some(path) = side.path_bytes() else { continue };
            let text = words::path(path);
            let kind = if side.id().is_zero() { None } else { not_plain(side.mode()) };
            if let Some(rule) = rules.broken_by(path).or(kind) {
                return Ok(Some((text, rule)));
            }
            for tree in trees {
                if has_twin(clone, tree, &text)? {
                    return Ok(Some((text, TWIN)));
                }
            }
        }
    }
    Ok(None)
}

/// Why an entry of a tree is nothing that a patch may touch.
pub(crate) fn not_plain(mode: FileMode) -> Option<&'static str> {
    match mode {
        FileMode::Blob | FileMode::BlobExecutable | FileMode::BlobGroupWritable => None,
        FileMode::Link => Some("is a symlink"),
        FileMode::Commit => Some("is a submodule"),
        _ => Some("is no plain file"),
    }
}

/// The files of a change with their counts, by path.
pub(crate) fn files(diff: &Diff<'_>) -> Result<Vec<PatchedFile>, git2::Error> {
    let mut files = Vec::new();
    for (index, delta) in diff.deltas().enumerate() {
        let stats = git2::Patch::from_diff(diff, index)?.map(|patch| patch.line_stats()).transpose()?;
        let (_, added, removed) = stats.unwrap_or_default();
        let path =
            delta.new_file().path_bytes().or_else(|| delta.old_file().path_bytes()).unwrap_or_default();
        let count = |lines| u32::try_from(lines).unwrap_or(u32::MAX);
        files.push(PatchedFile { path: words::path(path), added: count(added), removed: count(removed) });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The unified diff, whole lines, at most `limit` bytes and the sign that it was cut.
pub(crate) fn text(diff: &Diff<'_>, limit: usize) -> Result<String, git2::Error> {
    let mut text = String::new();
    let mut cut = false;
    let printed = diff.print(DiffFormat::Patch, |_, _, line| {
        let content = String::from_utf8_lossy(line.content());
        let mark = Some(line.origin()).filter(|origin| matches!(origin, '+' | '-' | ' '));
        cut = text.len() + content.len() + 1 > limit;
        if !cut {
            text.extend(mark);
            text.push_str(&content);
        }
        !cut
    });
    if cut {
        text.push_str(CUT);
        return Ok(text);
    }
    printed.map(|()| text)
}

impl Revert<'_> {
    /// Whether the suspect alone is more than a reviewer reads or than is compared: said before anything large is merged.
    pub(super) fn too_large(&self) -> Result<Option<NoPatch>, Failure> {
        let failed = |e| self.failed(e);
        let (old, new) = (self.parent()?.tree().map_err(failed)?, self.suspect.tree().map_err(failed)?);
        let base = self.base.tree().map_err(failed)?;
        let diff = self.clone.diff_tree_to_tree(Some(&old), Some(&new), None).map_err(failed)?;
        let (files, most) = (diff.deltas().len(), self.limits.revert_files);
        if files > most {
            return Ok(Some(
                self.unsound(format!("it changes {files} files, more than the {most} that can be reviewed"))?,
            ));
        }
        let objects = self.clone.odb().map_err(failed)?;
        for delta in diff.deltas() {
            let on_base =
                delta.new_file().path().and_then(|path| base.get_path(path).ok()).map(|entry| entry.id());
            for id in
                [Some(delta.old_file().id()), Some(delta.new_file().id()), on_base].into_iter().flatten()
            {
                if objects.read_header(id).is_ok_and(|(bytes, _)| bytes > self.limits.blob) {
                    let path = words::path(delta.new_file().path_bytes().unwrap_or_default());
                    return Ok(Some(
                        self.unsound(format!("{path} is larger than {} bytes", self.limits.blob))?,
                    ));
                }
            }
        }
        Ok(None)
    }
}
