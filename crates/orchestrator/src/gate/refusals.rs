//! Refusals are written where people look: one Warning Event per attempt and cause, since the plugin shows only a number.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::{GateRefusal, Mode};

use super::subject::AttemptSubject;
use crate::observer::Surroundings;

/// Keys of Events that were written by this process; the Event's own key keeps an earlier process's from being doubled.
const MOST_KEYS: usize = 10_000;

/// What was written already.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashSet<String>>);

impl Refusals {
    /// Writes the Event in the background: the caller does not wait for it.
    pub(super) fn announce(&self, around: &Surroundings, subject: &AttemptSubject, refusal: &GateRefusal) {
        if around.hands.settings().mode == Mode::Observe {
            return;
        }
        let reference = subject.rollout.rollout.clone();
        let canary = &subject.identity.canary;
        let words =
            around.hands.ports.voice.refusal_announcement(&reference, canary, subject.attempt, refusal);
        let Some(announcement) = words else { return };
        if !self.is_new(&announcement.key) {
            return;
        }
        let announcer = around.hands.ports.announcer.clone();
        let uid = subject.rollout.uid.clone();
        tokio::spawn(async move {
            if let Err(failure) = announcer.announce(&reference, &uid, &announcement).await {
                tracing::warn!(rollout = %reference, kind = failure.kind, "{}", failure.sentence());
            }
        });
    }

    fn is_new(&self, key: &str) -> bool {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST_KEYS {
            keys.clear();
        }
        keys.insert(key.to_owned())
    }
}
