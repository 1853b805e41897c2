//! Finds the changed file that a frame lies in, by the longest common end of both paths.

use std::collections::BTreeSet;

use domain::{CommitRange, Frame};

/// Where a frame lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In this file of the repository, which the range changed.
    Changed(String),
    /// In one of so many changed files.
    Ambiguous(usize),
    /// In none that the range changed.
    Unchanged,
}

/// The place of a frame among the files that the range changed.
pub(super) fn place(range: &CommitRange, frame: &Frame) -> Place {
    let changed: BTreeSet<&str> =
        range.commits.iter().flat_map(|commit| &commit.files).map(|file| file.path.as_str()).collect();
    let common: Vec<(usize, &str)> =
        changed.into_iter().map(|path| (matching(&frame.file, path), path)).collect();
    let longest = common.iter().map(|(length, _)| *length).max().unwrap_or(0);
    if longest == 0 {
        return Place::Unchanged;
    }
    let best: Vec<&str> =
        common.into_iter().filter(|(length, _)| *length == longest).map(|(_, path)| path).collect();
    match best.as_slice() {
        [only] => Place::Changed((*only).to_owned()),
        several => Place::Ambiguous(several.len()),
    }
}

/// How many parts the two paths have in common at their end; 0 where that is too little to be the same file.
///
/// A frame's path is relative to the build (`src/a.rs`, `shop/users/UserResource.java`) or absolute in the image
/// (`/app/shop/x.py`). One must be the end of the other, or at least two parts agree; a lone file name is enough only
/// directly under the image's working directory (`/app/main.py`) or when the frame has nothing more.
fn matching(frame: &str, path: &str) -> usize {
    let frame_parts: Vec<&str> = split(frame);
    let path_parts: Vec<&str> = split(path);
    let common = frame_parts.iter().rev().zip(path_parts.iter().rev()).take_while(|(a, b)| a == b).count();
    let is_whole_frame = common == frame_parts.len();
    let is_whole_path = common == path_parts.len();
    let is_under_root = frame.starts_with('/') && frame_parts.len() <= 2;
    let is_enough = match common {
        0 => false,
        1 => is_whole_path && (is_under_root || is_whole_frame),
        _ => is_whole_frame || is_whole_path || frame.starts_with('/'),
    };
    if is_enough { common } else { 0 }
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_common_end_decides_and_a_lone_name_is_not_enough() {
        for (frame, path, expected) in [
            ("src/a.rs", "src/a.rs", 2),
            ("src/a.rs", "services/shop/src/a.rs", 2),
            ("/app/shop/x.py", "shop/x.py", 2),
            ("/app/shop/x.py", "backend/shop/x.py", 2),
            ("/app/main.py", "main.py", 1),
            ("main.py", "main.py", 1),
            ("shop/users/UserResource.java", "src/main/java/shop/users/UserResource.java", 3),
            ("/app/shop/config.py", "config.py", 0),
            ("src/a.rs", "other/a.rs", 0),
            ("src/a.rs", "a.rs", 0),
            ("crates/x/src/a.rs", "crates/y/src/a.rs", 0),
            ("", "a.rs", 0),
        ] {
            assert_eq!(matching(frame, path), expected, "{frame} {path}");
        }
    }
}
