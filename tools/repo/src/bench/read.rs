//! What stands in a file.

use domain::{ToolAccess, ToolFailure, ToolOutput};
use git2::Tree;
use schemars::JsonSchema;
use serde::Deserialize;

use super::errand::Errand;
use super::ground::{Ground, failed};
use super::tree::{Entry, find, text_of, told};
use crate::page::{Page, Room};
use crate::words;

/// Lines of one call at most.
const LINES: usize = 400;

/// Reads a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadFile {
    /// The file, from the repository's root.
    path: String,
    /// The first line, from 1; 1 when absent.
    from: Option<usize>,
    /// How many lines, at most 400.
    lines: Option<usize>,
    /// Which version; absent: the base branch with the edits made so far.
    at: Option<Version>,
}

/// A version of the repository.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Version {
    /// The commit that runs as the canary.
    Canary,
    /// The commit before the first suspect: as near to what runs as stable as is known.
    Stable,
    /// The base branch without the edits.
    Base,
}

impl Errand for ReadFile {
    const NAME: &'static str = "read_file";
    const DESCRIPTION: &'static str = "Shows a file with line numbers (number, tab, text). Line ends are shown as plain ones, and \
        characters that nobody sees as ⟦U+….⟧. Read a file before you edit it.";
    const ACCESS: ToolAccess = ToolAccess::ReadOnly;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let tree = self.tree(ground)?;
        let path = self.path.as_str();
        let id = match find(ground.clone, &tree, path)? {
            Entry::File { id, .. } => id,
            Entry::Directory(_) => return Err(told(format!("{path} is a directory: use list"))),
        };
        let view = text_of(ground.clone, ground.limits, path, id)?.view();
        numbered(path, &view, self.from.unwrap_or(1).max(1), self.lines.unwrap_or(LINES).clamp(1, LINES))
    }
}

impl ReadFile {
    fn tree<'a>(&self, ground: &Ground<'a>) -> Result<Tree<'a>, ToolFailure> {
        let sha = match self.at {
            None => return ground.tree(),
            Some(Version::Base) => return ground.base()?.tree().map_err(failed("read a version")),
            Some(Version::Canary) => ground.known.canary.clone(),
            Some(Version::Stable) => return before_the_suspects(ground),
        };
        let commit = ground.clone.find_commit(words::oid(&sha)?);
        let commit = commit.map_err(|_| told("the canary's commit is not in the repository"))?;
        tree_of(ground, &commit)
    }
}

/// The parent of the suspect that lies farthest back.
fn before_the_suspects<'a>(ground: &Ground<'a>) -> Result<Tree<'a>, ToolFailure> {
    let unknown = || told("stable's version is not known: use show_commit on the suspects");
    let line = super::history::first_parents(ground)?;
    let oldest = line.last().copied().ok_or_else(unknown)?;
    let oldest = ground.clone.find_commit(oldest).map_err(failed("read a version"))?;
    let before = oldest.parent(0).map_err(|_| unknown())?;
    tree_of(ground, &before)
}

fn tree_of<'a>(ground: &Ground<'a>, commit: &git2::Commit<'a>) -> Result<Tree<'a>, ToolFailure> {
    crate::gauge::Gauge::new(ground.clone, ground.limits).check(commit)?;
    commit.tree().map_err(failed("read a version"))
}

/// The lines of a text with their numbers, from one on.
pub(super) fn numbered(path: &str, text: &str, from: usize, count: usize) -> Result<ToolOutput, ToolFailure> {
    let all = text.lines().count();
    if from > all.max(1) {
        return Err(told(format!("{path} has {all} lines")));
    }
    let mut page = Page::default();
    let mut next = from;
    for (number, line) in text.lines().enumerate().skip(from - 1).take(count) {
        if page.line(&format!("{}\t", number + 1), line) == Room::Full {
            break;
        }
        next = number + 2;
    }
    let rest =
        (next <= all).then(|| format!("{path} has {all} lines: call read_file with from {next} for more"));
    let text = if all == 0 { "(empty)\n".to_owned() } else { page.into_text() };
    Ok(ToolOutput { text, rest })
}
