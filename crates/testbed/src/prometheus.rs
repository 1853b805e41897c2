//! A Prometheus on a loopback port: it scrapes real targets and answers the few queries that it was started with.
//!
//! A query is a text with `{{hash}}` and `{{window}}` in it; any text that fits one is computed from the scraped samples. What is
//! `PromQL` but fits none is refused with 422, what is no `PromQL` with 400, both in Prometheus' own shape. The language is the
//! part of `PromQL` that canary analyses use: selectors, `rate`, `increase`, aggregations, arithmetic, comparisons,
//! `histogram_quantile`, `or`, `vector`.
//!
//! This module refuses to know whose metrics it scrapes.

mod answers;
mod compute;
mod exposition;
mod language;
mod samples;
mod scraping;
mod template;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;

use self::{answers::Door, samples::Samples, template::Template};
use crate::{
    kubernetes::Clock,
    wire::{Port, Wire},
};

/// Something to scrape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Where its metrics are, such as `http://127.0.0.1:9000/metrics`.
    pub url: String,
    /// Labels that all of its series get, over those it sets itself.
    pub labels: BTreeMap<String, String>,
}

/// What is there to scrape; asked before each round.
pub type Targets = Arc<dyn Fn() -> Vec<Target> + Send + Sync>;

/// How the server is started.
#[derive(Clone)]
pub struct PrometheusOptions {
    /// Where to listen.
    pub port: Port,
    /// The bearer token that callers must send, if any.
    pub token: Option<String>,
    /// What to scrape.
    pub targets: Targets,
    /// The time between two rounds of scrapes.
    pub every: Duration,
    /// The queries that are answered: `PromQL` with `{{hash}}` and `{{window}}` where these may vary.
    pub queries: Vec<String>,
    /// What time it is.
    pub clock: Clock,
}

/// Why the server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be bound.
    #[error("listen on the port")]
    Listen(#[from] std::io::Error),
    /// A query that it should answer is not in the part of `PromQL` that it knows.
    #[error("understand the query {query:?}: {problem}")]
    Query {
        /// The query.
        query: String,
        /// What was not understood.
        problem: String,
    },
    /// The client for scrapes cannot be built.
    #[error("make a client for scrapes")]
    Client(#[from] reqwest::Error),
}

/// A handle on the running server.
#[derive(Debug)]
pub struct Prometheus {
    wire: Wire,
    shared: Arc<Shared>,
    scraper: Scraper,
    task: JoinHandle<()>,
}

/// What requests and scrapes share.
#[derive(Debug)]
struct Shared {
    samples: Mutex<Samples>,
    clock: Clock,
}

/// What a round of scrapes needs.
#[derive(Clone)]
struct Scraper {
    client: reqwest::Client,
    targets: Targets,
    shared: Arc<Shared>,
}

impl Prometheus {
    /// Starts the server after a first round of scrapes, and goes on scraping.
    ///
    /// # Errors
    /// When the port is taken or a query is not understood.
    pub async fn start(options: PrometheusOptions) -> Result<Prometheus, StartError> {
        let queries =
            options.queries.iter().map(|query| Template::new(query)).collect::<Result<Vec<_>, _>>()?;
        let shared = Arc::new(Shared { samples: Mutex::default(), clock: options.clock });
        let client = crate::outbound::client(options.every.max(Duration::from_secs(2)))?;
        let scraper = Scraper { client, targets: options.targets, shared: Arc::clone(&shared) };
        let door = Door { shared: Arc::clone(&shared), queries, token: options.token };
        let wire = Wire::serve("prometheus", answers::router(door), options.port).await?;
        scraper.scrape().await;
        let task = tokio::spawn(scraper.clone().scrape_for_ever(options.every));
        Ok(Prometheus { wire, shared, scraper, task })
    }

    /// The server's address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// The server's wire: its record of requests, its faults, its restarts.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Scrapes all targets now; resolves when their samples are in.
    pub async fn scrape(&self) {
        self.scraper.scrape().await;
    }

    /// How many series are known.
    pub fn series(&self) -> usize {
        self.shared.samples().series()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn samples(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Scraper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scraper")
    }
}
