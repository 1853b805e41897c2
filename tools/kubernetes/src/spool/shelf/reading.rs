//! What is kept of a log, read back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::Dropped;

use super::super::counters::Counters;
use super::Shelf;
use crate::log::{Excerpting, line_time};

impl Shelf {
    /// Time of the last line that is kept, and how many of the last lines have it.
    pub(in crate::spool) fn resume(&self) -> Option<(DateTime<Utc>, u64)> {
        let mut found: Option<(DateTime<Utc>, u64)> = None;
        for segment in self.segments.iter().rev() {
            for at in segment.text(&self.dir).lines().rev().filter_map(line_time) {
                match &mut found {
                    None => found = Some((at, 1)),
                    Some((last, count)) if *last == at => *count += 1,
                    Some(_) => return found,
                }
            }
        }
        found
    }

    /// Head and tail of at most `limit` bytes, with everything else counted.
    pub(in crate::spool) fn excerpt(&self, limit: u64) -> (String, String, Dropped) {
        let mut excerpting = Excerpting::new(limit);
        let mut pushed = Counters::default();
        for index in self.wanted(limit) {
            let Some(segment) = self.segments.get(index) else { continue };
            if segment.before.lines != pushed.lines {
                excerpting.gap();
            }
            let text = segment.text(&self.dir);
            text.split_inclusive('\n').for_each(|line| excerpting.push(line));
            pushed += Counters::of_text(&text);
        }
        let missing = self.received - pushed;
        excerpting.drop(missing.lines, missing.bytes + self.received.cut);
        excerpting.finish()
    }

    /// The segments that an excerpt of `limit` bytes needs: from the front for its head, from the back for its tail.
    fn wanted(&self, limit: u64) -> BTreeSet<usize> {
        let ends = self.segments.iter().skip(1).map(|next| next.before.bytes).chain([self.received.bytes]);
        let sizes: Vec<u64> = self
            .segments
            .iter()
            .zip(ends)
            .map(|(segment, end)| end.saturating_sub(segment.before.bytes))
            .collect();
        let front = enough(sizes.iter().copied().enumerate(), limit / 4);
        let back = enough(sizes.iter().copied().enumerate().rev(), limit - limit / 4);
        front.into_iter().chain(back).collect()
    }
}

/// The indices whose sizes reach `bytes` together.
fn enough(sizes: impl Iterator<Item = (usize, u64)>, bytes: u64) -> Vec<usize> {
    let mut sum = 0;
    sizes
        .take_while(|(_, size)| {
            let wanted = sum < bytes;
            sum += size;
            wanted
        })
        .map(|(index, _)| index)
        .collect()
}
