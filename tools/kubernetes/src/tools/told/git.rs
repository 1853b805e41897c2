//! The commits between stable and canary.

use domain::{Ancestry, ChangeKind, Commit, CommitRange, FileChange, Revision};

use super::time;
use crate::tools::sheet::Sheet;

pub(crate) fn range(stable: &Revision, canary: &Revision, range: &CommitRange, sheet: &mut Sheet) {
    let ancestry = match range.ancestry {
        Ancestry::Descendant => "the canary descends from stable",
        Ancestry::Same => "both are the same commit",
        Ancestry::Older => "the canary is older than stable",
        Ancestry::Diverged => "neither descends from the other",
    };
    sheet.line(format!("stable is {} ({}, from {})", range.stable, stable.named, stable.source));
    sheet.line(format!("canary is {} ({}, from {})", range.canary, canary.named, canary.source));
    sheet.line(format!("{ancestry}; {} commits, newest first", range.commits.len()));
    range.commits.iter().for_each(|of_range| commit(of_range, sheet));
    if range.left_out > 0 {
        sheet.line(format!("and {} older commits that were not kept", range.left_out));
    }
}

fn commit(commit: &Commit, sheet: &mut Sheet) {
    let Commit { sha, subject, author, authored_at, .. } = commit;
    let merge = if commit.parents > 1 { ", a merge" } else { "" };
    sheet.line(format!("{sha} {subject} ({author}, {}{merge})", time(Some(*authored_at))));
    commit.files.iter().for_each(|of_commit| file(of_commit, sheet));
    if commit.files_left_out > 0 {
        sheet.line(format!("  and {} more files", commit.files_left_out));
    }
}

fn file(file: &FileChange, sheet: &mut Sheet) {
    let kind = match file.kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "changed",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Renamed => "moved",
        ChangeKind::Opaque => "no text",
    };
    let lines: Vec<String> =
        file.lines.iter().take(20).map(|lines| format!("{}-{}", lines.first, lines.last)).collect();
    let FileChange { path, added, removed, .. } = file;
    sheet.line(format!("  {kind} {path} +{added} -{removed} lines {}", lines.join(",")));
    for value in &file.values {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "(absent)".to_owned());
        let (before, after) = (shown(&value.before), shown(&value.after));
        sheet.line(format!("    line {}: {}: {before} -> {after}", value.line, value.key));
    }
    if file.values_left_out > 0 {
        sheet.line(format!("    and {} more lines with changed values", file.values_left_out));
    }
}
