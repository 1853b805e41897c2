//! How long incidents and their case files are kept, and how much room these take by now.

use std::path::Path;

use bytesize::ByteSize;

use super::Findings;
use crate::config::{Config, written};

const AREA: &str = "keep";
/// Files that are counted.
const MOST: usize = 100_000;

pub(super) fn look(config: &Config, findings: &mut Findings) -> miette::Result<()> {
    let keep = config.daemon.keep;
    let taken = taken(&config.daemon.cases);
    let (is, may) = (ByteSize(taken), ByteSize(keep.cases));
    if taken > keep.cases {
        let advice = "the oldest finished ones go with the next sweep, those of open incidents stay";
        return findings
            .note(AREA, format!("case files take {is}, more than the {may} of keep.case_files: {advice}"));
    }
    let incidents = written(keep.incidents);
    findings.good(
        AREA,
        format!("incidents are kept for {incidents} after their end; case files take {is} of the {may} that they may"),
    )
}

/// What lies in the folder and the folders in it, as far as it can be read.
fn taken(folder: &Path) -> u64 {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let in_folders = entries(folder).flat_map(|entry| entries(&entry.path()));
    in_folders.take(MOST).filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_folders_of_a_folder_is_added_up() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(taken(&folder.path().join("not-there")), 0);
        for (name, bytes) in [("ab", 10), ("cd", 20)] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("case"), vec![0; bytes]).unwrap();
        }
        assert_eq!(taken(folder.path()), 30);
    }
}
