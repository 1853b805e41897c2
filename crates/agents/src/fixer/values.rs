//! The values that explain a failure, as the suspect changed them: what is to be set back, and where.

use domain::ports::HunkAt;
use domain::{CaseFile, ChangedValue, Commit, Suspect, SuspectReason};

use crate::facts::Facts;

/// A value that is to be set back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetBack<'a> {
    /// Where the pod templates differ.
    pub(crate) path: &'a str,
    /// The manifest.
    pub(crate) file: &'a str,
    /// What the suspect did to it.
    pub(crate) value: &'a ChangedValue,
}

/// The suspect's commit in the case's range.
pub(crate) fn commit<'a>(case: &'a CaseFile, suspect: &Suspect) -> Option<&'a Commit> {
    Facts::of(case).range()?.range.commits.iter().find(|commit| commit.sha == suspect.sha)
}

/// Its values that the verdict holds against it, in the order of its reasons.
pub(crate) fn set_back<'a>(case: &'a CaseFile, suspect: &'a Suspect) -> Vec<SetBack<'a>> {
    let Some(commit) = commit(case, suspect) else { return Vec::new() };
    let of_reason = |reason: &'a SuspectReason| match reason {
        SuspectReason::SpecInLines { file, line, path, .. } => of_place(commit, file, *line, path),
        _ => None,
    };
    suspect.reasons.iter().filter_map(of_reason).collect()
}

/// The value at a place; where a line holds several, the one whose last key is the difference's.
fn of_place<'a>(commit: &'a Commit, file: &str, line: u32, path: &'a str) -> Option<SetBack<'a>> {
    let changed = commit.files.iter().find(|changed| changed.path == file)?;
    let last = path.rsplit('.').next().unwrap_or(path);
    let mut at_line = changed.values.iter().filter(|value| value.line == line);
    let value = at_line.clone().find(|value| value.key.ends_with(last)).or_else(|| at_line.next())?;
    Some(SetBack { path, file: &changed.path, value })
}

impl SetBack<'_> {
    /// The place, for who undoes it.
    pub(crate) fn hunk(self) -> HunkAt {
        HunkAt { file: self.file.to_owned(), line: self.value.own_line, key: self.value.key.clone() }
    }
}
