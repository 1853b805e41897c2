//! Reads a log that is there, bounded in bytes, lines and time.

use std::time::Duration;

use domain::LogExcerpt;
use domain::ports::{LogSource, LogSpan};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use super::excerpt::Excerpting;
use super::line::{LINE, StoredLine};
use super::open::{Open, Part, ask, open};
use crate::api::{Api, ApiError, Splitter};

/// After so long what was read until then is the excerpt.
const READ: Duration = Duration::from_secs(20);
/// So much is read at most to find the end of a log, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// The excerpt: head and tail of at most `span.limit_bytes`.
pub(crate) async fn read(api: &Api, source: &LogSource, span: LogSpan) -> Result<LogExcerpt, ApiError> {
    let deadline = Instant::now() + READ;
    let wanted = Open {
        which: source.which,
        part: Part::Present { bytes: MOST, tail_lines: span.tail_lines.map(std::num::NonZero::get) },
        since: span.since,
    };
    let mut body = open(api, source, wanted).await?;
    let mut reading =
        Reading { span, excerpting: Excerpting::new(span.limit_bytes), splitter: Splitter::new(LINE) };
    if let Ok(whole) = timeout_at(deadline, reading.all(&mut body, source)).await {
        whole?;
    } else {
        tracing::warn!("the log of {} takes longer than {} s to read", source.pod, READ.as_secs());
    }
    let (head, tail, dropped) = reading.excerpting.finish();
    Ok(LogExcerpt {
        pod: source.pod.clone(),
        container: source.container.clone(),
        role: source.role,
        side: source.side,
        which: source.which,
        head,
        tail,
        dropped,
    })
}

struct Reading {
    span: LogSpan,
    excerpting: Excerpting,
    splitter: Splitter,
}

impl Reading {
    async fn all(&mut self, body: &mut Body, source: &LogSource) -> Result<(), ApiError> {
        let Self { span, excerpting, splitter } = self;
        let mut take = |raw| {
            let line = StoredLine::new(&raw);
            // The API server knows whole seconds only.
            if line.at.is_some_and(|at| span.since.is_some_and(|since| at < since)) {
                return;
            }
            excerpting.push(&line.text);
            excerpting.drop(0, line.cut);
        };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ApiError::unreachable(&ask(source), error))?;
            if let Some(data) = frame.data_ref() {
                splitter.push(data, &mut take);
            }
        }
        splitter.rest().into_iter().for_each(take);
        Ok(())
    }
}
