//! Why a query has no answer.

use std::time::Duration;

use domain::{Failure, Remedy};

/// A failed query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer, or one that was cut.
    #[error("query Prometheus at {host}: no whole answer within 10 s")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// Prometheus refused.
    #[error("query Prometheus at {host}: it answered {status} ({words})")]
    Refused {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// Its words, bounded.
        words: String,
    },
    /// The answer is no answer of Prometheus.
    #[error("query Prometheus at {host}: its answer with status {status} is none of Prometheus' HTTP API")]
    Shape {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
    },
    /// The answer is too large.
    #[error("query Prometheus at {host}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// The result has several series where one is wanted.
    #[error("query Prometheus at {host}: the result has {count} series where one is wanted")]
    ManySeries {
        /// Host and port.
        host: String,
        /// How many.
        count: usize,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let what = error.to_string();
        let failure = match &error {
            Error::Unreachable { .. } => Failure::retry("prometheus-unreachable", what),
            Error::Refused { status: 401 | 403, .. } => Failure::ask_human(
                "prometheus-refused",
                what,
                "let this daemon read [cluster] prometheus without credentials, or name another address",
            ),
            Error::Refused { status: 429 | 503, .. } => Failure {
                what,
                remedy: Remedy::Retry { after: Some(Duration::from_secs(2)) },
                kind: "prometheus-busy",
                source: None,
            },
            Error::Refused { status: 500.., .. } => Failure::retry("prometheus-error", what),
            Error::Refused { .. } => Failure::give_up("prometheus-query", what),
            Error::Shape { .. } => Failure::ask_human(
                "prometheus-shape",
                what,
                "check that [cluster] prometheus names a Prometheus, with its path prefix if it has one",
            ),
            Error::TooLarge { .. } | Error::ManySeries { .. } => Failure::give_up("prometheus-result", what),
        };
        failure.because(error)
    }
}
