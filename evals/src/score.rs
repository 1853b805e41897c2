//! What a scorer finds, and what it counts.

use chrono::{DateTime, Utc};
use domain::workflow::Event;
use domain::{AnalystKind, Cost};
use serde::Serialize;

use crate::mind::Mind;
use crate::remains::Remains;
use crate::scenario::Scenario;

/// What a scorer finds in the remains of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// All of it is as it must be.
    Right,
    /// Some of it is.
    Partly {
        /// How many are.
        right: u32,
        /// Of how many, which is more.
        of: u32,
        /// What is wrong with the others.
        wrong: String,
    },
    /// It is not; and what is wrong.
    Wrong(String),
    /// There is nothing in this scenario, or with this mind, that could be right or wrong.
    NotAsked,
}

/// For whom a scorer's finding must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// Whoever judges: code of ours promises it, not a mind.
    Always,
    /// For the rules, whose outcome is known. Of a model it is measured.
    ByRules,
}

/// What becomes of a finding that is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The whole run fails.
    Must,
    /// It costs points.
    Measured,
}

/// A finding with its weight, for a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// The scorer's name.
    pub scorer: &'static str,
    /// What becomes of it when it is not right.
    pub weight: Weight,
    /// From 0 to 1.
    pub points: f64,
    /// What is wrong, where something is.
    pub wrong: Option<String>,
}

/// What is measured and not scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measures {
    /// From the trouble to the first verdict, in milliseconds.
    pub verdict_after_ms: Option<u64>,
    /// From the end of the run in the cluster, before which nothing is cloned, to the open pull request, in milliseconds.
    pub pull_request_after_ms: Option<u64>,
    /// From the command's begin to its end, in milliseconds; most of it is the scenario's own time.
    pub took_ms: u64,
    /// What models cost.
    pub cost: Cost,
}

/// Whose merit it is how a scenario went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merit {
    /// The rules': they were to judge, or nobody's judgement was wanted.
    Rules,
    /// The model's.
    Model,
    /// Nobody's: the model was to judge, and another verdict stands, or none.
    StoodIn,
}

impl Merit {
    /// Of that mind in that scenario.
    pub(crate) fn of(scenario: &Scenario, remains: &Remains, mind: &Mind) -> Self {
        let judged = remains.verdict().map(|verdict| &verdict.analyst);
        match (mind, judged) {
            (Mind::Rules, _) => Self::Rules,
            (Mind::Model(_), Some(AnalystKind::Model { .. })) => Self::Model,
            (Mind::Model(_), None) if scenario.verdict.is_none() => Self::Rules,
            (Mind::Model(_), _) => Self::StoodIn,
        }
    }
}

impl Bond {
    pub(crate) fn weight(self, merit: Merit) -> Weight {
        match (self, merit) {
            (Self::Always, _) | (Self::ByRules, Merit::Rules) => Weight::Must,
            (Self::ByRules, Merit::Model | Merit::StoodIn) => Weight::Measured,
        }
    }
}

impl Scored {
    /// The finding of that scorer; none where it was not asked.
    pub(crate) fn of(scorer: &'static str, weight: Weight, finding: Finding) -> Option<Self> {
        let (points, wrong) = match finding {
            Finding::NotAsked => return None,
            Finding::Right => (1.0, None),
            Finding::Partly { right, of, wrong } => {
                (f64::from(right.min(of)) / f64::from(of.max(1)), Some(wrong))
            }
            Finding::Wrong(wrong) => (0.0, Some(wrong)),
        };
        Some(Self { scorer, weight, points, wrong })
    }

    /// Whether it fails the whole run.
    pub fn is_broken_must(&self) -> bool {
        self.weight == Weight::Must && self.wrong.is_some()
    }
}

impl Measures {
    /// Takes the figures of the incident's history.
    pub fn of(remains: &Remains) -> Self {
        let first = |wanted: fn(&Event) -> bool| -> Option<DateTime<Utc>> {
            let history = &remains.incident.as_ref()?.history;
            history.iter().find(|recorded| wanted(&recorded.event)).map(|recorded| recorded.at)
        };
        let trouble = first(|event| matches!(event, Event::Detected { .. }));
        let verdict = first(|event| matches!(event, Event::VerdictReached { .. }));
        let end = first(|event| matches!(event, Event::RunEnded { .. }));
        let opened = first(|event| matches!(event, Event::ProposalOpened { .. }));
        Self {
            verdict_after_ms: span(trouble, verdict),
            pull_request_after_ms: span(end, opened),
            took_ms: remains.took_ms,
            cost: remains.cost,
        }
    }
}

fn span(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<u64> {
    u64::try_from((to? - from?).num_milliseconds().max(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_must_is_broken_by_whatever_is_not_wholly_right() {
        let partly = Finding::Partly { right: 3, of: 4, wrong: "one quote".to_owned() };
        let scored = |weight, finding| Scored::of("quotes", weight, finding).unwrap();
        assert!(!scored(Weight::Must, Finding::Right).is_broken_must());
        assert!(scored(Weight::Must, partly.clone()).is_broken_must());
        assert!(!scored(Weight::Measured, partly.clone()).is_broken_must());
        let whole = Scored {
            scorer: "quotes",
            weight: Weight::Must,
            points: 0.75,
            wrong: Some("one quote".to_owned()),
        };
        assert_eq!(scored(Weight::Must, partly), whole);
        assert_eq!(Scored::of("quotes", Weight::Must, Finding::NotAsked), None);
    }
}
