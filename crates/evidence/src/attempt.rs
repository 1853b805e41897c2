//! The span that evidence must lie in, and how long a pod may take.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Observation;

use crate::thresholds::Thresholds;

/// One attempt as it is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// Evidence counts from here, clock slack included.
    pub(crate) from: DateTime<Utc>,
    /// The moment of looking.
    pub(crate) now: DateTime<Utc>,
    /// How long after its creation a pod may be not Ready.
    pub(crate) deadline: TimeDelta,
    /// How long a waiting reason that no time heals is tolerated.
    pub(crate) grace: TimeDelta,
}

impl Attempt {
    /// That of an observation.
    pub(crate) fn of(observation: &Observation, thresholds: &Thresholds) -> Self {
        Self::new(
            observation.attempt_started_at,
            observation.at,
            observation.rollout.progress_deadline_seconds,
            thresholds,
        )
    }

    /// Of a start, the moment of looking, and the Rollout's progress deadline.
    pub(crate) fn new(
        from: DateTime<Utc>,
        now: DateTime<Utc>,
        deadline_seconds: u64,
        thresholds: &Thresholds,
    ) -> Self {
        let delta = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds.min(1 << 32)).unwrap_or(0));
        Self {
            from: from - delta(thresholds.clock_slack.as_secs()),
            now,
            deadline: delta(deadline_seconds),
            grace: delta(thresholds.hopeless_grace.as_secs()),
        }
    }

    /// Whether a known time lies in the attempt.
    pub(crate) fn contains(&self, at: Option<DateTime<Utc>>) -> bool {
        at.is_some_and(|at| at >= self.from)
    }
}
