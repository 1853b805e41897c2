//! One step: state, transition, and both in one transaction before anyone acts on them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ports::{EffectId, PendingEffect, Step};
use domain::workflow::{Event, Run, Transition};
use domain::{Failure, Remedy};

use super::desk::Desk;
use super::progress::{Progress, words};
use super::{Engine, Stopped};
use crate::backoff;

/// Makes an event of a state; `None`: nothing new.
pub(super) type Make<'a> = dyn Fn(Option<&Run>, DateTime<Utc>) -> Option<(Event, Transition)> + Sync + 'a;

/// What became of a try to write a step.
enum Written {
    /// It is in the journal.
    Yes,
    /// Another step with its number is; the state was read again.
    Overtaken,
    /// The journal does not work.
    No(Failure),
}

impl Engine {
    /// Writes the step that `make` wants and starts its effects. The state after it; `None` when there is no such incident.
    pub(super) async fn step(
        &self,
        desk: &Arc<Desk>,
        settles: Option<&EffectId>,
        make: &Make<'_>,
    ) -> Result<Option<Arc<Run>>, Stopped> {
        let _writer = desk.writer.lock().await;
        let mut tries = 0;
        loop {
            let failure = match self.known_or_loaded(desk).await {
                Ok(run) => {
                    let at = self.0.hands.clock.now();
                    let Some((event, made)) = make(run.as_deref(), at) else { return Ok(run) };
                    let step =
                        Step { run: made.run, at, event, effects: made.effects, settles: settles.cloned() };
                    match self.write(desk, &step).await {
                        Written::Yes => return Ok(Some(self.go_on(desk, step))),
                        Written::Overtaken => continue,
                        Written::No(failure) => failure,
                    }
                }
                Err(failure) => failure,
            };
            tries += 1;
            self.wait_for_the_journal(desk, tries, &failure).await?;
        }
    }

    /// The state in memory, else in the journal.
    pub(super) async fn known_or_loaded(&self, desk: &Desk) -> Result<Option<Arc<Run>>, Failure> {
        if let Some(known) = desk.known() {
            return Ok(Some(known));
        }
        let loaded = self.0.hands.ports.journal.load(&desk.incident).await?.map(Arc::new);
        if let Some(run) = &loaded {
            desk.show(run.clone());
        }
        Ok(loaded)
    }

    async fn write(&self, desk: &Desk, step: &Step) -> Written {
        let journal = &self.0.hands.ports.journal;
        let Err(failure) = journal.commit(step).await else { return Written::Yes };
        // A commit that reports a failure may have been written all the same, and a refused one was overtaken: the journal knows.
        match journal.load(&desk.incident).await {
            Ok(Some(stored)) if stored == step.run => Written::Yes,
            Ok(Some(stored)) if stored.version >= step.run.version => {
                desk.show(Arc::new(stored));
                Written::Overtaken
            }
            Ok(_) | Err(_) => Written::No(failure),
        }
    }

    /// After the step is written: shows it and starts its effects.
    fn go_on(&self, desk: &Arc<Desk>, step: Step) -> Arc<Run> {
        self.0.hands.chronicle.note(&step);
        self.0.hands.tally.note(&step);
        let run = Arc::new(step.run);
        desk.show(run.clone());
        tracing::info!(incident = %run.id, state = %run.state.name(), event = words(&step.event), "step");
        // Nobody has to listen.
        let _ = self.0.progress.send(Progress {
            incident: run.id.clone(),
            state: run.state.name(),
            event: words(&step.event),
            at: step.at,
        });
        for (index, effect) in (0..).zip(step.effects) {
            let id = EffectId { incident: run.id.clone(), event: run.version, index };
            self.spawn(PendingEffect { id, effect }, desk.clone());
        }
        run
    }

    async fn wait_for_the_journal(&self, desk: &Desk, tries: u32, failure: &Failure) -> Result<(), Stopped> {
        self.0.hands.tally.failed(failure);
        let advice = match &failure.remedy {
            Remedy::AskHuman { advice } => advice.as_str(),
            Remedy::Retry { .. } | Remedy::GiveUp => {
                "check the journal's file: free space on its volume, rights, and who else has it open"
            }
        };
        tracing::error!(
            incident = %desk.incident, tries, kind = failure.kind, advice,
            "failed to write a step, nothing is done before it is written: {failure}"
        );
        let wait = backoff::delay(&desk.incident, tries, None);
        tokio::select! {
            () = self.0.stopped.cancelled() => Err(Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}
