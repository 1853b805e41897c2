//! Follows changed lines through the later commits of a range to the canary's version of the file.

use std::collections::{HashMap, HashSet};

use domain::{ChangeKind, FileChange, LineRange};

use super::changes::{Changes, File, Place};

/// The commits of the range that come after the one that is being read, oldest last.
#[derive(Debug, Default)]
pub(crate) struct Later(Vec<Step>);

/// One later commit, by the paths before it.
#[derive(Debug)]
struct Step {
    files: HashMap<String, File>,
    unread: HashSet<String>,
}

impl Later {
    /// Adds the commit before all that are here.
    pub(crate) fn push(&mut self, changes: Changes) {
        let files = changes.files.into_iter().filter(|file| file.kind != ChangeKind::Added);
        let files = files.map(|file| (file.old_path.clone(), file)).collect();
        self.0.push(Step { files, unread: changes.unread });
    }

    /// A file's change as the domain wants it: its lines are those in the canary's version that are still this commit's. Lines
    /// that a later commit overwrote are that commit's; where a later commit is not known well enough, there are none.
    pub(crate) fn seen_from_the_end(&self, file: &File, most_ranges: usize) -> FileChange {
        let mut ranges = match file.kind {
            ChangeKind::Deleted | ChangeKind::Opaque => Vec::new(),
            ChangeKind::Added | ChangeKind::Modified | ChangeKind::Renamed => file.changed_lines(),
        };
        self.carry_on(&file.path, &mut ranges);
        let mut lines = joined(ranges);
        lines.truncate(most_ranges);
        FileChange {
            path: file.path.clone(),
            lines,
            added: file.added(),
            removed: file.removed(),
            kind: file.kind,
            values: Vec::new(),
            values_left_out: 0,
        }
    }

    /// Where a line of a file is in the canary's version; `None` where a later commit overwrote it or is not known well enough.
    pub(crate) fn line_from_the_end(&self, path: &str, line: u32) -> Option<u32> {
        let mut ranges = vec![LineRange { first: line, last: line }];
        self.carry_on(path, &mut ranges);
        ranges.first().map(|range| range.first)
    }

    fn carry_on(&self, path: &str, ranges: &mut Vec<LineRange>) {
        let mut path = path;
        for step in self.0.iter().rev() {
            if ranges.is_empty() {
                break;
            }
            if step.unread.contains(path) {
                ranges.clear();
            } else if let Some(next) = step.files.get(path) {
                *ranges = match next.kind {
                    ChangeKind::Deleted | ChangeKind::Opaque => Vec::new(),
                    _ => through(ranges, &next.places),
                };
                path = &next.path;
            }
        }
    }
}

/// Where the lines of `ranges` are after `places` changed; those that were replaced or removed are gone.
pub(crate) fn through(ranges: &[LineRange], places: &[Place]) -> Vec<LineRange> {
    let mut moved = Vec::new();
    // The untouched stretch that begins at `from` stands `shift` lines further down.
    let mut from: i64 = 1;
    let mut shift: i64 = 0;
    for place in places {
        let (old_start, old_lines) = (i64::from(place.old_start), i64::from(place.old_lines));
        // With no old lines, git names the line after which the new ones were put.
        let touched = if old_lines == 0 { old_start + 1 } else { old_start };
        carry(ranges, from, touched - 1, shift, &mut moved);
        from = touched + old_lines;
        shift += i64::from(place.new_lines) - old_lines;
    }
    carry(ranges, from, i64::from(u32::MAX), shift, &mut moved);
    moved
}

/// Moves what of `ranges` lies between `from` and `to`.
fn carry(ranges: &[LineRange], from: i64, to: i64, shift: i64, moved: &mut Vec<LineRange>) {
    for range in ranges {
        let first = i64::from(range.first).max(from);
        let last = i64::from(range.last).min(to);
        if first <= last
            && let (Ok(first), Ok(last)) = (u32::try_from(first + shift), u32::try_from(last + shift))
        {
            moved.push(LineRange { first, last });
        }
    }
}

/// In order, with neighbours joined.
fn joined(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort_by_key(|range| range.first);
    let mut joined: Vec<LineRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before) if range.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(range.last);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(first: u32, last: u32) -> LineRange {
        LineRange { first, last }
    }

    fn place(old_start: u32, old_lines: u32, new_start: u32, new_lines: u32) -> Place {
        Place { old_start, old_lines, new_start, new_lines }
    }

    #[test]
    fn lines_move_with_what_is_put_before_them_and_split_around_what_is_put_between() {
        assert_eq!(through(&[lines(5, 8)], &[place(2, 0, 3, 10)]), [lines(15, 18)]);
        assert_eq!(through(&[lines(5, 8)], &[place(6, 0, 7, 2)]), [lines(5, 6), lines(9, 10)]);
        assert_eq!(through(&[lines(5, 8)], &[place(8, 0, 9, 2)]), [lines(5, 8)]);
        assert_eq!(through(&[lines(5, 8)], &[place(1, 3, 0, 0)]), [lines(2, 5)]);
    }

    #[test]
    fn lines_that_were_overwritten_belong_to_the_later_commit() {
        assert_eq!(through(&[lines(5, 8)], &[place(6, 2, 6, 1)]), [lines(5, 5), lines(7, 7)]);
        assert_eq!(through(&[lines(5, 8)], &[place(4, 9, 4, 9)]), []);
    }

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(
            joined(vec![lines(7, 9), lines(1, 2), lines(3, 3), lines(8, 11)]),
            [lines(1, 3), lines(7, 11)]
        );
    }
}
