//! Follows one log until its container has ended for good.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Incarnation;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::library::{DiskNews, Library, Log};
use super::resume::{Line, Resume};
use super::roster::Seat;
use crate::api::{Api, ApiError, Kind, RawLine, Splitter, Target};
use crate::field;
use crate::log::{LINE, Open, Part, StoredLine, ask, open};
use crate::settings::Pace;
use crate::shape;

/// No line waits longer for the disk.
const FLUSH: Duration = Duration::from_millis(100);
/// No more lines wait for the disk, in bytes.
const BATCH: u64 = 64 * 1024;
/// A previous log that is read to catch up, in bytes.
const PREVIOUS: u64 = 64 * 1024 * 1024;

pub(super) struct Following {
    pub(super) api: Api,
    pub(super) library: Arc<Library>,
    pub(super) log: Arc<Log>,
    pub(super) pace: Pace,
    pub(super) silence: Duration,
    pub(super) since: DateTime<Utc>,
    pub(super) seat: Seat,
    pub(super) stop: CancellationToken,
}

/// How reading a stream ended.
enum End {
    /// The container's output ended, or all that was asked for is read.
    Whole,
    /// The connection broke, or there was none.
    Cut(ApiError),
    /// We were told to stop.
    Stopped,
}

/// What to do after a stream ended.
enum Next {
    Done,
    Again,
    /// The container was restarted since: its previous run may have lines that we lack.
    CatchUp,
}

impl Following {
    /// Resolves when there will be no more, or when stopped. What was received is on disk then.
    pub(super) async fn run(self) {
        let stored = {
            let log = Arc::clone(&self.log);
            spawn_blocking(move || log.resume()).await.unwrap_or_default()
        };
        let mut resume = Resume::new(self.since, stored);
        let (mut failures, mut restarts, mut logged) = (0_u32, None, None);
        loop {
            let before = resume.clone();
            let end = self.stream(self.log.source.which, self.part(), &mut resume).await;
            if matches!(end, End::Stopped) {
                return;
            }
            if let End::Cut(error) = &end {
                logged = log_once(logged, error);
            }
            match self.next(&end, &mut restarts).await {
                Next::Done => return,
                Next::Again => {}
                Next::CatchUp => {
                    let part = Part::Present { bytes: PREVIOUS, tail_lines: None };
                    self.stream(Incarnation::Previous, part, &mut resume).await;
                }
            }
            failures = if resume.is_further_than(&before) { 1 } else { failures.saturating_add(1) };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(self.pace.wait(failures)) => {}
            }
        }
    }

    fn part(&self) -> Part {
        match self.log.source.which {
            Incarnation::Current => Part::Follow,
            Incarnation::Previous => Part::Present { bytes: PREVIOUS, tail_lines: None },
        }
    }

    async fn stream(&self, which: Incarnation, part: Part, resume: &mut Resume) -> End {
        let wanted = Open { which, part, since: Some(resume.again()) };
        let opened = tokio::select! {
            () = self.stop.cancelled() => return End::Stopped,
            opened = open(&self.api, &self.log.source, wanted) => opened,
        };
        let mut batch = Batch::default();
        let end = match opened {
            Ok(body) => self.pump(body, resume, &mut batch).await,
            Err(error) => End::Cut(error),
        };
        self.flush(&mut batch).await;
        end
    }

    async fn pump(&self, mut body: Body, resume: &mut Resume, batch: &mut Batch) -> End {
        let mut splitter = Splitter::new(LINE);
        let mut silence = Silence::new(self.silence);
        loop {
            let frame = tokio::select! {
                biased;
                () = self.stop.cancelled() => return End::Stopped,
                frame = body.frame() => frame,
                () = batch.due() => {
                    self.flush(batch).await;
                    continue;
                }
                () = silence.over() => {
                    if self.is_gone().await {
                        return End::Whole;
                    }
                    continue;
                }
            };
            silence = Silence::new(self.silence);
            match frame {
                None => {
                    splitter.rest().into_iter().for_each(|raw| batch.take(&raw, resume));
                    return End::Whole;
                }
                // A line that was cut with the connection comes again whole.
                Some(Err(error)) => return End::Cut(ApiError::unreachable(&ask(&self.log.source), error)),
                Some(Ok(frame)) => {
                    let Some(data) = frame.data_ref() else { continue };
                    splitter.push(data, |raw| batch.take(&raw, resume));
                    if batch.is_full() {
                        self.flush(batch).await;
                    }
                }
            }
        }
    }

    async fn flush(&self, batch: &mut Batch) {
        let Batch { lines, bytes, .. } = std::mem::take(batch);
        if lines.is_empty() {
            return;
        }
        let (library, log) = (Arc::clone(&self.library), Arc::clone(&self.log));
        match spawn_blocking(move || library.append(&log, &lines)).await {
            Ok(news) => news.into_iter().for_each(tell),
            Err(error) => tracing::error!("lines of {} were not spooled: {error}", self.log.source.pod),
        }
        self.seat.received(bytes);
    }

    /// Whether the pod is there no more, or another has its name. Not knowing is no.
    async fn is_gone(&self) -> bool {
        let source = &self.log.source;
        let target = Target::one(Kind::Pod, &source.namespace, source.pod.as_str());
        match self.api.get(target).await {
            Ok(Some(pod)) => field::text(&pod, "/metadata/uid", field::WORD) != source.pod_uid.as_str(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Asks the pod whether there will be more.
    async fn next(&self, end: &End, restarts: &mut Option<u64>) -> Next {
        let source = &self.log.source;
        if source.which == Incarnation::Previous {
            let never = |error: &ApiError| matches!(error.code(), Some(400 | 404));
            return match end {
                End::Cut(error) if !never(error) => Next::Again,
                _ => Next::Done,
            };
        }
        let target = Target::one(Kind::Pod, &source.namespace, source.pod.as_str());
        let pod = match self.api.get(target).await {
            Ok(Some(pod)) => pod,
            Ok(None) => return Next::Done,
            Err(error) => {
                tracing::debug!("cannot tell whether {} has ended: {error}", source.pod);
                return Next::Again;
            }
        };
        if field::text(&pod, "/metadata/uid", field::WORD) != source.pod_uid.as_str() {
            return Next::Done;
        }
        self.next_of(&pod, end, restarts)
    }

    fn next_of(&self, pod: &Value, end: &End, restarts: &mut Option<u64>) -> Next {
        let container = self.log.source.container.as_str();
        // Behind a cut there may be more, also of a container that has ended.
        if matches!(end, End::Whole) && shape::stays_ended(pod, container) {
            return Next::Done;
        }
        let now = shape::restarts(pod, container);
        // What was taken already is not taken twice, so not knowing is no harm.
        if now > restarts.replace(now).unwrap_or(0) { Next::CatchUp } else { Next::Again }
    }
}

/// A stream that says nothing. Asking for its pod costs a request, so it is asked for less and less often.
struct Silence {
    longest: Duration,
    patience: Duration,
    since: Instant,
}

impl Silence {
    fn new(patience: Duration) -> Self {
        Self { longest: patience * 16, patience, since: Instant::now() }
    }

    /// Resolves when it has lasted as long as is borne; twice as much is borne the next time.
    async fn over(&mut self) {
        sleep_until(self.since + self.patience).await;
        self.since = Instant::now();
        self.patience = (self.patience * 2).min(self.longest);
    }
}

/// Lines on their way to the disk.
#[derive(Default)]
struct Batch {
    lines: Vec<StoredLine>,
    bytes: u64,
    since: Option<Instant>,
}

impl Batch {
    fn take(&mut self, raw: &RawLine, resume: &mut Resume) {
        let line = StoredLine::new(raw);
        if resume.judge(line.at) == Line::Skip {
            return;
        }
        self.bytes += line.len();
        self.lines.push(line);
        self.since.get_or_insert_with(Instant::now);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH || self.since.is_some_and(|since| since.elapsed() >= FLUSH)
    }

    async fn due(&self) {
        match self.since {
            Some(since) => sleep_until(since + FLUSH).await,
            None => std::future::pending().await,
        }
    }
}

/// Logs what a person must mend, once per kind.
fn log_once(logged: Option<&'static str>, error: &ApiError) -> Option<&'static str> {
    let kind = match error.code() {
        Some(401) => "401",
        Some(403) => "403",
        _ => return logged,
    };
    if logged != Some(kind) {
        tracing::warn!("failed to {error}: {}", error.advice());
    }
    Some(kind)
}

fn tell(news: DiskNews) {
    match news {
        DiskNews::Well => tracing::info!("logs are spooled again"),
        DiskNews::Refuses { dir, error } => tracing::error!(
            "failed to spool logs into {}: {error}; lines are dropped and counted until it works: make room on the disk",
            dir.display()
        ),
    }
}
