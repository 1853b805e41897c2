//! The rate limit: a number of requests in a window, told in the headers of every answer.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, header};

use super::answer::Refusal;

/// How many requests a window allows, and how one too many is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in a window.
    pub requests: u32,
    /// The window's length in seconds.
    pub window_seconds: u32,
    /// The status that refuses.
    pub status: LimitStatus,
}

impl Default for RateLimit {
    /// What a personal access token has on github.com: 5,000 an hour.
    fn default() -> Self {
        Self { requests: 5000, window_seconds: 3600, status: LimitStatus::Forbidden }
    }
}

/// GitHub refuses with either ("Rate limits for the REST API", docs.github.com).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitStatus {
    /// 403.
    Forbidden,
    /// 429.
    TooManyRequests,
}

/// Counts requests against the limit.
#[derive(Debug)]
pub(in crate::github) struct Meter {
    limit: RateLimit,
    used: u32,
    reset: Option<DateTime<Utc>>,
    answered: u64,
}

impl Meter {
    pub(in crate::github) fn new(limit: RateLimit) -> Self {
        Self { limit, used: 0, reset: None, answered: 0 }
    }

    /// Counts one request, or refuses it.
    pub(super) fn count(&mut self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.answered += 1;
        if self.reset.is_none_or(|reset| now >= reset) {
            self.used = 0;
            self.reset = Some(now + TimeDelta::seconds(i64::from(self.limit.window_seconds)));
        }
        if self.used >= self.limit.requests {
            return Err(self.refusal(now));
        }
        self.used += 1;
        Ok(())
    }

    fn refusal(&self, now: DateTime<Utc>) -> Refusal {
        let status = match self.limit.status {
            LimitStatus::Forbidden => 403,
            LimitStatus::TooManyRequests => 429,
        };
        let wait = self.reset.map_or(0, |reset| (reset - now).num_seconds());
        Refusal::new(status, "API rate limit exceeded for user ID 1.")
            .with(header::RETRY_AFTER, wait.to_string())
    }

    /// The headers that every answer has.
    pub(super) fn headers(&self, now: DateTime<Utc>) -> Vec<(HeaderName, String)> {
        let name = HeaderName::from_static;
        vec![
            (name("x-ratelimit-limit"), self.limit.requests.to_string()),
            (name("x-ratelimit-remaining"), self.limit.requests.saturating_sub(self.used).to_string()),
            (name("x-ratelimit-used"), self.used.to_string()),
            (name("x-ratelimit-reset"), self.reset.unwrap_or(now).timestamp().to_string()),
            (name("x-ratelimit-resource"), "core".to_owned()),
        ]
    }

    pub(super) fn request_id(&self) -> String {
        format!("{:04X}:0000:{:06X}", 0x7000, self.answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_refuses_one_request_too_many_and_opens_again_when_the_window_ends() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut meter =
            Meter::new(RateLimit { requests: 2, window_seconds: 60, status: LimitStatus::Forbidden });
        let allowed: Vec<bool> = [0, 1, 59, 60]
            .iter()
            .map(|second| meter.count(start + TimeDelta::seconds(*second)).is_ok())
            .collect();
        assert_eq!(allowed, [true, true, false, true]);
    }
}
