//! The scorers: pure functions over what was left.

mod evidence;
mod outcome;
mod patch;
mod verdict;

#[cfg(test)]
pub(crate) mod made_up;

pub(crate) use self::patch::kind_words;
use crate::mind::Mind;
use crate::remains::Remains;
use crate::scenario::Scenario;
use crate::score::{Bond, Finding, Merit, Scored};

/// A scorer.
#[derive(Debug, Clone, Copy)]
pub struct Scorer {
    /// Its name in reports.
    pub name: &'static str,
    /// For whom it must be right.
    pub bond: Bond,
    find: fn(&Scenario, &Remains, &Mind) -> Finding,
}

/// What is wrong with a good outcome that is not the model's.
pub(crate) const STOOD_IN: &str = "not the model's merit";

/// Every scorer, in the order of reports.
pub const SCORERS: &[Scorer] = &[
    Scorer { name: "ending", bond: Bond::ByRules, find: outcome::ending },
    Scorer { name: "incident", bond: Bond::ByRules, find: outcome::incident },
    Scorer { name: "mind", bond: Bond::ByRules, find: outcome::mind },
    Scorer { name: "cost", bond: Bond::ByRules, find: outcome::cost },
    Scorer { name: "gate", bond: Bond::Always, find: outcome::gate },
    Scorer { name: "category", bond: Bond::ByRules, find: verdict::category },
    Scorer { name: "suspect", bond: Bond::ByRules, find: verdict::suspect },
    Scorer { name: "confidence", bond: Bond::ByRules, find: verdict::confidence },
    Scorer { name: "words", bond: Bond::ByRules, find: verdict::words },
    Scorer { name: "claims", bond: Bond::Always, find: evidence::claims },
    Scorer { name: "quotes", bond: Bond::Always, find: evidence::quotes },
    Scorer { name: "replay", bond: Bond::Always, find: evidence::replay },
    Scorer { name: "pull requests", bond: Bond::ByRules, find: patch::pull_requests },
    Scorer { name: "patch", bond: Bond::ByRules, find: patch::patch },
];

/// What every scorer that has something to say finds. A model is credited with nothing where the rules stood in for it, however well it
/// went.
pub fn score(scenario: &Scenario, remains: &Remains, mind: &Mind) -> Vec<Scored> {
    let merit = Merit::of(scenario, remains, mind);
    let found = SCORERS.iter().map(|scorer| {
        let finding = (scorer.find)(scenario, remains, mind);
        let finding = match (scorer.bond, merit, finding) {
            (Bond::ByRules, Merit::StoodIn, Finding::Right | Finding::Partly { .. }) => {
                Finding::Wrong(STOOD_IN.to_owned())
            }
            (_, _, finding) => finding,
        };
        Scored::of(scorer.name, scorer.bond.weight(merit), finding)
    });
    found.flatten().collect()
}
