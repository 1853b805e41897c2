//! Instant and range queries of the one Prometheus that the operator configured, whatever a template says.
//!
//! [`PrometheusTools`] gives a model what it may read of metrics.
//!
//! Refuses to know Kubernetes, and what a query means.

#![forbid(unsafe_code)]

mod answer;
mod error;
mod tools;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::ports::Metrics;
use domain::{Failure, Point};
use reqwest::{Client, Response, redirect};
use url::Url;

use answer::Series;
pub use error::Error;
pub use tools::PrometheusTools;

/// Most samples that a range query asks for and keeps.
pub const MOST_POINTS: u32 = 500;
/// How long a query may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const LARGEST: usize = 4 << 20;
/// The longest query that is sent: Prometheus' own are far shorter, and one from a template is hostile.
const LONGEST_QUERY: usize = 16 << 10;

/// A client of one Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    base: Url,
    client: Client,
}

impl Prometheus {
    /// A client for the server at `base`, such as `http://prometheus.monitoring:9090`; a path prefix is kept. No
    /// redirects are followed.
    pub fn new(base: &Url) -> Result<Self, Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            .build()
            .map_err(|source| Error::Unreachable { host: base.authority().to_owned(), source })?;
        Ok(Self { base: base.clone(), client })
    }

    async fn ask(&self, path: &str, form: &[(&str, String)]) -> Result<Vec<Series>, Error> {
        let host = self.base.authority().to_owned();
        let query = form.iter().find(|(name, _)| *name == "query").map(|(_, text)| text.as_str());
        if query.is_some_and(|text| text.len() > LONGEST_QUERY) {
            return Err(Error::Refused {
                host,
                status: 414,
                words: "the query is longer than 16 KiB".to_owned(),
            });
        }
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let response = self
            .client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .map_err(|source| Error::Unreachable { host: host.clone(), source: source.without_url() })?;
        let status = response.status().as_u16();
        let bytes = bounded(response, &host).await?;
        answer::read(&bytes, status, &host)
    }
}

async fn bounded(mut response: Response, host: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let broken =
        |source: reqwest::Error| Error::Unreachable { host: host.to_owned(), source: source.without_url() };
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(Error::TooLarge { host: host.to_owned(), limit: LARGEST });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A step that gives at most [`MOST_POINTS`] samples, at least a second.
fn step(from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
    let span = (to - from).num_seconds().max(0);
    TimeDelta::seconds((span / i64::from(MOST_POINTS - 1)).max(0) + 1)
}

#[async_trait]
impl Metrics for Prometheus {
    async fn instant(&self, query: &str, at: DateTime<Utc>) -> Result<Option<Point>, Failure> {
        let form = [("query", query.to_owned()), ("time", moment(at))];
        let series = self.ask("/api/v1/query", &form).await?;
        Ok(self.single(series)?.and_then(|points| points.into_iter().next_back()))
    }

    async fn range(
        &self,
        query: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Point>, Failure> {
        let form = [
            ("query", query.to_owned()),
            ("start", moment(from)),
            ("end", moment(to)),
            ("step", format!("{}s", step(from, to).num_seconds())),
        ];
        let series = self.ask("/api/v1/query_range", &form).await?;
        Ok(self.single(series)?.unwrap_or_default())
    }
}

impl Prometheus {
    fn single(&self, mut series: Vec<Series>) -> Result<Option<Vec<Point>>, Error> {
        if series.len() > 1 {
            return Err(Error::ManySeries { host: self.base.authority().to_owned(), count: series.len() });
        }
        Ok(series.pop().map(|series| series.points(MOST_POINTS as usize)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_any_length_asks_for_at_most_the_points_that_are_kept() {
        let from = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        for seconds in [-5, 0, 1, 60, 499, 500, 3_600, 86_400 * 30] {
            let to = from + TimeDelta::seconds(seconds);
            let step = step(from, to).num_seconds();
            assert!(step >= 1 && seconds / step < i64::from(MOST_POINTS), "{seconds} s in steps of {step} s");
        }
    }
}
