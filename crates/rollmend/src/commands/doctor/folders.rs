//! The folders that the daemon writes: whether it may, and whether there is room.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::Findings;
use crate::config::Config;

const AREA: &str = "folder";
/// Less room than this holds no incident for long.
const LEAST: u64 = 256 << 20;

pub(super) fn look(config: &Config, findings: &mut Findings) -> miette::Result<()> {
    let daemon = &config.daemon;
    let journal = daemon.journal.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut folders: Vec<(PathBuf, u64)> = Vec::new();
    for (folder, wanted) in [
        (journal, LEAST),
        (daemon.cases.clone(), daemon.keep.cases),
        (daemon.spool.folder.clone(), daemon.spool.total),
        (daemon.clones.clone(), daemon.keep.clones),
    ] {
        // Those that are still to be made count for the folder that they will be made in.
        let there = nearest(&folder);
        match folders.iter_mut().find(|(known, _)| *known == there) {
            Some((_, sum)) => *sum = sum.saturating_add(wanted),
            None => folders.push((there, wanted)),
        }
    }
    for (folder, wanted) in folders {
        one(&folder, wanted, findings)?;
    }
    if daemon.journal.exists()
        && let Err(error) = OpenOptions::new().append(true).open(&daemon.journal)
    {
        let advice = "give the daemon's user the right to write it";
        findings.bad(AREA, format!("{} cannot be written ({error}): {advice}", daemon.journal.display()))?;
    }
    Ok(())
}

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    let here = |path: &&Path| path.as_os_str().is_empty() || path.exists();
    let found = folder.ancestors().find(here).unwrap_or(Path::new("/"));
    if found.as_os_str().is_empty() { PathBuf::from(".") } else { found.to_owned() }
}

fn one(folder: &Path, wanted: u64, findings: &mut Findings) -> miette::Result<()> {
    let name = folder.display();
    if let Err(error) = writable(folder) {
        let advice = "give the daemon's user the right to write it, or name another folder as [daemon] data";
        return findings.bad(AREA, format!("{name} cannot be written ({error}): {advice}"));
    }
    let Ok(free) = free(folder) else {
        return findings.note(AREA, format!("{name} can be written; how much room it has is not known"));
    };
    let (has, may) = (ByteSize(free), ByteSize(wanted));
    if free < LEAST {
        let advice = "make room, or name another folder as [daemon] data";
        return findings.bad(AREA, format!("{name} has {has} of room: {advice}"));
    }
    if free < wanted {
        let advice = "lower [daemon] spool.total, keep.case_files and keep.clones, or make room";
        return findings.note(AREA, format!("{name} has {has} of room, {may} may be used: {advice}"));
    }
    findings.good(AREA, format!("{name} can be written and has {has} of room, of which {may} may be used"))
}

/// By a file that never has a name.
fn writable(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(|_| ())
}

fn free(folder: &Path) -> io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_still_to_be_made_counts_for_the_one_above_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(nearest(&folder.path().join("a/b")), folder.path());
        assert_eq!(nearest(folder.path()), folder.path());
        assert_eq!(nearest(Path::new("not-there/b")), Path::new("."));
    }
}
