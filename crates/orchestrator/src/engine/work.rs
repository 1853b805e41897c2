//! Runs one effect until it has a result, and writes the result.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use domain::ports::{EffectId, PendingEffect};
use domain::workflow::{Effect, Event, Run, transition};
use domain::{Failure, Remedy};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::desk::Desk;
use super::{Engine, with_event};
use crate::backoff;

/// An API server that has just started refuses for a moment what its roles allow, so an Event is given up with the third refusal only.
const REFUSALS: u32 = 3;

/// What to do with a failed try.
enum Next {
    /// Try again after a wait.
    Again(Duration),
    /// Write this as the result.
    Settle(Event),
}

impl Engine {
    /// Starts an effect, unless it runs already or the daemon is stopping: it then stays pending in the journal.
    pub(super) fn spawn(&self, pending: PendingEffect, desk: Arc<Desk>) {
        if self.0.stopping.is_cancelled() {
            return;
        }
        let new = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).insert(pending.id.clone());
        if new {
            self.0.tasks.spawn(self.clone().until_settled(pending, desk));
        }
    }

    fn until_settled(self, pending: PendingEffect, desk: Arc<Desk>) -> BoxFuture<'static, ()> {
        async move {
            tokio::select! {
                () = self.0.stopped.cancelled() => {}
                () = self.work(&pending, &desk) => {}
            }
            self.0.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&pending.id);
        }
        .boxed()
    }

    async fn work(&self, pending: &PendingEffect, desk: &Arc<Desk>) {
        let mut tries = 0;
        let event = loop {
            tries += 1;
            let failure = match self.once(pending, desk).await {
                Ok(event) => break event,
                Err(failure) => failure,
            };
            match self.after(pending, tries, &failure) {
                Next::Settle(event) => break event,
                Next::Again(wait) => tokio::select! {
                    () = self.0.stopping.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                },
            }
        };
        self.settle(&pending.id, &event, desk).await;
    }

    async fn once(&self, pending: &PendingEffect, desk: &Desk) -> Result<Event, Failure> {
        let Some(run) = self.known_or_loaded(desk).await? else {
            return Ok(Event::EffectDone);
        };
        let done = AssertUnwindSafe(self.0.hands.perform(pending, &run)).catch_unwind().await;
        done.unwrap_or_else(|_| {
            Err(Failure::retry("effect-panicked", format!("{}: it panicked", wish(&pending.effect))))
        })
    }

    fn after(&self, pending: &PendingEffect, tries: u32, failure: &Failure) -> Next {
        self.0.hands.tally.failed(failure);
        let kind = failure.kind;
        let incident = &pending.id.incident;
        if let Some(wait) = self.again(pending, tries, failure) {
            tracing::info!(%incident, kind, tries, ?wait, "will try again: failed to {failure}");
            return Next::Again(wait);
        }
        tracing::warn!(%incident, kind, tries, "{}", self.0.hands.settings().redactor.text(&failure.sentence()));
        Next::Settle(match pending.effect {
            // What could not be said does not hold up the incident.
            Effect::Announce { .. } | Effect::TellPassed { .. } => Event::EffectDone,
            Effect::Freeze { .. } | Effect::Analyze { .. } | Effect::Fix { .. } | Effect::Propose { .. } => {
                let reason = self.0.hands.settings().redactor.text(&failure.sentence());
                Event::EffectFailed { reason }
            }
        })
    }

    /// How long to wait for another try, where there is one.
    fn again(&self, pending: &PendingEffect, tries: u32, failure: &Failure) -> Option<Duration> {
        let after = match (&failure.remedy, &pending.effect) {
            (Remedy::Retry { after }, _) if tries < self.0.hands.settings().limits.tries => *after,
            (Remedy::AskHuman { .. }, Effect::Announce { .. }) if tries < REFUSALS => None,
            _ => return None,
        };
        Some(backoff::delay(&pending.id, tries, after))
    }

    async fn settle(&self, id: &EffectId, event: &Event, desk: &Arc<Desk>) {
        let make = |run: Option<&Run>, at| {
            run.and_then(|run| with_event(transition(run, event.clone(), at), event.clone()))
        };
        if self.step(desk, Some(id), &make).await.is_err() {
            tracing::info!(incident = %id.incident, "a result was not written before the end: its effect runs again at the next start");
        }
    }
}

/// What an effect wants, after "failed to".
fn wish(effect: &Effect) -> &'static str {
    match effect {
        Effect::Freeze { .. } => "freeze a case file",
        Effect::Analyze { .. } => "analyze a case",
        Effect::Fix { .. } => "make a patch",
        Effect::Propose { .. } => "open a pull request",
        Effect::Announce { .. } => "announce a verdict",
        Effect::TellPassed { .. } => "comment on a pull request",
    }
}
