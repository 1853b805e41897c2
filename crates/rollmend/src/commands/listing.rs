//! An incident in one row, for people and for machines.

use chrono::{DateTime, Utc};
use domain::workflow::{Run, State};
use domain::{Category, Mode};
use serde::Serialize;

/// What `incidents --json` prints of each; keys are only ever added.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    /// The incident's id.
    pub(crate) id: &'a str,
    /// Where it stands.
    pub(crate) state: String,
    namespace: &'a str,
    rollout: &'a str,
    /// The canary's pod template hash.
    canary: &'a str,
    attempt: u32,
    mode: Mode,
    category: Option<Category>,
    confidence: Option<u8>,
    /// The verdict in a sentence, without text from logs.
    headline: Option<&'a str>,
    /// The pull request's page.
    pull_request: Option<&'a str>,
    /// Why it ended as it did, where there is no pull request.
    reason: Option<&'a str>,
    opened_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl<'a> Row<'a> {
    pub(crate) fn of(run: &'a Run) -> Self {
        let verdict = run.verdict.as_deref();
        Self {
            id: run.id.as_str(),
            state: run.state.name().to_string(),
            namespace: run.identity.rollout.namespace.as_str(),
            rollout: run.identity.rollout.name.as_str(),
            canary: run.identity.canary.as_str(),
            attempt: run.attempt.0.get(),
            mode: run.mode,
            category: verdict.map(|verdict| verdict.category),
            confidence: verdict.map(|verdict| verdict.confidence.get()),
            headline: verdict.map(|verdict| verdict.headline.as_str()),
            pull_request: run.proposed.as_ref().map(|(_, pull_request)| pull_request.url.as_str()),
            reason: reason(&run.state),
            opened_at: run.opened_at,
            changed_at: run.changed_at,
        }
    }

    /// For a table: id, state, since when, what.
    pub(crate) fn cells(&self, now: DateTime<Utc>) -> [String; 4] {
        let what = match (self.pull_request, self.headline, self.reason) {
            (Some(url), _, _) => url.to_owned(),
            (None, Some(headline), _) => headline.to_owned(),
            (None, None, reason) => reason.unwrap_or_default().to_owned(),
        };
        [self.id.to_owned(), self.state.clone(), ago(self.changed_at, now), what]
    }
}

/// Why an incident ended without a pull request.
pub(crate) fn reason(state: &State) -> Option<&str> {
    match state {
        State::Explained { why } => Some(why),
        State::Escalated { reason } => Some(reason),
        _ => None,
    }
}

/// A span in its largest whole unit, such as `5 min ago`.
pub(crate) fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_largest_whole_unit_and_never_negative() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let told = |seconds| ago(now - chrono::TimeDelta::seconds(seconds), now);
        let spans = [-5, 59, 60, 3_599, 3_600, 200_000];
        assert_eq!(spans.map(told), ["0 s ago", "59 s ago", "1 min ago", "59 min ago", "1 h ago", "2 d ago"]);
    }
}
