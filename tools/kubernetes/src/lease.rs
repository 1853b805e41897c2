//! One acting replica: a Lease (`coordination.k8s.io/v1`) in the daemon's own namespace, taken before anything is begun and renewed
//! while something is done.
//!
//! Every write names the version that was read, so that of two who write at once one is refused. Whoever has not renewed for
//! [`LeasePace::renew_within`], which is shorter than the term that others wait for, has lost it and must stop at once. Refuses to
//! know what its holder does.

mod sight;

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Failure, Namespace};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::sight::Sight;
use crate::api::{Api, ApiError, Kind, Target};
use crate::write::{Terms, lease};

/// The name of the daemon's Lease.
pub const LEASE: &str = "rollmend";

/// Which Lease, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseSettings {
    /// The daemon's own namespace.
    pub namespace: Namespace,
    /// Who asks: another name for each that may run at the same time. The same name again, as after a container's restart in its pod, goes
    /// on at once.
    pub holder: String,
    /// How fast.
    pub pace: LeasePace,
}

/// How fast a Lease runs out and is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasePace {
    /// How long after the last sign of life others take over; whole seconds.
    pub term: Duration,
    /// How long its holder goes on without having renewed; shorter than the term.
    pub renew_within: Duration,
    /// The time between two tries.
    pub retry: Duration,
}

impl Default for LeasePace {
    /// 15 s, 10 s and 2 s, as Kubernetes' own controllers have it.
    fn default() -> Self {
        Self {
            term: Duration::from_secs(15),
            renew_within: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// A Lease that is not ours yet.
pub struct Lease {
    api: Api,
    settings: LeaseSettings,
    sight: Sight,
    /// What we wrote last and its version, while nothing has gone wrong since.
    ours: Option<(Terms, String)>,
}

/// The Lease, ours as long as it is renewed.
pub struct Held {
    lease: Lease,
    /// Before the request of the last success was sent.
    renewed: Instant,
}

/// Why it is ours no longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another has it.
    #[error("keep the lease: {0} has it now")]
    Taken(String),
    /// It could not be renewed in time, so another may have it.
    #[error("renew the lease within {} s: another replica may act now", .0.as_secs_f64())]
    Silent(Duration),
}

/// What a try came to.
enum Try {
    Ours,
    Theirs(String),
}

impl Lease {
    /// Over a client from [`connect`](crate::connect). Asks nothing yet.
    pub fn new(client: kube::Client, settings: LeaseSettings) -> Self {
        Self { api: Api::new(client), settings, sight: Sight::default(), ours: None }
    }

    /// Waits until it is ours; `holder` says who has it meanwhile. What goes wrong is logged once and tried again.
    pub async fn acquire(mut self, holder: &watch::Sender<Option<String>>) -> Held {
        let mut wrong = String::new();
        loop {
            let begun = Instant::now();
            match self.try_once().await {
                Ok(Try::Ours) => return Held { lease: self, renewed: begun },
                Ok(Try::Theirs(other)) => {
                    wrong.clear();
                    if holder.send_if_modified(|known| {
                        known.as_ref() != Some(&other) && {
                            *known = Some(other.clone());
                            true
                        }
                    }) {
                        tracing::info!(holder = other, "another replica holds the lease: waiting");
                    }
                }
                Err(failure) => tell_once(&mut wrong, &failure),
            }
            sleep(self.settings.pace.retry).await;
        }
    }

    /// One try, within half the time that a holder has, so that a request that hangs leaves time for another.
    async fn try_once(&mut self) -> Result<Try, Failure> {
        let limit = self.settings.pace.renew_within / 2;
        match timeout(limit, self.attempt()).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                let what = format!("ask for the lease: no answer within {} s", limit.as_secs_f64());
                Err(Failure::retry("kubernetes-timeout", what))
            }
        }
    }

    async fn attempt(&mut self) -> Result<Try, ApiError> {
        // Until this try has succeeded nobody knows what the API server has.
        let known = match self.ours.take() {
            Some(ours) => Some(ours),
            None => self.read().await?,
        };
        let Some((terms, version)) = known else {
            let first = self.terms(None);
            return self.write(first, None).await;
        };
        if !self.sight.is_open_to(&self.settings.holder, &terms, Instant::now()) {
            return Ok(Try::Theirs(terms.holder));
        }
        let next = self.terms(Some(&terms));
        self.write(next, Some(version)).await
    }

    async fn read(&self) -> Result<Option<(Terms, String)>, ApiError> {
        let target = Target::one(Kind::Lease, &self.settings.namespace, LEASE);
        let object = self.api.get(target).await?;
        Ok(object.map(|object| {
            let version = crate::field::text(&object, "/metadata/resourceVersion", crate::field::WORD);
            (Terms::of(&object), version)
        }))
    }

    async fn write(&mut self, terms: Terms, version: Option<String>) -> Result<Try, ApiError> {
        let version = lease(&self.api, &self.settings.namespace, LEASE, &terms, version.as_deref()).await?;
        self.ours = Some((terms, version));
        Ok(Try::Ours)
    }

    /// What we write over `before`.
    fn terms(&self, before: Option<&Terms>) -> Terms {
        let (holder, now) = (self.settings.holder.clone(), micros(Utc::now()));
        let (acquired, transitions) = match before {
            Some(before) if before.holder == holder => (before.acquired.clone(), before.transitions),
            Some(before) => (now.clone(), before.transitions + 1),
            None => (now.clone(), 0),
        };
        Terms { holder, duration: self.settings.pace.term, acquired, renewed: now, transitions }
    }
}

impl Held {
    /// Renews it until it is lost. May be dropped and called again.
    pub async fn keep(&mut self) -> Lost {
        let pace = self.lease.settings.pace;
        let mut wrong = String::new();
        loop {
            let until = self.renewed + pace.renew_within;
            let next = async {
                sleep(pace.retry).await;
                (Instant::now(), self.lease.try_once().await)
            };
            match timeout_at(until, next).await {
                Ok((begun, Ok(Try::Ours))) => {
                    wrong.clear();
                    self.renewed = begun;
                }
                Ok((_, Ok(Try::Theirs(other)))) => return Lost::Taken(other),
                Ok((_, Err(failure))) => tell_once(&mut wrong, &failure),
                Err(_) => return Lost::Silent(pace.renew_within),
            }
        }
    }

    /// Does `work` to its end unless the lease is lost meanwhile.
    pub async fn keep_during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Lost> {
        tokio::select! {
            done = work => Ok(done),
            lost = self.keep() => Err(lost),
        }
    }

    /// Gives it back, so that the next one need not wait. Where that fails it runs out by itself.
    pub async fn release(mut self) {
        let Some((ours, version)) = self.lease.ours.take() else { return };
        let free = Terms { holder: String::new(), duration: Duration::from_secs(1), ..ours };
        let limit = self.lease.settings.pace.renew_within / 2;
        let writing = self.lease.write(free, Some(version));
        if !matches!(timeout(limit, writing).await, Ok(Ok(_))) {
            tracing::warn!("failed to give the lease back: the next replica waits until it runs out");
        }
    }
}

/// The API server's `MicroTime`.
fn micros(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn tell_once(last: &mut String, failure: &Failure) {
    let sentence = failure.sentence();
    if *last != sentence {
        tracing::warn!("{sentence}");
        *last = sentence;
    }
}
