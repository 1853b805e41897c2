//! Counts of what was received of a log.

use std::ops::{Add, AddAssign, Sub};

use crate::log::StoredLine;

/// Lines, their bytes as stored, and bytes cut off overlong ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) cut: u64,
}

impl Counters {
    pub(super) fn of(lines: &[StoredLine]) -> Self {
        lines
            .iter()
            .fold(Self::default(), |sum, line| sum + Self { lines: 1, bytes: line.len(), cut: line.cut })
    }

    /// The lines of a text, each of which ends in a line feed.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            lines: text.bytes().filter(|byte| *byte == b'\n').count() as u64,
            bytes: text.len() as u64,
            cut: 0,
        }
    }
}

impl Add for Counters {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lines: self.lines.saturating_add(other.lines),
            bytes: self.bytes.saturating_add(other.bytes),
            cut: self.cut.saturating_add(other.cut),
        }
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Counters {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            lines: self.lines.saturating_sub(other.lines),
            bytes: self.bytes.saturating_sub(other.bytes),
            cut: self.cut.saturating_sub(other.cut),
        }
    }
}
