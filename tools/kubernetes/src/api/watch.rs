//! A list that is kept up to date for ever.
//!
//! Survives what a cluster does: versions that are gone (as HTTP status and inside the stream), connections that break, API
//! servers that restart, rights that are missing and CRDs that are not there yet. What goes wrong is logged once, until it
//! goes well again or something else goes wrong.

use std::time::Duration;

use domain::{Failure, Namespace, Remedy};
use futures::stream::BoxStream;
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout};

use super::Api;
use super::failure::ApiError;
use super::lines::Splitter;
use super::list::{Selector, items};
use super::target::{Ask, Kind, Target, Verb};
use crate::field;
use crate::flow::flow;
use crate::settings::Pace;

/// How long the API server keeps a watch open, in seconds; what client-go and kube ask for.
const SERVER_TIMEOUT: u64 = 290;
/// When a watch must have ended even if the API server forgot.
const WATCH: Duration = Duration::from_secs(SERVER_TIMEOUT + 20);
/// The largest event of a watch, in bytes.
const EVENT: usize = 8 * 1024 * 1024;
/// After so many failed watches in a row the list is read anew: the version may be one that the server never knew.
const WATCHES: u32 = 3;
/// A server that asks for a longer pause is tried all the same.
const LONGEST: Duration = Duration::from_secs(60);
/// A watch that ends sooner with nothing to say is not believed to be well.
const BRIEF: Duration = Duration::from_secs(1);

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Seen {
    /// A full list begins; what it does not contain is gone.
    Begin,
    /// The object is there or changed.
    Present(Value),
    /// The object was deleted; as it was last.
    Gone(Value),
    /// The full list is complete.
    Complete,
}

/// Objects of a kind from a full list on. Never ends.
pub(crate) fn watch(
    api: &Api,
    kind: Kind,
    namespace: Option<Namespace>,
    selector: Selector,
    pace: Pace,
) -> BoxStream<'static, Seen> {
    let api = api.clone();
    flow(move |out| async move {
        let mut watching = Watching { api, kind, namespace, selector, out, patience: Patience::new(pace) };
        watching.run().await;
    })
}

struct Watching {
    api: Api,
    kind: Kind,
    namespace: Option<Namespace>,
    selector: Selector,
    out: Sender<Seen>,
    patience: Patience,
}

/// How a watch ended.
enum End {
    /// By its time, after it had something to say or had lasted.
    Well,
    /// At once, with nothing.
    Brief,
    /// The version is too old.
    Expired,
}

impl Watching {
    async fn run(&mut self) {
        loop {
            match self.list().await {
                Ok(version) => self.follow(version).await,
                Err(error) => self.patience.failed(error).await,
            }
        }
    }

    async fn list(&self) -> Result<String, ApiError> {
        let mut next = String::new();
        loop {
            let page = self.api.page(self.kind, self.namespace.as_ref(), &self.selector, &next).await?;
            if next.is_empty() {
                self.tell(Seen::Begin).await;
            }
            next = field::text(&page, "/metadata/continue", field::MESSAGE);
            let version = field::text(&page, "/metadata/resourceVersion", field::WORD);
            for item in items(page) {
                self.tell(Seen::Present(item)).await;
            }
            if next.is_empty() {
                self.tell(Seen::Complete).await;
                return Ok(version);
            }
        }
    }

    /// Watches from a version on until the list has to be read anew.
    async fn follow(&mut self, mut version: String) {
        let mut failures = 0;
        while failures < WATCHES {
            let before = version.clone();
            let end = timeout(WATCH, self.watch(&mut version)).await.unwrap_or(Ok(End::Well));
            if before != version {
                failures = 0;
            }
            match end {
                Ok(End::Well) => {
                    failures = 0;
                    self.patience.well();
                }
                Ok(End::Brief) => {
                    failures += 1;
                    self.patience.pause().await;
                }
                Ok(End::Expired) => return,
                Err(error) => {
                    failures += 1;
                    self.patience.failed(error).await;
                }
            }
        }
    }

    async fn watch(&mut self, version: &mut String) -> Result<End, ApiError> {
        let ask = Ask { verb: Verb::Watch, target: Target::list(self.kind, self.namespace.as_ref()) };
        let mut query = self.selector.query();
        query.push(("watch", "true".to_owned()));
        query.push(("allowWatchBookmarks", "true".to_owned()));
        query.push(("resourceVersion", version.clone()));
        query.push(("timeoutSeconds", SERVER_TIMEOUT.to_string()));
        let begun = Instant::now();
        let mut body = match self.api.stream(&ask, &query).await {
            Ok(answer) => answer.into_body(),
            Err(error) if error.code() == Some(410) => return Ok(End::Expired),
            Err(error) => return Err(error),
        };
        self.patience.opened(&ask);
        let mut splitter = Splitter::new(EVENT);
        let mut said = false;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|source| ApiError::unreachable(&ask, source))?;
            let Some(data) = frame.data_ref() else { continue };
            let mut lines = Vec::new();
            splitter.push(data, |line| lines.push(line));
            for line in lines {
                if line.cut > 0 {
                    return Err(ApiError::TooLarge { ask, limit: EVENT });
                }
                said = true;
                match self.event(&ask, &line.bytes, version).await {
                    Err(error) if error.code() == Some(410) => return Ok(End::Expired),
                    told => told?,
                }
            }
        }
        Ok(if said || begun.elapsed() > BRIEF { End::Well } else { End::Brief })
    }

    async fn event(&mut self, ask: &Ask, line: &[u8], version: &mut String) -> Result<(), ApiError> {
        let mut event: Value = serde_json::from_slice(line)
            .map_err(|source| ApiError::Unreadable { ask: ask.clone(), source })?;
        let object = event.get_mut("object").map(Value::take).unwrap_or_default();
        let kind = field::text(&event, "/type", field::WORD);
        if kind == "ERROR" {
            return Err(ApiError::in_stream(ask, &object));
        }
        let newer = field::text(&object, "/metadata/resourceVersion", field::WORD);
        match kind.as_str() {
            "ADDED" | "MODIFIED" => self.tell(Seen::Present(object)).await,
            "DELETED" => self.tell(Seen::Gone(object)).await,
            // A bookmark only carries the version; what else may come one day is skipped like one.
            _ => {}
        }
        if !newer.is_empty() {
            *version = newer;
        }
        self.patience.well();
        Ok(())
    }

    /// A reader that is gone has dropped the stream, and this function with it.
    async fn tell(&self, seen: Seen) {
        let _ = self.out.send(seen).await;
    }
}

/// Waits longer after each failure, and logs what goes wrong once.
struct Patience {
    pace: Pace,
    failures: u32,
    logged: Option<(&'static str, Verb)>,
}

impl Patience {
    fn new(pace: Pace) -> Self {
        Self { pace, failures: 0, logged: None }
    }

    async fn failed(&mut self, error: ApiError) {
        let verb = error.ask().verb;
        let failure = Failure::from(error);
        if self.logged != Some((failure.kind, verb)) {
            self.logged = Some((failure.kind, verb));
            tracing::warn!(kind = failure.kind, "{}; trying again until it works", failure.sentence());
        }
        let asked_for = match failure.remedy {
            Remedy::Retry { after } => after.unwrap_or_default().min(LONGEST),
            Remedy::GiveUp | Remedy::AskHuman { .. } => Duration::ZERO,
        };
        self.failures = self.failures.saturating_add(1);
        sleep(self.pace.wait(self.failures).max(asked_for)).await;
    }

    async fn pause(&mut self) {
        self.failures = self.failures.saturating_add(1);
        sleep(self.pace.wait(self.failures)).await;
    }

    fn opened(&mut self, ask: &Ask) {
        if self.logged.take().is_some() {
            tracing::info!("{ask} works again");
        }
    }

    fn well(&mut self) {
        self.failures = 0;
    }
}
