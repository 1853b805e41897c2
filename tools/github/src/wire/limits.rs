//! How long GitHub wants us to wait.

use std::time::Duration;

use chrono::DateTime;
use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// GitHub's advice where an answer says nothing (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
pub(crate) const A_MINUTE: Duration = Duration::from_secs(60);
/// The primary limit resets every hour; a longer wish is nonsense.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The wait that an answer asks for: `retry-after`, or until the limit that is used up resets, told by GitHub's own clock. `None`
/// where it asks for none.
pub(crate) fn wait_wanted(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) && !status.is_server_error() {
        return None;
    }
    if let Some(seconds) = number(headers, &RETRY_AFTER) {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    if status.is_server_error() {
        return None;
    }
    if number(headers, &REMAINING) == Some(0) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let now = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let now = now.and_then(|now| u64::try_from(now.timestamp()).ok());
        let left = number(headers, &RESET).zip(now).map(|(reset, now)| reset.saturating_sub(now) + 1);
        return Some(left.map_or(A_MINUTE, Duration::from_secs).min(LONGEST));
    }
    (status == StatusCode::TOO_MANY_REQUESTS).then_some(A_MINUTE)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), http::HeaderValue::from_static(value)));
        wait_wanted(StatusCode::from_u16(status).unwrap(), &headers.collect()).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_wait_is_what_github_asks_for_by_its_own_clock() {
        let date = ("date", "Tue, 24 Nov 2026 14:00:00 GMT");
        let used_up = ("x-ratelimit-remaining", "0");
        assert_eq!(wanted(403, &[("retry-after", "7"), used_up]), Some(7));
        assert_eq!(wanted(403, &[date, used_up, ("x-ratelimit-reset", "1795528830")]), Some(31));
        assert_eq!(wanted(403, &[used_up]), Some(60));
        assert_eq!(wanted(429, &[]), Some(60));
        assert_eq!(wanted(503, &[("retry-after", "99999")]), Some(3_600));
        assert_eq!(wanted(403, &[("x-ratelimit-remaining", "12")]), None);
        assert_eq!(wanted(500, &[used_up]), None);
        assert_eq!(wanted(404, &[("retry-after", "7")]), None);
    }
}
