//! Where something stands.

use domain::{ToolAccess, ToolFailure, ToolOutput};
use git2::{ObjectType, Oid, Tree};
use globset::{GlobBuilder, GlobMatcher};
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::errand::Errand;
use super::ground::{Ground, failed};
use super::text::FileText;
use super::tree::{mode_of, told};
use crate::page::{Page, Room};
use crate::revert::result::not_plain;
use crate::words;

/// Lines that are shown at most.
const MATCHES: usize = 100;
/// Files and bytes that are read for one search at most.
const FILES: usize = 20_000;
const BYTES: usize = 128 << 20;
/// Bytes that a compiled expression may take.
const EXPRESSION: usize = 1 << 20;

/// Searches files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Exactly this text, in one line. Either this or `regex`.
    text: Option<String>,
    /// A regular expression in the syntax of Rust's regex crate (no look-around, no back-references), matched line by line.
    regex: Option<String>,
    /// Only files whose path matches this glob, such as `src/**/*.java`; a directory means all below it.
    path: Option<String>,
}

impl Errand for Search {
    const NAME: &'static str = "search";
    const DESCRIPTION: &'static str = "Finds lines in the repository's files with the edits made so far, as path:line: text. Binary \
        files, large files, symlinks and submodules are left out and counted.";
    const ACCESS: ToolAccess = ToolAccess::ReadOnly;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let pattern = self.pattern()?;
        let mut hunt = Hunt { pattern, only: self.only()?, page: Page::default(), counts: Counts::default() };
        let room = hunt.below(ground, &ground.tree()?, "")?;
        let Counts { matches, files, unread, .. } = hunt.counts;
        let nothing = if matches == 0 { "nothing found\n" } else { "" };
        let left_out =
            if unread > 0 { format!(", {unread} left out (binary, large, links)") } else { String::new() };
        let text = format!("{}{nothing}({files} files read{left_out})\n", hunt.page.into_text());
        let rest = (room == Room::Full).then(|| {
            "the search ended here, at its limit: call search with a path, or with a longer text or regex"
                .to_owned()
        });
        Ok(ToolOutput { text, rest })
    }
}

impl Search {
    fn pattern(&self) -> Result<Regex, ToolFailure> {
        let pattern = match (&self.text, &self.regex) {
            (Some(text), None) if text.contains('\n') => {
                return Err(told("a search finds text within one line: leave line ends out"));
            }
            (Some(text), None) => regex::escape(text),
            (None, Some(regex)) => regex.clone(),
            _ => return Err(told("give either text or regex")),
        };
        if pattern.is_empty() {
            return Err(told("the text to search for is empty: use list to see the files"));
        }
        let built = RegexBuilder::new(&pattern).size_limit(EXPRESSION).dfa_size_limit(EXPRESSION).build();
        built.map_err(|error| told(format!("the regex cannot be used: {error}")))
    }

    fn only(&self) -> Result<Option<GlobMatcher>, ToolFailure> {
        let Some(path) = self.path.as_deref().map(|path| path.trim_end_matches('/')) else { return Ok(None) };
        let glob = if path.is_empty() || path == "." { "**".to_owned() } else { format!("{path}{{,/**}}") };
        let built = GlobBuilder::new(&glob).literal_separator(true).empty_alternates(true).build();
        built
            .map(|glob| Some(glob.compile_matcher()))
            .map_err(|error| told(format!("the path is no glob: {error}")))
    }
}

#[derive(Debug, Default)]
struct Counts {
    matches: usize,
    files: usize,
    bytes: usize,
    unread: usize,
}

struct Hunt {
    pattern: Regex,
    only: Option<GlobMatcher>,
    page: Page,
    counts: Counts,
}

impl Hunt {
    fn below(&mut self, ground: &Ground<'_>, directory: &Tree<'_>, path: &str) -> Result<Room, ToolFailure> {
        for entry in directory {
            ground.go_on()?;
            let Ok(name) = entry.name() else {
                self.counts.unread += 1;
                continue;
            };
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let wanted = self.only.as_ref().is_none_or(|only| only.is_match(&path));
            let room = match entry.kind() {
                Some(ObjectType::Tree) => {
                    let inner = ground.clone.find_tree(entry.id()).map_err(failed("search files"))?;
                    self.below(ground, &inner, &path)?
                }
                _ if !wanted => Room::Left,
                Some(ObjectType::Blob) if not_plain(mode_of(entry.filemode())).is_none() => {
                    self.file(ground, &path, entry.id())?
                }
                _ => {
                    self.counts.unread += 1;
                    Room::Left
                }
            };
            if room == Room::Full {
                return Ok(Room::Full);
            }
        }
        Ok(Room::Left)
    }

    fn file(&mut self, ground: &Ground<'_>, path: &str, id: Oid) -> Result<Room, ToolFailure> {
        let objects = ground.clone.odb().map_err(failed("search files"))?;
        let size = objects.read_header(id).map_err(failed("search files"))?.0;
        if size > ground.limits.blob {
            self.counts.unread += 1;
            return Ok(Room::Left);
        }
        if self.counts.files >= FILES || self.counts.bytes + size > BYTES {
            return Ok(Room::Full);
        }
        let blob = ground.clone.find_blob(id).map_err(failed("search files"))?;
        let Ok(text) = FileText::of(blob.content()) else {
            self.counts.unread += 1;
            return Ok(Room::Left);
        };
        self.counts.files += 1;
        self.counts.bytes += size;
        for (number, line) in text.view().lines().enumerate().filter(|(_, line)| self.pattern.is_match(line))
        {
            if self.counts.matches >= MATCHES {
                return Ok(Room::Full);
            }
            let mark = format!("{}:{}: ", words::path(path.as_bytes()), number + 1);
            if self.page.line(&mark, line) == Room::Full {
                return Ok(Room::Full);
            }
            self.counts.matches += 1;
        }
        Ok(Room::Left)
    }
}
