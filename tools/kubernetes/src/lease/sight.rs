//! When somebody else's Lease has run out, told by our own clock alone.
//!
//! Clocks of two machines differ, so the times in a Lease are no measure (client-go's leader election does the same): what counts is how
//! long we have seen it unchanged.

use tokio::time::Instant;

use crate::write::Terms;

/// What was seen of a Lease, and since when it has not changed.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    seen: Option<(Terms, Instant)>,
}

impl Sight {
    /// Whether `me` may write itself into it: nobody has it, we have it, or its holder gave no sign of life for a whole term.
    pub(crate) fn is_open_to(&mut self, me: &str, terms: &Terms, now: Instant) -> bool {
        if terms.holder.is_empty() || terms.holder == me {
            self.seen = None;
            return true;
        }
        match &self.seen {
            Some((known, since)) if known == terms => now >= *since + terms.duration,
            _ => {
                self.seen = Some((terms.clone(), now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn terms(holder: &str, renewed: &str) -> Terms {
        Terms {
            holder: holder.into(),
            duration: Duration::from_secs(15),
            acquired: "2026-01-01T00:00:00.000000Z".into(),
            renewed: renewed.into(),
            transitions: 3,
        }
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn anothers_term_counts_from_when_we_saw_it_whatever_its_clock_says() {
        for written in ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "yesterday"] {
            let (mut sight, start, other) = (Sight::default(), Instant::now(), terms("other", written));
            let open: Vec<bool> =
                [0, 2, 14, 15].map(|second| sight.is_open_to("me", &other, after(start, second))).to_vec();
            assert_eq!(open, [false, false, false, true], "{written}");
        }
    }

    #[test]
    fn each_sign_of_life_begins_a_whole_term_anew() {
        let (mut sight, start) = (Sight::default(), Instant::now());
        for (second, renewed) in [(0, "a"), (10, "b"), (20, "c"), (34, "c")] {
            assert!(!sight.is_open_to("me", &terms("other", renewed), after(start, second)), "{second}");
        }
        assert!(sight.is_open_to("me", &terms("other", "c"), after(start, 35)));
    }

    #[test]
    fn what_nobody_has_and_what_is_ours_is_open_at_once() {
        let now = Instant::now();
        for holder in ["", "me"] {
            assert!(Sight::default().is_open_to("me", &terms(holder, "a"), now), "{holder:?}");
        }
    }

    #[test]
    fn a_third_who_takes_it_meanwhile_gets_a_term_of_its_own() {
        let (mut sight, start) = (Sight::default(), Instant::now());
        assert!(!sight.is_open_to("me", &terms("first", "a"), start));
        assert!(!sight.is_open_to("me", &terms("second", "a"), after(start, 16)));
        assert!(sight.is_open_to("me", &terms("second", "a"), after(start, 31)));
    }
}
