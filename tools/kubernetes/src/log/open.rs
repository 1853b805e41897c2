//! Asks for a container's log.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::Incarnation;
use domain::ports::LogSource;
use kube::client::Body;

use crate::api::{Api, ApiError, Ask, Kind, Target, Verb};

/// Which part of a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// Which run of the container.
    pub(crate) which: Incarnation,
    /// Up to now, or on and on.
    pub(crate) part: Part,
    /// Not before; the API server knows whole seconds only, so older lines of that second come along.
    pub(crate) since: Option<DateTime<Utc>>,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// What is there, at most so many bytes from the first wanted line, and at most so many of the last lines.
    Present { bytes: u64, tail_lines: Option<u32> },
    /// What is there and what comes, until the container ends.
    Follow,
}

/// What is asked, as errors name it.
pub(crate) fn ask(source: &LogSource) -> Ask {
    Ask { verb: Verb::Get, target: Target::one(Kind::PodLog, &source.namespace, source.pod.as_str()) }
}

/// The log's bytes, each line with its time.
pub(crate) async fn open(api: &Api, source: &LogSource, open: Open) -> Result<Body, ApiError> {
    let mut query = vec![("container", source.container.to_string()), ("timestamps", "true".to_owned())];
    if open.which == Incarnation::Previous {
        query.push(("previous", "true".to_owned()));
    }
    if let Some(since) = open.since {
        query.push(("sinceTime", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
    }
    match open.part {
        Part::Follow => query.push(("follow", "true".to_owned())),
        Part::Present { bytes, tail_lines } => {
            query.push(("limitBytes", bytes.max(1).to_string()));
            query.extend(tail_lines.map(|lines| ("tailLines", lines.to_string())));
        }
    }
    Ok(api.stream(&ask(source), &query).await?.into_body())
}
