//! Changes to files: a text that stands there once gives way to another, or a file is new. All of it or nothing.

use domain::{REDACTED, ToolAccess, ToolFailure, ToolOutput};
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType};
use schemars::JsonSchema;
use serde::Deserialize;

use super::errand::Errand;
use super::ground::{Ground, failed};
use super::read::numbered;
use super::syntax::{self, Checked};
use super::text::{FileText, with_plain_ends};
use super::tree::{Entry, checked, find, text_of, told};
use crate::revert::paths::{TWIN, has_twin};

/// Places of an ambiguous text that are told.
const PLACES: usize = 20;
/// Lines that are shown around a change, before and after.
const AROUND: usize = 3;

/// Replaces a text in a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    /// The file, from the repository's root.
    path: String,
    /// What stands there now, exactly, without line numbers; it must occur once, so take lines around it along.
    old: String,
    /// What shall stand there instead.
    new: String,
}

/// Makes a new file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteFile {
    /// The file, from the repository's root; it must not exist yet.
    path: String,
    /// Its whole content.
    content: String,
}

impl Errand for Edit {
    const NAME: &'static str = "edit";
    const DESCRIPTION: &'static str = "Replaces a text that occurs exactly once in a file. Write plain line ends: the file keeps its own, \
        its mode and its end. Refused, with nothing changed, where the text occurs not at all or more than once, where the file's \
        syntax would break, and for files that a patch may not touch.";
    const ACCESS: ToolAccess = ToolAccess::Changes;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let path = checked(&self.path)?;
        let (old, new) = (with_plain_ends(&self.old), with_plain_ends(&self.new));
        may_touch(ground, path)?;
        let (id, mode) = match find(ground.clone, &ground.tree()?, path)? {
            Entry::File { id, mode } => (id, mode),
            Entry::Directory(_) => return Err(told(format!("{path} is a directory"))),
        };
        let text = text_of(ground.clone, ground.limits, path, id)?;
        let view = text.view();
        if old == new {
            return Err(told("old and new are the same: nothing would change"));
        }
        let at = only_place(path, &view, &old)?;
        readable(&old, &new)?;
        let edited = text.replaced(&(at..at + old.len()), &new);
        let after = edited.view();
        if after == view {
            return Err(told("nothing would change: a file keeps the end that it has"));
        }
        let words = fits(path, Some(&view), &after)?;
        put(ground, path, edited, mode)?;
        let first = view.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let count = new.matches('\n').count() + 1 + 2 * AROUND;
        let shown = numbered(
            path,
            &after,
            first.saturating_sub(AROUND).max(1).min(after.lines().count().max(1)),
            count,
        )?;
        Ok(ToolOutput::whole(format!("{path} is changed; {words}. It now reads:\n{}", shown.text)))
    }
}

impl Errand for WriteFile {
    const NAME: &'static str = "write_file";
    const DESCRIPTION: &'static str =
        "Makes a new file. An existing one is changed with edit. Files are never deleted or moved.";
    const ACCESS: ToolAccess = ToolAccess::Changes;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let path = checked(&self.path)?;
        may_touch(ground, path)?;
        is_free(ground, path)?;
        let mut content = with_plain_ends(&self.content);
        if !content.is_empty() && !content.ends_with('\n') {
            content.push('\n');
        }
        readable("", &content)?;
        let words = fits(path, None, &content)?;
        let text = FileText::of(content.as_bytes()).map_err(|why| told(format!("the content {why}")))?;
        put(ground, path, text, FileMode::Blob)?;
        Ok(ToolOutput::whole(format!("{path} is new, with {} lines; {words}", content.lines().count())))
    }
}

/// Whether a patch may touch the file.
fn may_touch(ground: &Ground<'_>, path: &str) -> Result<(), ToolFailure> {
    if let Some(rule) = ground.rules.broken_by(path.as_bytes()) {
        return Err(told(format!("{path} {rule}")));
    }
    for tree in [ground.tree()?, ground.base()?.tree().map_err(failed("read the base branch"))?] {
        if has_twin(ground.clone, &tree, path).map_err(failed("compare names"))? {
            return Err(told(format!("{path} {TWIN}")));
        }
    }
    Ok(())
}

/// Whether nothing stands at a path, and nothing but directories on the way to it.
fn is_free(ground: &Ground<'_>, path: &str) -> Result<(), ToolFailure> {
    let root = ground.tree()?;
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for prefix in ends.filter_map(|end| path.get(..end)) {
        match root.get_path(std::path::Path::new(prefix)) {
            Err(_) => return Ok(()),
            Ok(entry) if prefix == path => {
                let advice = if entry.kind() == Some(ObjectType::Blob) { ": use edit" } else { "" };
                return Err(told(format!("{path} exists{advice}")));
            }
            Ok(entry) if entry.kind() == Some(ObjectType::Tree) => {}
            Ok(_) => return Err(told(format!("{prefix} is no directory"))),
        }
    }
    Ok(())
}

/// Where the text stands, if it stands there once. Places that overlap are two.
fn only_place(path: &str, view: &str, old: &str) -> Result<usize, ToolFailure> {
    let first = match old.chars().next() {
        Some(first) => first.len_utf8(),
        None => return Err(told("old is empty: give the text that stands there now")),
    };
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) =
        view.get(from..).and_then(|rest| rest.find(old)).filter(|_| places.len() <= PLACES)
    {
        places.push(from + found);
        from += found + first;
    }
    let line = |at: &usize| (view.get(..*at).unwrap_or_default().matches('\n').count() + 1).to_string();
    match places.as_slice() {
        [at] => Ok(*at),
        [] => Err(told(not_there(path, view, old))),
        many => {
            let lines: Vec<String> = many.iter().take(PLACES).map(line).collect();
            let more = if many.len() > PLACES { "more than " } else { "" };
            Err(told(format!(
                "old occurs {more}{} times in {path}, beginning on lines {}: take lines around it along, so that it occurs once",
                many.len().min(PLACES),
                lines.join(", ")
            )))
        }
    }
}

/// Says where the first line of the text stands, or where it stands but for blanks.
fn not_there(path: &str, view: &str, old: &str) -> String {
    let wanted = old.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let alike: Vec<String> = view
        .lines()
        .enumerate()
        .filter(|(_, line)| !wanted.is_empty() && line.trim() == wanted)
        .take(PLACES)
        .map(|(number, _)| (number + 1).to_string())
        .collect();
    let hint = if alike.is_empty() {
        "read the file again".to_owned()
    } else {
        format!(
            "its first line stands, but for blanks, on lines {}: read them and copy exactly",
            alike.join(", ")
        )
    };
    format!("old does not occur in {path}: {hint}")
}

/// Whether the new text is what it shows: a reviewer sees all of it, and no secret that was taken out of what the model read is missing
/// in it.
fn readable(old: &str, new: &str) -> Result<(), ToolFailure> {
    if new.matches(REDACTED).count() > old.matches(REDACTED).count() {
        return Err(told(format!(
            "the new text holds {REDACTED}, which stands for a secret that is not shown to you: leave that line as it is"
        )));
    }
    let hidden = |c: &char| (c.is_control() && !matches!(c, '\n' | '\t')) || domain::is_invisible(*c);
    let count = |text: &str| text.chars().filter(hidden).count();
    match new.chars().find(hidden) {
        Some(c) if count(new) > count(old) => Err(told(format!(
            "the new text holds U+{:04X}, which no reviewer sees: write it as an escape of the language",
            u32::from(c)
        ))),
        _ => Ok(()),
    }
}

fn fits(path: &str, before: Option<&str>, after: &str) -> Result<String, ToolFailure> {
    match syntax::check(path, before, after) {
        Checked::Fits(words) => Ok(words),
        Checked::Broken(why) => Err(told(format!("nothing was changed: {why}"))),
    }
}

/// Writes file and tree; the bench moves on to it when the errand ends.
fn put(ground: &mut Ground<'_>, path: &str, text: FileText, mode: FileMode) -> Result<(), ToolFailure> {
    let bytes = text.into_bytes();
    if bytes.len() > ground.limits.blob {
        return Err(told(format!(
            "{path} would have {} bytes; the most is {}",
            bytes.len(),
            ground.limits.blob
        )));
    }
    let blob = ground.clone.blob(&bytes).map_err(failed("write a file"))?;
    let mut update = TreeUpdateBuilder::new();
    update.upsert(path, blob, mode);
    let tree = update.create_updated(ground.clone, &ground.tree()?);
    // libgit2 refuses names that some file system takes for others; what passed our rules and not its own is the model's to change.
    let tree = tree.map_err(|error| {
        told(format!("git refuses {path}: {}", crate::words::line(error.message().as_bytes(), 200)))
    })?;
    ground.changed = Some(tree);
    Ok(())
}
