//! The last steps of all incidents, for those who want to see what happens: bounded, numbered, in memory.
//!
//! Refuses to know what a step means, and who reads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::ports::{Step, ToldStep};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::engine::{kind, words};

/// So many steps are kept.
const KEPT: usize = 1_000;

/// The last steps; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Chronicle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<Kept>,
    last: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    next: u64,
    steps: VecDeque<ToldStep>,
}

impl Chronicle {
    /// An empty one of a process that begins at `now`. Numbers begin with the milliseconds since 1970, so that a reader who asks for what
    /// came after the last number he knows misses nothing when the daemon was restarted meanwhile.
    pub(crate) fn beginning(now: DateTime<Utc>) -> Self {
        let next = u64::try_from(now.timestamp_millis()).unwrap_or_default().max(1);
        let kept = Kept { next, steps: VecDeque::new() };
        Self(Arc::new(Inner { kept: Mutex::new(kept), last: watch::channel(0).0 }))
    }

    /// Notes a step that was written.
    pub(crate) fn note(&self, step: &Step) {
        let mut kept = self.kept();
        let id = kept.next;
        kept.next += 1;
        if kept.steps.len() >= KEPT {
            kept.steps.pop_front();
        }
        kept.steps.push_back(ToldStep {
            id,
            at: step.at,
            kind: kind(&step.event),
            incident: step.run.id.clone(),
            state: step.run.state.name(),
            words: words(&step.event),
        });
        // Within the lock, so that the number never goes back.
        self.0.last.send_replace(id);
    }

    /// The steps after the one with this number.
    pub(crate) fn since(&self, id: u64) -> Vec<ToldStep> {
        let kept = self.kept();
        let first = kept.steps.partition_point(|step| step.id <= id);
        kept.steps.range(first..).cloned().collect()
    }

    /// The same, and then each as it comes.
    pub(crate) fn follow(&self, id: u64) -> BoxStream<'static, ToldStep> {
        let from = (self.clone(), self.0.last.subscribe(), id);
        futures::stream::unfold(from, |(chronicle, mut last, read)| async move {
            loop {
                last.borrow_and_update();
                if let Some(step) = chronicle.after(read) {
                    let read = step.id;
                    return Some((step, (chronicle, last, read)));
                }
                last.changed().await.ok()?;
            }
        })
        .boxed()
    }

    fn after(&self, id: u64) -> Option<ToldStep> {
        let kept = self.kept();
        let first = kept.steps.partition_point(|step| step.id <= id);
        kept.steps.get(first).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::workflow::{Detection, Event, Trigger, open};
    use domain::{IncidentIdentity, Mode, NamedRepository, RolloutRef, Trouble};

    use super::*;

    fn step() -> Step {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let rollout = RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() };
        let identity = IncidentIdentity {
            cluster: "c1".parse().unwrap(),
            rollout,
            uid: "rollout-uid".parse().unwrap(),
            canary: "86686d4656".parse().unwrap(),
        };
        let detection = Detection {
            identity,
            mode: Mode::Observe,
            attempt_started_at: at,
            troubles: vec![Trouble::AbortedByHand],
            trigger: Trigger::Watch,
            named: NamedRepository::default(),
        };
        let made = open(detection.clone(), at);
        let event = Event::Detected { detection: Box::new(detection) };
        Step { run: made.run, at, event, effects: made.effects, settles: None }
    }

    #[tokio::test]
    async fn the_last_thousand_are_kept_and_a_reader_that_lags_goes_on_with_the_oldest_of_them() {
        let chronicle = Chronicle::beginning(DateTime::from_timestamp_millis(5_000).unwrap());
        let mut lagging = chronicle.follow(0);
        for _ in 0..1_500 {
            chronicle.note(&step());
        }
        let kept = chronicle.since(0);
        assert_eq!((kept.len(), kept[0].id, kept[999].id), (1_000, 5_500, 6_499));
        assert_eq!(lagging.next().await.unwrap().id, 5_500);
        assert_eq!(chronicle.since(6_498).len(), 1);
        assert_eq!(chronicle.since(u64::MAX), []);
    }
}
