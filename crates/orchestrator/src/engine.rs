//! The embedded engine: writes each event with the state and effects that the workflow makes of it, then runs the effects.
//!
//! One writer per incident. Nothing is done, and nobody is told, on the strength of a step that is not written: a journal that
//! fails is tried again until it is back. After a crash every effect without a result runs again under the same [`EffectId`].
//!
//! Refuses to know what events mean (that is [`domain::workflow`]) and how effects are done (that is `effects`).

mod desk;
mod progress;
mod recovery;
mod step;
mod work;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ports::EffectId;
use domain::workflow::{Detection, Event, Run, Transition, open, transition};
use domain::{Failure, IncidentId};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use progress::Progress;
pub(crate) use progress::{kind, words};

use crate::effects::Hands;
use desk::{Desk, Desks};

/// How many steps a slow listener may lag behind before it misses some.
const PROGRESS_BUFFER: usize = 256;

/// The engine ended while a step was waiting for the journal: the step is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a step: the daemon is stopping")]
pub(crate) struct Stopped;

/// A handle on the engine; cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

struct Inner {
    hands: Hands,
    desks: Desks,
    running: Mutex<HashSet<EffectId>>,
    tasks: TaskTracker,
    /// No new work.
    stopping: CancellationToken,
    /// Grace is over.
    stopped: CancellationToken,
    progress: broadcast::Sender<Progress>,
}

impl Engine {
    /// An engine that has done nothing yet; see [`Engine::recover`].
    pub(crate) fn new(hands: Hands, stopping: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            hands,
            desks: Desks::default(),
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping,
            stopped: CancellationToken::new(),
            progress: broadcast::channel(PROGRESS_BUFFER).0,
        }))
    }

    /// Opens an incident or joins the one that is there. The state after it.
    pub(crate) async fn detect(&self, detection: Detection) -> Result<Arc<Run>, Stopped> {
        let desk = self.0.desks.of(&detection.identity.id());
        let make = |run: Option<&Run>, at| {
            let event = Event::Detected { detection: Box::new(detection.clone()) };
            match run {
                None => Some((event, open(detection.clone(), at))),
                Some(run) => with_event(transition(run, event.clone(), at), event),
            }
        };
        // A detection opens what is not there, so that there always is a state after it.
        self.step(&desk, None, &make).await?.ok_or(Stopped)
    }

    /// Tells an incident what `decide` concludes from its state. `None` when there is no such incident.
    pub(crate) async fn decide(
        &self,
        incident: &IncidentId,
        decide: impl Fn(&Run) -> Option<Event> + Send + Sync,
    ) -> Result<Option<Arc<Run>>, Stopped> {
        let desk = self.0.desks.of(incident);
        let make = |run: Option<&Run>, at| {
            let run = run?;
            let event = decide(run)?;
            with_event(transition(run, event.clone(), at), event)
        };
        self.step(&desk, None, &make).await
    }

    /// The incident's state.
    pub(crate) async fn run(&self, incident: &IncidentId) -> Result<Option<Arc<Run>>, Failure> {
        let desk = self.0.desks.of(incident);
        self.known_or_loaded(&desk).await
    }

    /// The incident's state and its changes.
    pub(crate) async fn changes(&self, incident: &IncidentId) -> Result<Watched, Failure> {
        let desk = self.0.desks.of(incident);
        self.known_or_loaded(&desk).await?;
        Ok(Watched { state: desk.subscribe(), _desk: desk })
    }

    /// Each step as it is written.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Progress> {
        self.0.progress.subscribe()
    }

    /// After the order to stop: lets effects in work finish for the time of grace and leaves the rest to the next start.
    pub(crate) async fn drain(&self) {
        self.0.tasks.close();
        let grace = self.0.hands.settings().limits.grace;
        if tokio::time::timeout(grace, self.0.tasks.wait()).await.is_err() {
            let left = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).len();
            tracing::info!(left, "leaving unfinished effects to the next start");
        }
        self.0.stopped.cancel();
        self.0.tasks.wait().await;
    }
}

/// An incident's state with its changes; as long as this is held, the state stays in memory.
pub(crate) struct Watched {
    /// The state; `None` while there is no such incident.
    pub(crate) state: watch::Receiver<Option<Arc<Run>>>,
    _desk: Arc<Desk>,
}

fn with_event(made: Option<Transition>, event: Event) -> Option<(Event, Transition)> {
    made.map(|made| (event, made))
}
