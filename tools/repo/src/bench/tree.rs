//! Entries of a tree, found by a path that a model wrote.

use domain::ToolFailure;
use git2::{FileMode, ObjectType, Oid, Repository, Tree};

use super::ground::failed;
use super::text::FileText;
use crate::revert::paths::no_name;
use crate::revert::result::not_plain;
use crate::settings::Limits;
use crate::words;

/// Names that are told where one does not exist.
const TOLD: usize = 30;
/// How a file begins that only points at its content; see git-lfs/git-lfs docs/spec.md.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What a path names.
pub(super) enum Entry<'r> {
    File { id: Oid, mode: FileMode },
    Directory(Tree<'r>),
}

/// For a model: what it asked for, and what it can do instead.
pub(super) fn told(what: impl Into<String>) -> ToolFailure {
    ToolFailure::Model(what.into())
}

/// The path as the tree knows it, or the rule that it breaks.
pub(super) fn checked(path: &str) -> Result<&str, ToolFailure> {
    match no_name(path.as_bytes()) {
        None => Ok(path),
        Some(rule) => Err(told(format!(
            "{} {rule}: name files from the repository's root, such as src/main.rs",
            words::line(path.as_bytes(), 200)
        ))),
    }
}

/// Finds the entry. A symlink or submodule on the way is told and never followed.
pub(super) fn find<'r>(clone: &'r Repository, root: &Tree<'r>, path: &str) -> Result<Entry<'r>, ToolFailure> {
    let mut directory = root.clone();
    let mut parts = checked(path)?.split('/').peekable();
    let mut so_far = String::new();
    while let Some(part) = parts.next() {
        let Some(entry) = directory.get_name_bytes(part.as_bytes()) else {
            return Err(told(missing(path, &so_far, &directory)));
        };
        so_far = if so_far.is_empty() { part.to_owned() } else { format!("{so_far}/{part}") };
        let (id, mode) = (entry.id(), mode_of(entry.filemode()));
        match (entry.kind(), parts.peek()) {
            (Some(ObjectType::Tree), None) => {
                return Ok(Entry::Directory(clone.find_tree(id).map_err(failed("read a directory"))?));
            }
            (Some(ObjectType::Tree), Some(_)) => {
                let next = clone.find_tree(id).map_err(failed("read a directory"))?;
                drop(entry);
                directory = next;
            }
            _ if not_plain(mode).is_some() => {
                let rule = not_plain(mode).unwrap_or_default();
                return Err(told(format!("{so_far} {rule}, which is never followed")));
            }
            (_, None) => return Ok(Entry::File { id, mode }),
            (_, Some(_)) => return Err(told(format!("{so_far} is a file, no directory"))),
        }
    }
    Ok(Entry::Directory(directory))
}

/// A file's text, where it is one and not too large.
pub(super) fn text_of(
    clone: &Repository,
    limits: &Limits,
    path: &str,
    id: Oid,
) -> Result<FileText, ToolFailure> {
    let size = clone.odb().and_then(|objects| objects.read_header(id)).map_err(failed("read a file"))?.0;
    if size > limits.blob {
        return Err(told(format!("{path} has {size} bytes; only files of at most {} are read", limits.blob)));
    }
    let blob = clone.find_blob(id).map_err(failed("read a file"))?;
    if blob.content().starts_with(LFS) {
        return Err(told(format!("{path} is a pointer of Git LFS; its content is not here")));
    }
    FileText::of(blob.content()).map_err(|why| told(format!("{path} {why}: only text in UTF-8 is read")))
}

/// The mode of an entry, as git reads it.
pub(super) fn mode_of(raw: i32) -> FileMode {
    match raw {
        0o100_644 => FileMode::Blob,
        0o100_664 => FileMode::BlobGroupWritable,
        0o100_755 => FileMode::BlobExecutable,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Commit,
        0o040_000 => FileMode::Tree,
        _ => FileMode::Unreadable,
    }
}

fn missing(path: &str, so_far: &str, directory: &Tree<'_>) -> String {
    let names: Vec<String> =
        directory.iter().take(TOLD).map(|entry| words::line(entry.name_bytes(), 100)).collect();
    let more = directory.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let place = if so_far.is_empty() { "the root" } else { so_far };
    format!("there is no {path}; {place} holds {}{more}", names.join(", "))
}
