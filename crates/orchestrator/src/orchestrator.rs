//! Puts observer, engine and gate together, starts them and drains them.

use std::sync::Arc;

use domain::ports::{Gate, Insight, Startup};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::effects::Hands;
use crate::engine::{Engine, Progress};
use crate::gate;
use crate::identity::Identities;
use crate::insight;
use crate::observer::{Observer, Surroundings};
use crate::ports::Ports;
use crate::settings::{LiveSettings, Settings};
use crate::sightings::Sightings;

/// The running orchestrator.
pub struct Orchestrator {
    engine: Engine,
    gate: Arc<dyn Gate>,
    insight: Arc<dyn Insight>,
    ready: watch::Receiver<bool>,
    main: JoinHandle<()>,
    settings: LiveSettings,
    stopping: CancellationToken,
}

impl Orchestrator {
    /// Starts in the background: takes up what an earlier process left unfinished, then watches. Must be called within a tokio runtime.
    ///
    /// `cancel` is the order to stop: nothing new is begun, effects in work have [`Limits::grace`](crate::Limits::grace) to finish, and what
    /// is left runs at the next start. Wait for the end with [`Orchestrator::join`].
    pub fn start(ports: Ports, settings: Settings, clock: Clock, cancel: CancellationToken) -> Self {
        let sightings = Arc::new(Sightings::default());
        let identities = Arc::new(Identities::new(ports.cluster.clone()));
        let settings = LiveSettings::from(settings);
        let hands = Hands::new(ports, settings.clone(), clock, sightings.clone());
        let engine = Engine::new(hands.clone(), cancel.clone());
        let around =
            Surroundings { engine: engine.clone(), hands, sightings, identities, stopping: cancel.clone() };
        let (ready, is_ready) = watch::channel(false);
        let (startup, begun) = watch::channel(Startup::ReadingJournal);
        let gate = gate::open(around.clone());
        let insight = insight::open(around.clone(), begun);
        let main = tokio::spawn(run(around, ready, startup));
        Self { engine, gate, insight, ready: is_ready, main, settings, stopping: cancel }
    }

    /// The gate; it answers from the start on, and refuses once the daemon is stopping.
    pub fn gate(&self) -> Arc<dyn Gate> {
        self.gate.clone()
    }

    /// What the daemon shows of itself, from the start on.
    pub fn insight(&self) -> Arc<dyn Insight> {
        self.insight.clone()
    }

    /// What the operator decided; changed there, it holds from the next decision on.
    pub fn settings(&self) -> LiveSettings {
        self.settings.clone()
    }

    /// Whether the journal was read and the first list of the cluster acted on.
    pub fn ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Changes to true when [`Orchestrator::ready`] does.
    pub fn readiness(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Each step of every incident from now on, after it was written. A listener that lags behind by more than 256 misses some.
    pub fn subscribe(&self) -> broadcast::Receiver<Progress> {
        self.engine.subscribe()
    }

    /// Waits for the order to stop and then for the end, which comes after the time of grace at the latest.
    pub async fn join(self) {
        self.stopping.cancelled().await;
        // Side by side: a Rollout's task may wait for a journal that does not work, until the engine gives up.
        let (main, ()) = futures::join!(self.main, self.engine.drain());
        if main.is_err() {
            tracing::error!("the observer panicked: this is a bug of rollmend");
        }
    }
}

async fn run(around: Surroundings, ready: watch::Sender<bool>, startup: watch::Sender<Startup>) {
    let known = around.engine.recover().await;
    if around.stopping.is_cancelled() {
        return;
    }
    startup.send_replace(Startup::Listing);
    let mut listed = ready.subscribe();
    let observe = Observer::new(around, known, ready).run();
    let tell = async {
        if listed.wait_for(|listed| *listed).await.is_ok() {
            startup.send_replace(Startup::Ready);
        }
    };
    futures::join!(observe, tell);
}
