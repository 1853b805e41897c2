//! When a provider that is busy is asked again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

/// How often and how soon a provider is asked again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How often it is asked at most, the first time included.
    pub attempts: u32,
    /// How long the first wait is; each further one is twice as long.
    pub first: Duration,
    /// The longest wait. A provider that asks for more is not waited for.
    pub longest: Duration,
    /// Spreads waits, so that many callers do not come back at once: from 0, inclusive, to 1.
    pub jitter: fn() -> f64,
}

impl Default for Pace {
    /// Four attempts, about half a second, one and two between them, at most 30 seconds where the provider says so.
    fn default() -> Self {
        Self {
            attempts: 4,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            jitter: random,
        }
    }
}

impl Pace {
    /// How long to wait before asking again after this many attempts; nothing where asking again is over.
    pub(crate) fn wait(&self, attempts: u32, asked_for: Option<Duration>) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << attempts.saturating_sub(1).min(10));
        let spread = doubled.mul_f64(0.5 + (self.jitter)().clamp(0.0, 1.0) / 2.0).min(self.longest);
        match asked_for {
            Some(asked_for) if asked_for > self.longest => None,
            Some(asked_for) => Some(asked_for.max(spread)),
            None => Some(spread),
        }
    }
}

/// Whether the same request may succeed later: 408, 429 and 5xx, Anthropic's 529 (overloaded) among them.
pub(super) fn may_pass(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

/// What `Retry-After` says in seconds (RFC 9110, section 10.2.3); its other form, a date, is not used by the providers.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A number from 0 to 1 that differs from call to call; good enough to spread waits, and for nothing else.
fn random() -> f64 {
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        attempts: 4,
        first: Duration::from_millis(500),
        longest: Duration::from_secs(30),
        jitter: || 1.0,
    };

    #[test]
    fn waits_double_and_end() {
        let waits = [1, 2, 3, 4].map(|attempts| PACE.wait(attempts, None).map(|wait| wait.as_millis()));
        assert_eq!(waits, [Some(500), Some(1_000), Some(2_000), None]);
        let halved = Pace { jitter: || 0.0, ..PACE };
        assert_eq!(halved.wait(1, None), Some(Duration::from_millis(250)));
    }

    #[test]
    fn a_provider_is_given_the_time_that_it_asks_for_up_to_a_bound() {
        assert_eq!(PACE.wait(1, Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(PACE.wait(1, Some(Duration::ZERO)), Some(Duration::from_millis(500)));
        assert_eq!(PACE.wait(1, Some(Duration::from_secs(31))), None);
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let again = [400, 401, 403, 404, 408, 413, 429, 500, 503, 529]
            .map(|status| may_pass(StatusCode::from_u16(status).unwrap()));
        assert_eq!(again, [false, false, false, false, true, false, true, true, true, true]);
    }

    #[test]
    fn jitter_lies_between_nothing_and_one() {
        assert!((0..100).map(|_| random()).all(|spread| (0.0..=1.0).contains(&spread)));
    }
}
