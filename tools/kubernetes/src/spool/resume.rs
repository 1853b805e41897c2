//! Tells lines that were taken before a connection was cut from those that follow.

use chrono::{DateTime, Utc};

/// Where a log was left: the time of the last line, and how many lines of that very time were taken.
///
/// The API server goes back to a whole second, and several lines can have the same time: so lines before that time are
/// skipped, and of those at it as many as were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resume {
    last: DateTime<Utc>,
    taken: u64,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Behind the place where the log was left.
    Onward,
    /// On the way there; so many lines of the last time have passed.
    Catching { passed: u64 },
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Take,
    Skip,
}

impl Resume {
    /// From `since` on, or from where an earlier process left it, if that is later.
    pub(super) fn new(since: DateTime<Utc>, stored: Option<(DateTime<Utc>, u64)>) -> Self {
        let (last, taken) = stored.filter(|(last, _)| *last >= since).unwrap_or((since, 0));
        Self { last, taken, phase: Phase::Catching { passed: 0 } }
    }

    /// What to ask the API server for; begins a new catching up.
    pub(super) fn again(&mut self) -> DateTime<Utc> {
        self.phase = Phase::Catching { passed: 0 };
        self.last
    }

    /// Whether lines were taken since.
    pub(super) fn is_further_than(&self, before: &Self) -> bool {
        (self.last, self.taken) != (before.last, before.taken)
    }

    /// Judges the next line by its time. A line without one belongs to the line before.
    pub(super) fn judge(&mut self, at: Option<DateTime<Utc>>) -> Line {
        if let Phase::Catching { passed } = &mut self.phase {
            match at {
                None if self.taken > 0 => return Line::Skip,
                None => {}
                Some(at) if at < self.last => return Line::Skip,
                Some(at) if at == self.last && *passed < self.taken => {
                    *passed += 1;
                    return Line::Skip;
                }
                Some(_) => self.phase = Phase::Onward,
            }
        }
        match at {
            Some(at) if at == self.last => self.taken += 1,
            Some(at) if at > self.last => (self.last, self.taken) = (at, 1),
            _ => {}
        }
        Line::Take
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    /// Feeds lines by their times and gives the indices of those that are taken.
    fn taken(resume: &mut Resume, times: &[i64]) -> Vec<usize> {
        let judged = times.iter().map(|time| resume.judge(Some(at(*time)))).collect::<Vec<_>>();
        judged.iter().enumerate().filter(|(_, line)| **line == Line::Take).map(|(index, _)| index).collect()
    }

    #[test]
    fn wherever_the_connection_is_cut_each_line_is_taken_once() {
        let times = [1, 2, 2, 2, 3, 3, 4];
        for cut in 0..=times.len() {
            let mut resume = Resume::new(at(0), None);
            let first = taken(&mut resume, &times[..cut]);
            let since = resume.again();
            let back: Vec<usize> = (0..times.len()).filter(|i| at(times[*i]) >= since).collect();
            let again: Vec<i64> = back.iter().map(|i| times[*i]).collect();
            let second = taken(&mut resume, &again).into_iter().map(|i| back[i]);
            let all: Vec<usize> = first.into_iter().chain(second).collect();
            assert_eq!(all, (0..times.len()).collect::<Vec<_>>(), "cut behind {cut}");
        }
    }

    #[test]
    fn lines_before_the_wanted_time_are_skipped_and_a_clock_that_goes_back_loses_none() {
        let mut resume = Resume::new(at(5), None);
        assert_eq!(taken(&mut resume, &[3, 4, 5, 6, 5, 7]), [2, 3, 4, 5]);
    }

    #[test]
    fn a_later_process_goes_on_where_the_earlier_one_stored_last() {
        let mut resume = Resume::new(at(0), Some((at(9), 2)));
        assert_eq!(resume.again(), at(9));
        assert_eq!(taken(&mut resume, &[8, 9, 9, 9, 10]), [3, 4]);
    }
}
