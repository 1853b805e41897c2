//! The effects, each in a module of its own: what an incident asks of the outside, put together from the ports.
//!
//! Each may run more than once: writes look for their own earlier result first. An effect that the incident no longer wants (a
//! retry began, a newer revision took its place) does nothing.
//!
//! Refuses to know when an effect is due and how often it is tried.

mod analyze;
mod announce;
mod fix;
mod freeze;
mod passed;
mod propose;

pub(crate) use analyze::digest;
pub use analyze::{Judged, judge};
pub use propose::{Offered, offer};

use std::sync::Arc;
use std::time::Duration;

use domain::Failure;
use domain::ports::PendingEffect;
use domain::workflow::{Effect, Event, Run};
use tokio::sync::Semaphore;

use crate::chronicle::Chronicle;
use crate::clock::Clock;
use crate::gather::Gatherer;
use crate::ports::Ports;
use crate::settings::{LiveSettings, Settings};
use crate::sightings::Sightings;
use crate::tally::Tally;

/// Everything an effect works with; cheap to clone.
#[derive(Clone)]
pub(crate) struct Hands {
    pub(crate) ports: Ports,
    settings: LiveSettings,
    pub(crate) clock: Clock,
    pub(crate) gatherer: Gatherer,
    pub(crate) chronicle: Chronicle,
    pub(crate) tally: Arc<Tally>,
    clones: Arc<Semaphore>,
    analyses: Arc<Semaphore>,
}

impl Hands {
    pub(crate) fn new(ports: Ports, settings: LiveSettings, clock: Clock, sightings: Arc<Sightings>) -> Self {
        let limits = &settings.now().limits;
        let clones = Arc::new(Semaphore::new(limits.clones.max(1)));
        let analyses = Arc::new(Semaphore::new(limits.analyses.max(1)));
        let gatherer =
            Gatherer::new(ports.clone(), settings.clone(), clock.clone(), sightings, clones.clone());
        let chronicle = Chronicle::beginning(clock.now());
        Self { ports, settings, clock, gatherer, chronicle, tally: Arc::default(), clones, analyses }
    }

    /// What the operator decided, as it stands now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.now()
    }

    /// Does the effect for the incident as it stands. The event that is its result.
    pub(crate) async fn perform(&self, pending: &PendingEffect, run: &Run) -> Result<Event, Failure> {
        match &pending.effect {
            Effect::Freeze { attempt, stage } => freeze::freeze(self, run, *attempt, *stage).await,
            Effect::Analyze { attempt, stage, case } => {
                let _permit = permit(&self.analyses).await?;
                analyze::analyze(self, run, *attempt, *stage, case).await
            }
            Effect::Fix { handoff, case } => {
                let _permit = permit(&self.clones).await?;
                within(self.settings().limits.patch, "make a patch", fix::fix(self, run, handoff, case)).await
            }
            Effect::Propose { proposal } => {
                let _permit = permit(&self.clones).await?;
                let propose = propose::propose(self, run, proposal);
                within(self.settings().limits.propose, "open the pull request", propose).await
            }
            Effect::Announce { attempt, occasion } => {
                announce::announce(self, run, *attempt, *occasion).await
            }
            Effect::TellPassed { repository, pull_request } => {
                passed::tell(self, run, repository, pull_request).await
            }
        }
    }
}

async fn permit(semaphore: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
    semaphore
        .acquire()
        .await
        .map_err(|closed| Failure::retry("stopping", "begin: the daemon stops").because(closed))
}

/// The result, or a failure that may pass when it takes longer.
pub(crate) async fn within<T>(
    limit: Duration,
    wish: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Failure::retry("timeout", format!("{wish}: not done within {} s", limit.as_secs())))
    })
}
