//! How long to wait before trying again: exponential, spread by a name instead of by chance.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(120);
/// What another side may ask for at most (`Retry-After`).
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// The wait after the `tries`-th failed try of what `name` names. Doubles from 2 s up to 120 s and adds up to a quarter, which
/// depends on the name, so that many incidents do not knock at the same moment. Not shorter than what the other side asked for.
pub(crate) fn delay(name: &impl Hash, tries: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32 << tries.saturating_sub(1).min(16)).min(LONGEST);
    let mut hash = DefaultHasher::new();
    (name, tries).hash(&mut hash);
    let spread = doubled.mul_f64((hash.finish() % 1_000) as f64 / 4_000.0);
    (doubled + spread).max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_two_minutes_and_a_quarter() {
        for (tries, at_least) in [(1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (40, 120)] {
            let wait = delay(&"x", tries, None);
            let at_least = Duration::from_secs(at_least);
            assert!(wait >= at_least && wait <= at_least.mul_f64(1.25), "try {tries}: {wait:?}");
        }
    }

    #[test]
    fn the_other_sides_wish_is_kept_up_to_ten_minutes() {
        assert_eq!(delay(&"x", 1, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(delay(&"x", 1, Some(Duration::from_secs(86_400))), LONGEST_ASKED);
    }

    #[test]
    fn the_same_name_and_try_wait_equally_long() {
        assert_eq!(delay(&"a", 3, None), delay(&"a", 3, None));
        assert_ne!(delay(&"a", 3, None), delay(&"b", 3, None));
    }
}
