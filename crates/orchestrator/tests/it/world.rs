//! A small world on the other side of the ports: a cluster, a forge, a journal, which outlive the process; and lives of the daemon in it, each in
//! a runtime of its own with a paused clock, so that a life can be ended as `kill -9` ends it.
//!
//! It is honest, not kind: it keeps what it is given as JSON, refuses what the real ones refuse, fails where a script says so.

pub(crate) mod cluster;
pub(crate) mod nouns;
mod outside;
mod records;
mod rules;
mod spool;
pub(crate) mod state;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ports::Gate;
use domain::workflow::Run;
use domain::{Failure, IncidentId};
use rollmend_orchestrator::{Clock, Orchestrator, Ports, Settings};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use state::State;

/// The outside.
#[derive(Clone)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

/// One process's hold on the outside; after so many steps it is dead, and nothing that it asks for happens any more.
#[derive(Clone)]
pub(crate) struct Hold {
    pub(crate) world: World,
    fuse: Arc<AtomicI64>,
    dead: CancellationToken,
    began: (DateTime<Utc>, Instant),
}

/// A daemon that lives.
pub(crate) struct Life {
    pub(crate) orchestrator: Orchestrator,
    pub(crate) cancel: CancellationToken,
    pub(crate) hold: Hold,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State::new())), changed: Arc::new(Notify::new()) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes something outside.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.notify_waiters();
        changed
    }

    /// Waits until it holds, for an hour of the paused clock at most.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if holds(&self.state()) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(3_600), wait).await.is_err() {
            let state = self.state();
            panic!("waited in vain until {what}; runs {:#?}; calls {:?}", state.runs_by_state(), state.calls);
        }
    }

    /// Runs `story` in a life of its own; what is left of the daemon at its end is killed.
    pub(crate) fn live<F: Future<Output = ()>>(&self, settings: Settings, story: impl FnOnce(Life) -> F) {
        self.live_until(settings, i64::MAX, story);
    }

    /// The same, but the daemon is dead after `steps` steps. How many it took when it lived on.
    pub(crate) fn live_until<F: Future<Output = ()>>(
        &self,
        settings: Settings,
        steps: i64,
        story: impl FnOnce(Life) -> F,
    ) -> i64 {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let fuse = Arc::new(AtomicI64::new(steps));
        let (now, dead) = runtime.block_on(async {
            let cancel = CancellationToken::new();
            let hold = Hold {
                world: self.clone(),
                fuse: fuse.clone(),
                dead: CancellationToken::new(),
                began: (self.state().now, Instant::now()),
            };
            let clock = {
                let hold = hold.clone();
                Clock::new(move || hold.now())
            };
            let orchestrator = Orchestrator::start(hold.ports(), settings, clock, cancel.clone());
            let life = Life { orchestrator, cancel, hold: hold.clone() };
            tokio::select! {
                () = story(life) => {}
                () = hold.dead.cancelled() => {}
            }
            (hold.now(), hold.dead.clone())
        });
        drop(runtime);
        assert!(steps == i64::MAX || dead.is_cancelled() || fuse.load(Ordering::SeqCst) >= 0);
        self.change(|state| {
            state.now = now;
            state.watchers.clear();
            state.pod_watchers.clear();
        });
        steps - fuse.load(Ordering::SeqCst)
    }
}

impl Hold {
    /// The time of day: the world's, plus what passed in this life.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.began.0 + self.began.1.elapsed()
    }

    fn ports(&self) -> Ports {
        let hold = Arc::new(self.clone());
        Ports {
            cluster: hold.clone(),
            spool: hold.clone(),
            announcer: hold.clone(),
            metrics: Some(hold.clone()),
            code: hold.clone(),
            forge: Some(hold.clone()),
            journal: hold.clone(),
            cases: hold.clone(),
            digest: hold.clone(),
            analyst: hold.clone(),
            fixer: hold.clone(),
            voice: hold,
            models: None,
        }
    }

    /// A call to the outside: it may be the last before death, it is recorded, and it fails where the script says so.
    async fn call(&self, name: &'static str) -> Result<(), Failure> {
        self.cut().await;
        let fault = self.world.change(|state| {
            state.calls.push(name);
            state.faults.get_mut(name).and_then(Vec::pop)
        });
        match fault {
            Some(fault) => fault(self).await,
            None => Ok(()),
        }
    }

    /// Writes to the outside: death may come before it and after it.
    async fn write<T>(
        &self,
        name: &'static str,
        write: impl FnOnce(&mut State) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.call(name).await?;
        let written = self.world.change(write);
        self.cut().await;
        written
    }

    async fn cut(&self) {
        if self.fuse.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.dead.cancel();
            std::future::pending::<()>().await;
        }
    }
}

impl Life {
    pub(crate) fn world(&self) -> &World {
        &self.hold.world
    }

    pub(crate) fn gate(&self) -> Arc<dyn Gate> {
        self.orchestrator.gate()
    }

    /// Waits until the first list was acted on.
    pub(crate) async fn ready(&self) {
        self.orchestrator.readiness().wait_for(|ready| *ready).await.unwrap();
    }

    /// Waits until the incident stands so and nothing is left to do for it.
    pub(crate) async fn settles(&self, incident: &IncidentId, stands: impl Fn(&Run) -> bool) -> Run {
        self.world()
            .until("the incident settles", |state| {
                state.pending.is_empty() && state.run(incident).is_some_and(|run| stands(&run))
            })
            .await;
        self.world().state().run(incident).unwrap()
    }
}
