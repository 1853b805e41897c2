//! What one commit changed against its first parent.

use std::cell::RefCell;
use std::collections::HashSet;

use domain::{ChangeKind, Failure, LineRange};
use git2::{Delta, Diff, DiffDelta, DiffFindOptions, DiffHunk, DiffOptions, FileMode, Oid, Repository};

use crate::fault::of_git;
use crate::settings::Limits;
use crate::words;

/// Files among which renames are looked for; git's own default is 1,000 pairs.
const MOST_RENAMES: usize = 200;
/// Changed places of one file that are kept in memory. Lines of a file with more are not followed.
const MOST_PLACES: usize = 20_000;

/// The files that a commit changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) files: Vec<File>,
    /// Files beyond the limit.
    pub(crate) left_out: u64,
    /// The old paths of files beyond a limit: what happened to their lines is not known.
    pub(crate) unread: HashSet<String>,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) old_path: String,
    pub(crate) path: String,
    pub(crate) kind: ChangeKind,
    /// In the order of the file.
    pub(crate) places: Vec<Place>,
    /// Lines of the file after the commit, where it is known.
    pub(crate) lines: Option<u32>,
    old_lines_removed: u32,
    /// The contents before and after; zero where the file was not there.
    pub(crate) blobs: [Oid; 2],
}

/// A changed place: so many lines gave way to so many others. Line numbers from 1; with no lines, the line before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) old_start: u32,
    pub(crate) old_lines: u32,
    pub(crate) new_start: u32,
    pub(crate) new_lines: u32,
}

impl File {
    pub(crate) fn added(&self) -> u32 {
        self.places.iter().fold(0, |sum, place| sum.saturating_add(place.new_lines))
    }

    pub(crate) fn removed(&self) -> u32 {
        self.old_lines_removed
    }

    /// The changed lines in the file after the commit. A pure deletion is the line before it and the one that now stands there.
    pub(crate) fn changed_lines(&self) -> Vec<LineRange> {
        let last = self.lines.unwrap_or(u32::MAX);
        let ranges = self.places.iter().map(|place| match place.new_lines {
            0 => {
                LineRange { first: place.new_start.max(1), last: place.new_start.saturating_add(1).min(last) }
            }
            lines => LineRange { first: place.new_start, last: place.new_start.saturating_add(lines - 1) },
        });
        ranges.filter(|range| range.first <= range.last).collect()
    }
}

impl Changes {
    /// Compares a commit with its first parent (with nothing, where it has none).
    pub(crate) fn between(
        clone: &Repository,
        limits: &Limits,
        parent: Option<&git2::Commit<'_>>,
        commit: &git2::Commit<'_>,
    ) -> Result<Self, Failure> {
        let failed = |e| of_git(e, format_args!("read what commit {} changed", commit.id()));
        let old = parent.map(git2::Commit::tree).transpose().map_err(failed)?;
        let new = commit.tree().map_err(failed)?;
        let mut options = DiffOptions::new();
        let largest = i64::try_from(limits.blob).unwrap_or(i64::MAX);
        options.context_lines(0).interhunk_lines(0).max_size(largest).include_typechange(true);
        let mut diff =
            clone.diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options)).map_err(failed)?;
        if may_look_for_renames(clone, limits, &diff) {
            let mut find = DiffFindOptions::new();
            find.renames(true).rename_limit(MOST_RENAMES);
            diff.find_similar(Some(&mut find)).map_err(failed)?;
        }
        let mut changes = read(&diff, limits.commit_files).map_err(failed)?;
        for file in &mut changes.files {
            file.lines = lines_where_needed(clone, file);
        }
        Ok(changes)
    }
}

/// Comparing contents reads whole blobs: only where there are few and none is large.
fn may_look_for_renames(clone: &Repository, limits: &Limits, diff: &Diff<'_>) -> bool {
    let Ok(objects) = clone.odb() else { return false };
    let one_sided = |delta: &DiffDelta<'_>| matches!(delta.status(), Delta::Added | Delta::Deleted);
    let small =
        |id: Oid| id.is_zero() || objects.read_header(id).is_ok_and(|(bytes, _)| bytes <= limits.blob);
    let candidates: Vec<_> = diff.deltas().filter(one_sided).take(MOST_RENAMES * 2 + 1).collect();
    candidates.len() <= MOST_RENAMES * 2
        && candidates.iter().all(|delta| small(delta.old_file().id()) && small(delta.new_file().id()))
}

fn read(diff: &Diff<'_>, limit: usize) -> Result<Changes, git2::Error> {
    let changes = RefCell::new(Changes::default());
    let done = diff.foreach(
        &mut |delta, _| {
            let mut changes = changes.borrow_mut();
            // Contents are loaded after this call; to end here keeps those beyond the limit unread.
            let room = changes.files.len() < limit;
            if room {
                changes.files.push(file(&delta));
            }
            room
        },
        Some(&mut |_, _| {
            changes.borrow_mut().with_last(|file| file.kind = ChangeKind::Opaque);
            true
        }),
        Some(&mut |_, hunk| {
            changes.borrow_mut().with_last(|file| file.add(&hunk));
            true
        }),
        None,
    );
    let mut changes = changes.into_inner();
    let beyond: Vec<_> = diff.deltas().skip(changes.files.len()).collect();
    if beyond.is_empty() {
        done?;
    }
    changes.left_out = u64::try_from(beyond.len()).unwrap_or(u64::MAX);
    changes.unread.extend(beyond.iter().map(|delta| old_path(delta)));
    let crowded = changes.files.iter().filter(|file| file.places.len() >= MOST_PLACES);
    changes.unread.extend(crowded.map(|file| file.old_path.clone()));
    Ok(changes)
}

impl Changes {
    fn with_last(&mut self, change: impl FnOnce(&mut File)) {
        if let Some(file) = self.files.last_mut() {
            change(file);
        }
    }
}

impl File {
    fn add(&mut self, hunk: &DiffHunk<'_>) {
        if self.kind == ChangeKind::Opaque {
            return;
        }
        self.old_lines_removed = self.old_lines_removed.saturating_add(hunk.old_lines());
        if self.places.len() < MOST_PLACES {
            self.places.push(Place {
                old_start: hunk.old_start(),
                old_lines: hunk.old_lines(),
                new_start: hunk.new_start(),
                new_lines: hunk.new_lines(),
            });
        }
    }
}

fn old_path(delta: &DiffDelta<'_>) -> String {
    words::path(delta.old_file().path_bytes().unwrap_or_default())
}

fn file(delta: &DiffDelta<'_>) -> File {
    let plain = [delta.old_file(), delta.new_file()].iter().all(|side| {
        side.id().is_zero()
            || matches!(side.mode(), FileMode::Blob | FileMode::BlobExecutable | FileMode::BlobGroupWritable)
    });
    let kind = match delta.status() {
        _ if !plain => ChangeKind::Opaque,
        Delta::Added => ChangeKind::Added,
        Delta::Deleted => ChangeKind::Deleted,
        Delta::Renamed => ChangeKind::Renamed,
        _ => ChangeKind::Modified,
    };
    File {
        old_path: old_path(delta),
        path: words::path(delta.new_file().path_bytes().unwrap_or_default()),
        kind,
        places: Vec::new(),
        lines: None,
        old_lines_removed: 0,
        blobs: [delta.old_file().id(), delta.new_file().id()],
    }
}

/// Only a deletion at the end needs to know where the end is.
fn lines_where_needed(clone: &Repository, file: &File) -> Option<u32> {
    if file.kind == ChangeKind::Deleted {
        return Some(0);
    }
    file.places.iter().find(|place| place.new_lines == 0)?;
    let blob = clone.find_blob(file.blobs[1]).ok()?;
    u32::try_from(blob.content().split_inclusive(|byte| *byte == b'\n').count()).ok()
}
