//! The commits between stable and canary, as they were frozen.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Ancestry, CaseFile, ChangeKind, Commit, FileChange, Tool, ToolAccess, ToolFailure, ToolOutput, arguments,
    schema_of,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Frozen;
use crate::page::{Page, Room};

/// Line ranges of a file that are shown.
const RANGES: usize = 20;

/// Lists the commits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only commits that touch this file, or a file below this directory.
    path: Option<String>,
    /// The first commit to show, from 1; 1 when absent.
    from: Option<usize>,
}

pub(super) struct GitRange {
    pub(super) case: Arc<CaseFile>,
}

#[async_trait]
impl Tool for GitRange {
    fn name(&self) -> &'static str {
        "git_range"
    }

    fn description(&self) -> &'static str {
        "Lists the commits between stable and canary, newest first, with the files and lines that each changed. Lines are those of \
         the canary's version of the file, so they can be compared with a stack trace."
    }

    fn schema(&self) -> Value {
        schema_of::<Wanted>()
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let wanted: Wanted = arguments(given)?;
        let frozen = Frozen::of(&self.case)?;
        let path =
            wanted.path.as_deref().map(|path| path.trim_end_matches('/')).filter(|path| !path.is_empty());
        let commits: Vec<&Commit> = frozen
            .range
            .commits
            .iter()
            .filter(|commit| path.is_none_or(|path| touches(commit, path)))
            .collect();
        let mut page = Page::default();
        head(&frozen, &mut page);
        if commits.is_empty() {
            let of_path = path.map_or_else(String::new, |path| format!(" that touches {path}"));
            page.line("", &format!("there is no commit{of_path} in the range"));
        }
        for (index, commit) in commits.iter().enumerate().skip(wanted.from.unwrap_or(1).saturating_sub(1)) {
            if describe(commit, path, &mut page) == Room::Full {
                let rest = format!(
                    "{} commits match: call git_range with from {} for more",
                    commits.len(),
                    index + 1
                );
                return Ok(ToolOutput { text: page.into_text(), rest: Some(rest) });
            }
        }
        Ok(ToolOutput::whole(page.into_text()))
    }
}

fn head(frozen: &Frozen<'_>, page: &mut Page) {
    let Frozen { exhibit, stable, canary, range } = frozen;
    let ancestry = match range.ancestry {
        Ancestry::Descendant => "the canary descends from stable",
        Ancestry::Same => "both are the same commit",
        Ancestry::Older => "the canary is older than stable",
        Ancestry::Diverged => "neither descends from the other",
    };
    page.line("", &format!("exhibit {exhibit}: {ancestry}"));
    page.line("stable  ", &format!("{} ({} from {})", range.stable.short(), stable.named, stable.source));
    page.line("canary  ", &format!("{} ({} from {})", range.canary.short(), canary.named, canary.source));
    if range.left_out > 0 {
        page.line("", &format!("{} older commits of the range were not frozen", range.left_out));
    }
}

/// Adds a commit with its files; a commit is cut only where it alone is longer than a page.
fn describe(commit: &Commit, path: Option<&str>, page: &mut Page) -> Room {
    let merge = if commit.parents > 1 { "  (merge)" } else { "" };
    let time = commit.authored_at.format("%Y-%m-%d %H:%M");
    let first = format!("{}  {time}  {}: {}{merge}", commit.sha.short(), commit.author, commit.subject);
    if page.line("", &first) == Room::Full {
        return Room::Full;
    }
    for file in commit.files.iter().filter(|file| path.is_none_or(|path| lies_in(&file.path, path))) {
        if page.line("    ", &changed(file)) == Room::Full {
            return Room::Full;
        }
    }
    if commit.files_left_out > 0 {
        page.line("    ", &format!("… and {} more files", commit.files_left_out));
    }
    Room::Left
}

fn changed(file: &FileChange) -> String {
    let kind = match file.kind {
        ChangeKind::Added => "  new",
        ChangeKind::Deleted => "  deleted",
        ChangeKind::Renamed => "  moved",
        ChangeKind::Opaque => "  no text",
        ChangeKind::Modified => "",
    };
    let mut ranges: Vec<String> = file
        .lines
        .iter()
        .take(RANGES)
        .map(|lines| match (lines.first, lines.last) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        })
        .collect();
    if file.lines.len() > RANGES {
        ranges.push("…".to_owned());
    }
    let lines = if ranges.is_empty() { String::new() } else { format!("  lines {}", ranges.join(",")) };
    format!("{}  +{} -{}{kind}{lines}", file.path, file.added, file.removed)
}

fn touches(commit: &Commit, path: &str) -> bool {
    commit.files.iter().any(|file| lies_in(&file.path, path))
}

fn lies_in(file: &str, path: &str) -> bool {
    file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
