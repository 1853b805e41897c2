//! Commits as a model reads them: found by an abbreviated id, shown with message and diff, page by page.

use domain::{ToolFailure, ToolOutput};
use git2::{Commit, DiffFormat, Oid, Repository};

use crate::fault::of_git;
use crate::gauge::Gauge;
use crate::page::{Page, Room};
use crate::revert::result::as_git_shows_it;
use crate::settings::Limits;
use crate::words;

/// The fewest digits of an id that are taken.
const FEWEST_DIGITS: usize = 7;
/// Lines of a message that are shown.
const MESSAGE: usize = 40;
/// Lines of one diff that can be paged through.
const LINES: usize = 50_000;

/// Whether a text can be the id of a commit, whole or abbreviated.
pub(crate) fn may_be_id(text: &str) -> bool {
    (FEWEST_DIGITS..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit of the clone that an id names.
pub(crate) fn by_id<'r>(clone: &'r Repository, text: &str) -> Option<Commit<'r>> {
    if !may_be_id(text) {
        return None;
    }
    clone.find_commit_by_prefix(text).ok()
}

/// Which part of a commit is wanted.
pub(crate) struct Wanted<'a> {
    /// Only what it changed there: a file, or a directory with all below it.
    pub(crate) path: Option<&'a str>,
    /// The diff's first line, from 1.
    pub(crate) from: usize,
}

/// Message and diff against the first parent. A merge shows what it brought to the branch.
pub(crate) fn show(
    clone: &Repository,
    limits: &Limits,
    commit: &Commit<'_>,
    wanted: &Wanted<'_>,
) -> Result<ToolOutput, ToolFailure> {
    let failed = |e| of_git(e, format_args!("show commit {}", commit.id()));
    let mut gauge = Gauge::new(clone, limits);
    gauge.check(commit)?;
    let parent = commit.parent(0).ok();
    if let Some(parent) = &parent {
        gauge.check(parent)?;
    }
    let mut page = Page::default();
    head(commit, &mut page);
    let old = parent.as_ref().map(Commit::tree).transpose().map_err(failed)?;
    let mut options = as_git_shows_it();
    options.max_size(i64::try_from(limits.blob).unwrap_or(i64::MAX)).disable_pathspec_match(true);
    if let Some(path) = wanted.path {
        options.pathspec(path);
    }
    let new = commit.tree().map_err(failed)?;
    let diff = clone.diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options)).map_err(failed)?;
    let next = lines(&diff, wanted.from, &mut page).map_err(failed)?;
    let short = words::sha(commit.id())?;
    let rest = next.map(|next| {
        format!(
            "the diff goes on: call show_commit with sha {} and from {next}, or with a path",
            short.short()
        )
    });
    Ok(ToolOutput { text: page.into_text(), rest })
}

fn head(commit: &Commit<'_>, page: &mut Page) {
    let author = commit.author();
    page.line("commit ", &commit.id().to_string());
    page.line("author ", &words::line(author.name_bytes(), 100));
    if commit.parent_count() > 1 {
        page.line("", "a merge, shown against its first parent");
    }
    page.line("", "");
    let message = String::from_utf8_lossy(commit.message_raw_bytes());
    let all = message.trim().lines().count();
    for line in message.trim().lines().take(MESSAGE) {
        page.line("    ", line);
    }
    if all > MESSAGE {
        page.line("    ", &format!("… ({} more lines)", all - MESSAGE));
    }
    page.line("", "");
}

/// Adds the diff's lines; the number of the next where they did not all fit. Contents are read file by file, so that an end here
/// leaves the rest unread.
fn lines(diff: &git2::Diff<'_>, from: usize, page: &mut Page) -> Result<Option<usize>, git2::Error> {
    if diff.deltas().len() == 0 {
        page.line("", "(no change there)");
        return Ok(None);
    }
    let mut number = 0;
    let mut next = None;
    let printed = diff.print(DiffFormat::Patch, |_, _, line| {
        let content = String::from_utf8_lossy(line.content());
        let mark = match line.origin() {
            origin @ ('+' | '-' | ' ') => origin.to_string(),
            _ => String::new(),
        };
        for text in content.trim_end_matches('\n').split('\n') {
            number += 1;
            if number < from {
                continue;
            }
            if number > LINES || page.line(&mark, text.trim_end_matches('\r')) == Room::Full {
                next = Some(number);
                return false;
            }
        }
        true
    });
    match next {
        Some(number) if number > LINES => Ok(None),
        Some(number) => Ok(Some(number)),
        None => printed.map(|()| None),
    }
}

/// Whether a commit is the other or lies before it.
pub(crate) fn is_in(clone: &Repository, commit: Oid, history_of: Oid) -> bool {
    commit == history_of || clone.graph_descendant_of(history_of, commit).unwrap_or(false)
}
