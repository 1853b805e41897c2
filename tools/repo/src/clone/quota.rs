//! The room that all clones together may take: the one unused for longest goes first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{USED, beneath, litter};

struct Found {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

/// Removes clones other than `keep` until half of `quota` (bytes) is free, and returns how many bytes `keep` may grow by. Half,
/// because how much a fetch brings is known only when it is there, and the quota holds in between too. A clone that another
/// operation holds is left alone.
pub(crate) fn make_room(directory: &Path, keep: &Path, quota: u64) -> io::Result<u64> {
    let mut clones = find(directory)?;
    clones.sort_by_key(|clone| clone.used);
    let mut taken: u64 = clones.iter().map(|clone| clone.bytes).sum();
    for clone in clones.iter().filter(|clone| clone.path != keep) {
        if taken <= quota / 2 {
            break;
        }
        if remove_unused(&clone.path)? {
            taken = taken.saturating_sub(clone.bytes);
        }
    }
    Ok(quota.saturating_sub(taken))
}

fn find(directory: &Path) -> io::Result<Vec<Found>> {
    let mut clones = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("git") if entry.file_type()?.is_dir() => clones.push(Found {
                used: fs::symlink_metadata(path.join(USED))
                    .and_then(|file| file.modified())
                    .unwrap_or(SystemTime::UNIX_EPOCH),
                bytes: bytes_below(&path)?,
                path,
            }),
            Some(litter::GOING) => fs::remove_dir_all(&path)?,
            _ => {}
        }
    }
    Ok(clones)
}

fn remove_unused(clone: &Path) -> io::Result<bool> {
    let lock = beneath::open(&clone.with_extension("lock"))?;
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    litter::remove(clone)?;
    tracing::info!(clone = %clone.display(), "removed a clone to make room");
    Ok(true)
}

fn bytes_below(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        bytes += match (kind.is_dir(), entry.metadata()) {
            (true, _) => bytes_below(&entry.path())?,
            (false, Ok(file)) => file.len(),
            // A file that went away in between takes no room.
            (false, Err(_)) => 0,
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    fn clone_of(directory: &Path, name: &str, bytes: usize, age: u64) -> PathBuf {
        let path = directory.join(format!("{name}.git"));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("pack"), vec![0; bytes]).unwrap();
        let used = File::create(path.join(USED)).unwrap();
        used.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).unwrap();
        path
    }

    #[test]
    fn the_clone_unused_for_longest_goes_first_and_only_as_many_as_must() {
        let directory = tempfile::tempdir().unwrap();
        let oldest = clone_of(directory.path(), "a", 400, 30);
        let middle = clone_of(directory.path(), "b", 400, 20);
        let kept = clone_of(directory.path(), "c", 400, 40);
        assert_eq!(make_room(directory.path(), &kept, 2_000).unwrap(), 1_200);
        assert!(!oldest.exists() && middle.exists() && kept.exists());
    }

    #[test]
    fn a_clone_in_use_is_never_removed() {
        let directory = tempfile::tempdir().unwrap();
        let busy = clone_of(directory.path(), "a", 400, 30);
        let kept = clone_of(directory.path(), "b", 400, 20);
        let lock = File::create(directory.path().join("a.lock")).unwrap();
        lock.lock().unwrap();
        assert_eq!(make_room(directory.path(), &kept, 900).unwrap(), 100);
        assert!(busy.exists());
    }
}
