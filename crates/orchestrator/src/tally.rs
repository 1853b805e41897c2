//! What is counted: incidents by state and category, times to verdict and pull request, failed calls by kind.
//!
//! One small entry per incident is kept in memory. Refuses to know how figures are shown.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::ports::{Figures, Spread, Step};
use domain::workflow::{Event, Run, StateName};
use domain::{AttemptNumber, Category, Failure, IncidentId};

/// Bounds in seconds: from a verdict by rules to one that waited for a slow model or a first clone.
const BOUNDS: [f64; 11] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0, 90.0, 180.0, 600.0, f64::INFINITY];

/// The counts of this process, and of what the journal holds.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    incidents: HashMap<IncidentId, Entry>,
    failures: BTreeMap<&'static str, u64>,
    to_verdict: Spread,
    to_pull_request: Spread,
}

/// Where an incident stands, and since when what is measured is due: the attempt's trouble.
#[derive(Debug, Clone, Copy)]
struct Entry {
    state: StateName,
    category: Option<Category>,
    verdict_due: Option<DateTime<Utc>>,
    pull_request_due: Option<DateTime<Utc>>,
}

impl Tally {
    /// Takes in what the journal holds at the start. Of a later attempt it does not say when its trouble was seen: not measured then.
    pub(crate) fn know(&self, runs: &[Run]) {
        let mut counts = self.counts();
        for run in runs {
            let due = (run.attempt == AttemptNumber::FIRST).then_some(run.opened_at);
            let entry = Entry {
                verdict_due: due.filter(|_| run.verdict.is_none()),
                pull_request_due: due.filter(|_| run.proposed.is_none()),
                ..Entry::of(run)
            };
            // A step that was written meanwhile knows better.
            counts.incidents.entry(run.id.clone()).or_insert(entry);
        }
    }

    /// Counts a step that was written.
    pub(crate) fn note(&self, step: &Step) {
        let counts = &mut *self.counts();
        let entry = counts.incidents.entry(step.run.id.clone()).or_insert_with(|| Entry::of(&step.run));
        match &step.event {
            Event::Detected { .. } if step.run.verdict.is_none() => {
                entry.verdict_due.get_or_insert(step.at);
                entry.pull_request_due.get_or_insert(step.at);
            }
            Event::Retried { .. } => *entry = Entry::of(&step.run),
            Event::VerdictReached { .. } => count(&mut counts.to_verdict, entry.verdict_due.take(), step.at),
            Event::ProposalOpened { .. } => {
                count(&mut counts.to_pull_request, entry.pull_request_due.take(), step.at);
            }
            _ => {}
        }
        let now = Entry::of(&step.run);
        (entry.state, entry.category) = (now.state, now.category);
    }

    /// Counts a call to the outside that failed.
    pub(crate) fn failed(&self, failure: &Failure) {
        *self.counts().failures.entry(failure.kind).or_default() += 1;
    }

    /// What was counted; what is not counted here is left at nothing.
    pub(crate) fn figures(&self) -> Figures {
        let counts = self.counts();
        let mut incidents = BTreeMap::new();
        for entry in counts.incidents.values() {
            *incidents.entry((entry.state, entry.category)).or_default() += 1;
        }
        Figures {
            incidents,
            to_verdict: counts.to_verdict.clone(),
            to_pull_request: counts.to_pull_request.clone(),
            failures: counts.failures.clone(),
            ..Figures::default()
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Counts {
    fn default() -> Self {
        let empty = Spread { buckets: BOUNDS.map(|bound| (bound, 0)).to_vec(), sum: 0.0 };
        Self {
            incidents: HashMap::new(),
            failures: BTreeMap::new(),
            to_verdict: empty.clone(),
            to_pull_request: empty,
        }
    }
}

impl Entry {
    fn of(run: &Run) -> Self {
        Self {
            state: run.state.name(),
            category: run.verdict.as_ref().map(|verdict| verdict.category),
            verdict_due: None,
            pull_request_due: None,
        }
    }
}

fn count(spread: &mut Spread, since: Option<DateTime<Utc>>, at: DateTime<Utc>) {
    let Some(since) = since else { return };
    let seconds = (at - since).as_seconds_f64().max(0.0);
    if let Some((_, count)) = spread.buckets.iter_mut().find(|(bound, _)| seconds <= *bound) {
        *count += 1;
        spread.sum += seconds;
    }
}
