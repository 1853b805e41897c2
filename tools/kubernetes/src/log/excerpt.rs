//! Head and tail of any number of lines, within a limit of bytes.

use std::collections::VecDeque;

use domain::Dropped;

/// Takes lines and keeps the first quarter of its limit and as much of the end as the rest holds.
#[derive(Debug)]
pub(crate) struct Excerpting {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: u64,
    head_limit: u64,
    tail_limit: u64,
    dropped: Dropped,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Head,
    Tail,
}

impl Excerpting {
    pub(crate) fn new(limit: u64) -> Self {
        let head_limit = limit / 4;
        Self {
            head: String::new(),
            tail: VecDeque::new(),
            tail_bytes: 0,
            head_limit,
            tail_limit: limit - head_limit,
            dropped: Dropped::default(),
            phase: Phase::Head,
        }
    }

    /// Takes the next line, which ends in a line feed.
    pub(crate) fn push(&mut self, line: &str) {
        let bytes = line.len() as u64;
        if self.phase == Phase::Head && self.head.len() as u64 + bytes <= self.head_limit {
            self.head.push_str(line);
            return;
        }
        self.phase = Phase::Tail;
        self.tail.push_back(line.to_owned());
        self.tail_bytes += bytes;
        while self.tail_bytes > self.tail_limit
            && let Some(oldest) = self.tail.pop_front()
        {
            self.tail_bytes -= oldest.len() as u64;
            self.drop(1, oldest.len() as u64);
        }
    }

    /// Counts lines and bytes that were dropped elsewhere.
    pub(crate) fn drop(&mut self, lines: u64, bytes: u64) {
        self.dropped.lines += lines;
        self.dropped.bytes += bytes;
    }

    /// There are lines between what was pushed and what will be, that nobody has.
    pub(crate) fn gap(&mut self) {
        self.phase = Phase::Tail;
    }

    /// Head, tail and what is not in them. The tail is empty when the head holds every line.
    pub(crate) fn finish(self) -> (String, String, Dropped) {
        let (mut head, tail) = (self.head, self.tail.into_iter().collect::<String>());
        if self.dropped.lines == 0 {
            head.push_str(&tail);
            return (head, String::new(), self.dropped);
        }
        (head, tail, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(lines: usize, limit: u64) -> (String, String, Dropped) {
        let mut excerpting = Excerpting::new(limit);
        (0..lines).for_each(|n| excerpting.push(&format!("line {n:03}\n")));
        excerpting.finish()
    }

    #[test]
    fn what_fits_is_all_head() {
        let (head, tail, dropped) = excerpt(4, 36);
        assert_eq!((head.lines().count(), tail.as_str(), dropped), (4, "", Dropped::default()));
    }

    #[test]
    fn what_does_not_fit_is_head_and_tail_with_the_middle_counted() {
        let (head, tail, dropped) = excerpt(1000, 80);
        assert_eq!(head, "line 000\nline 001\n");
        assert_eq!(tail.lines().next(), Some("line 994"));
        assert_eq!(tail.lines().last(), Some("line 999"));
        assert_eq!(dropped, Dropped { lines: 992, bytes: 992 * 9 });
    }
}
