//! What a crash leaves in a clone, and how a clone goes away.

use std::fs;
use std::io;
use std::path::Path;

/// Ending of a clone that is being removed.
pub(super) const GOING: &str = "going";

/// Directories below each other in a clone, at most.
const DEEPEST: u32 = 4;

/// Removes locks and half-written packs of a process that died: whoever calls holds the clone alone, so nobody writes them. An error
/// where a link stands in the clone's place or in it, or where it borrows objects from elsewhere: we make none of these.
pub(super) fn sweep(clone: &Path) -> io::Result<()> {
    if fs::symlink_metadata(clone)?.is_symlink() {
        return Err(not_ours(clone));
    }
    find_links(clone, 0)?;
    sweep_locks(clone, 0)?;
    let packs = clone.join("objects/pack");
    if !packs.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(packs)? {
        let path = entry?.path();
        let whole = path.extension().is_some_and(|ending| ending == "pack" || ending == "idx");
        if !whole && path.is_file() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn find_links(directory: &Path, depth: u32) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_symlink() || path.ends_with("objects/info/alternates") {
            return Err(not_ours(&path));
        }
        if kind.is_dir() && depth < DEEPEST {
            find_links(&path, depth + 1)?;
        }
    }
    Ok(())
}

fn not_ours(path: &Path) -> io::Error {
    io::Error::other(format!("{} leads out of the clone", path.display()))
}

/// Objects have no locks, and ours are the only refs: a handful of directories.
fn sweep_locks(directory: &Path, depth: u32) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() && depth < DEEPEST && !path.ends_with("objects") {
            sweep_locks(&path, depth + 1)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "lock") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Removes a clone so that no half of it is ever found under its name.
pub(super) fn remove(clone: &Path) -> io::Result<()> {
    let going = clone.with_extension(GOING);
    if going.exists() {
        fs::remove_dir_all(&going)?;
    }
    fs::rename(clone, &going)?;
    fs::remove_dir_all(&going)
}
