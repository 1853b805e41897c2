//! Logs followed into files on disk, within limits, so that they outlive their pods and us.
//!
//! `<dir>/<incident>/<pod>_<uid>_<container>_<which>/` holds the segments of one log: the beginning for good, the end as a
//! ring. What was not kept is counted. Lines reach the disk within a fraction of a second and survive a crash of the daemon,
//! not one of the machine: nothing is synced.
//!
//! Refuses to know what the lines say.

mod counters;
mod follow;
mod library;
mod resume;
mod roster;
mod segment;
mod shelf;
mod usage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Followed, LogSource, Spool};
use domain::{Failure, IncidentIdentity, LogExcerpt};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use self::follow::Following;
use self::library::Library;
use self::roster::{Admission, Roster};
use crate::api::Api;
use crate::settings::SpoolSettings;

/// Follows logs into files. Ends its work when it is dropped; [`LogSpool::stop`] also waits for it.
pub struct LogSpool {
    api: Api,
    settings: SpoolSettings,
    library: Arc<Library>,
    roster: Mutex<Roster>,
    runtime: Handle,
    stop: CancellationToken,
}

impl LogSpool {
    /// Opens the directory and finds what an earlier process left there. Must be called on a Tokio runtime, on which the
    /// logs are then followed.
    pub async fn open(client: kube::Client, settings: SpoolSettings) -> Result<Self, Failure> {
        let dir = settings.dir.clone();
        let opened = {
            let settings = settings.clone();
            spawn_blocking(move || Library::open(&settings, SystemTime::now())).await
        };
        let library = opened.map_err(std::io::Error::other).flatten().map_err(|error| {
            let advice = "make the directory of [daemon] spool writable for the daemon, or name another";
            Failure::ask_human("spool-unusable", format!("use the spool directory {}", dir.display()), advice)
                .because(error)
        })?;
        Ok(Self {
            api: Api::new(client),
            settings,
            library: Arc::new(library),
            roster: Mutex::default(),
            runtime: Handle::current(),
            stop: CancellationToken::new(),
        })
    }

    /// Stops following everything; what was received is on disk when this returns.
    pub async fn stop(&self) {
        self.stop.cancel();
        let tasks = self.roster().take_tasks();
        for task in tasks {
            task.end().await;
        }
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LogSpool {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[async_trait]
impl Spool for LogSpool {
    fn follow(&self, observation: &IncidentIdentity, source: LogSource, since: DateTime<Utc>) -> Followed {
        let id = observation.id();
        let key = library::log_name(&source);
        let mut roster = self.roster();
        let stored = || self.library.stored(&id);
        let seat = match roster.admit(observation, &key, &self.settings, stored) {
            Admission::Already => return Followed::Already,
            Admission::OverLimit => return Followed::OverLimit,
            Admission::Seat(seat) => seat,
        };
        let stop = self.stop.child_token();
        let following = Following {
            api: self.api.clone(),
            library: Arc::clone(&self.library),
            log: self.library.log(&id, source),
            pace: self.settings.pace,
            silence: self.settings.silence,
            since,
            seat,
            stop: stop.clone(),
        };
        roster.seat(&id, key, stop, self.runtime.spawn(following.run()));
        Followed::Started
    }

    async fn excerpts(
        &self,
        observation: &IncidentIdentity,
        limit_bytes: u64,
    ) -> Result<Vec<LogExcerpt>, Failure> {
        let (library, id) = (Arc::clone(&self.library), observation.id());
        spawn_blocking(move || library.excerpts(&id, limit_bytes))
            .await
            .map_err(|error| Failure::retry("spool-unreadable", "read spooled logs").because(error))
    }

    fn received(&self, observation: &IncidentIdentity) -> u64 {
        let id = observation.id();
        self.roster().received(&id).unwrap_or_else(|| self.library.stored(&id))
    }

    async fn ended(&self, observation: &IncidentIdentity) {
        let live = self.roster().live(&observation.id());
        if let Some(mut live) = live {
            // An error means that nothing can be followed any more.
            let _ = live.wait_for(|live| *live == 0).await;
        }
    }

    fn streams(&self) -> usize {
        self.roster().streams()
    }

    fn not_followed(&self, observation: &IncidentIdentity) -> u64 {
        self.roster().refused(&observation.id())
    }

    async fn release(&self, observation: &IncidentIdentity) {
        let id = observation.id();
        let tasks = self.roster().remove(&id);
        for task in tasks {
            task.end().await;
        }
        let library = Arc::clone(&self.library);
        if let Err(error) = spawn_blocking(move || library.forget(&id)).await {
            tracing::warn!("spooled logs were not removed: {error}");
        }
    }
}
