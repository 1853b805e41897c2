//! What files there are.

use domain::{ToolAccess, ToolFailure, ToolOutput};
use git2::{ObjectType, Tree};
use schemars::JsonSchema;
use serde::Deserialize;

use super::errand::Errand;
use super::ground::{Ground, failed};
use super::tree::{Entry, find, mode_of, told};
use crate::page::{Page, Room};
use crate::revert::result::not_plain;
use crate::words;

/// Directories below each other that are shown at most.
const DEEPEST: u32 = 8;
/// Without a wish: the directory and those in it.
const DEPTH: u32 = 2;

/// Lists files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// The directory, from the repository's root; absent: the root.
    path: Option<String>,
    /// How many levels to show, 1 to 8; 2 when absent.
    depth: Option<u32>,
}

impl Errand for List {
    const NAME: &'static str = "list";
    const DESCRIPTION: &'static str = "Lists the files and directories of the repository with the edits made so far: directories end with `/`, \
        files show their size in bytes. Begin here or with `search`, then read what matters.";
    const ACCESS: ToolAccess = ToolAccess::ReadOnly;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let root = ground.tree()?;
        let path = self.path.as_deref().map_or("", |path| path.trim_end_matches('/'));
        let directory = match path {
            "" | "." => root,
            path => match find(ground.clone, &root, path)? {
                Entry::Directory(directory) => directory,
                Entry::File { .. } => return Err(told(format!("{path} is a file: use read_file"))),
            },
        };
        let depth = self.depth.unwrap_or(DEPTH).clamp(1, DEEPEST);
        let mut page = Page::default();
        let room = list(ground, &directory, depth, 0, &mut page)?;
        let rest = (room == Room::Full).then(|| {
            "the list is cut here: call list with the path of a directory, or a smaller depth".to_owned()
        });
        let text = if page.is_empty() { "(empty)\n".to_owned() } else { page.into_text() };
        Ok(ToolOutput { text, rest })
    }
}

fn list(
    ground: &Ground<'_>,
    directory: &Tree<'_>,
    depth: u32,
    level: u32,
    page: &mut Page,
) -> Result<Room, ToolFailure> {
    let objects = ground.clone.odb().map_err(failed("list files"))?;
    let indent = "  ".repeat(usize::try_from(level).unwrap_or_default());
    for entry in directory {
        ground.go_on()?;
        let name = words::path(entry.name_bytes());
        let mode = mode_of(entry.filemode());
        let line = match (entry.kind(), not_plain(mode)) {
            (Some(ObjectType::Tree), _) => format!("{name}/"),
            (_, Some(rule)) => format!("{name}  ({rule}, not followed)"),
            (_, None) => {
                let size = objects.read_header(entry.id()).map_err(failed("list files"))?.0;
                format!("{name}  {size}")
            }
        };
        if page.line(&indent, &line) == Room::Full {
            return Ok(Room::Full);
        }
        if depth > 1 && entry.kind() == Some(ObjectType::Tree) {
            let inner = ground.clone.find_tree(entry.id()).map_err(failed("list files"))?;
            if list(ground, &inner, depth - 1, level + 1, page)? == Room::Full {
                return Ok(Room::Full);
            }
        }
    }
    Ok(Room::Left)
}
