//! What came out, for people and machines.

mod words;

use std::path::PathBuf;

use domain::{Category, Cost, PatchKind};
use serde::Serialize;

use crate::mind::Mind;
use crate::remains::Remains;
use crate::scenario::Scenario;
use crate::score::{Measures, Scored, Weight};
use crate::scorers::score;

/// Everything that was played.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Who judged.
    pub mind: Mind,
    /// The mean of the scenarios' scores, 0 to 100; none where nothing was scored.
    pub score: Option<f64>,
    /// How many musts were broken.
    pub broken_musts: usize,
    /// By scenario, in the order of the scenarios.
    pub scenarios: Vec<ScenarioReport>,
}

/// A scenario with all its runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The mean of its runs' scores, 0 to 100; none where nothing of it was the mind's.
    pub score: Option<f64>,
    /// Each run.
    pub runs: Vec<PlayedOnce>,
}

/// A scenario that was played once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayedOnce {
    /// The share of points, 0 to 100. By the rules of every scorer that had something to say; of a model of those that measure it, and none
    /// where it was not asked.
    pub score: Option<f64>,
    /// Where the cause was seen, and how sure.
    pub cause: Option<(Category, u8)>,
    /// HTTP's status at the gate, and `promote`.
    pub gate: Option<(u16, Option<bool>)>,
    /// How many pull requests there are.
    pub pull_requests: usize,
    /// How the proposed patch came about.
    pub patch: Option<PatchKind>,
    /// What was scored.
    pub scored: Vec<Scored>,
    /// What was measured.
    pub measures: Measures,
    /// Where everything lies that was left, where it was kept.
    pub kept: Option<PathBuf>,
}

impl Report {
    /// Of scenarios that were played.
    pub fn new(mind: Mind, scenarios: Vec<ScenarioReport>) -> Self {
        let score = mean(scenarios.iter().filter_map(|scenario| scenario.score));
        let runs = scenarios.iter().flat_map(|scenario| &scenario.runs);
        let broken_musts = runs.flat_map(|run| &run.scored).filter(|scored| scored.is_broken_must()).count();
        Self { mind, score, broken_musts, scenarios }
    }
}

impl ScenarioReport {
    /// Of its runs.
    pub fn new(scenario: &Scenario, runs: Vec<PlayedOnce>) -> Self {
        let score = mean(runs.iter().filter_map(|run| run.score));
        Self { name: scenario.name.clone(), about: scenario.about.clone(), score, runs }
    }
}

impl PlayedOnce {
    /// Scores what was left.
    pub fn of(scenario: &Scenario, remains: &Remains, mind: &Mind) -> Self {
        let scored = score(scenario, remains, mind);
        let counts = |scored: &&Scored| *mind == Mind::Rules || scored.weight == Weight::Measured;
        Self {
            score: mean(scored.iter().filter(counts).map(|scored| scored.points * 100.0)),
            cause: remains.verdict().map(|verdict| (verdict.category, verdict.confidence.get())),
            gate: remains.gate.map(|answer| (answer.status, answer.promote)),
            pull_requests: remains.pull_requests.len(),
            patch: remains.patch().map(|patch| patch.kind),
            scored,
            measures: Measures::of(remains),
            kept: None,
        }
    }

    /// Whether something is not as it must be.
    pub fn breaks_a_must(&self) -> bool {
        self.scored.iter().any(Scored::is_broken_must)
    }

    fn musts(&self) -> (usize, usize) {
        let musts = self.scored.iter().filter(|scored| scored.weight == Weight::Must);
        let (kept, broken): (Vec<&Scored>, Vec<&Scored>) = musts.partition(|scored| !scored.is_broken_must());
        (kept.len(), kept.len() + broken.len())
    }
}

impl ScenarioReport {
    fn cost(&self) -> Cost {
        self.runs.iter().fold(Cost::default(), |sum, run| sum + run.measures.cost)
    }

    fn musts(&self) -> (usize, usize) {
        self.runs.iter().map(PlayedOnce::musts).fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1))
    }
}

fn mean(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = figures.fold((0.0, 0_u32), |(sum, count), figure| (sum + figure, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use domain::{AnalystKind, Verdict};

    use super::*;
    use crate::remains::{GateAnswer, Listed};
    use crate::scenario::ExpectedGate;
    use crate::scorers::made_up;

    fn played(remains: &Remains, mind: &Mind) -> Report {
        let (scenario, _) = made_up::mended();
        let run = PlayedOnce::of(&scenario, remains, mind);
        Report::new(mind.clone(), vec![ScenarioReport::new(&scenario, vec![run])])
    }

    #[test]
    fn a_story_that_went_well_has_every_point_and_its_times() {
        let (_, remains) = made_up::mended();
        let report = played(&remains, &Mind::Rules);
        let run = &report.scenarios[0].runs[0];
        assert_eq!(run.scored.iter().filter_map(|scored| scored.wrong.clone()).collect::<Vec<_>>(), [""; 0]);
        assert_eq!((report.score, report.broken_musts), (Some(100.0), 0));
        let times = (run.measures.verdict_after_ms, run.measures.pull_request_after_ms);
        assert_eq!(times, (Some(1_000), Some(3_500)));
    }

    #[test]
    fn a_gate_that_promotes_a_bad_canary_fails_the_run_whoever_judges() {
        let (_, mut remains) = made_up::mended();
        remains.gate = Some(GateAnswer { status: 200, promote: Some(true) });
        for mind in [Mind::Rules, made_up::model()] {
            assert_eq!(played(&remains, &mind).broken_musts, 1);
        }
    }

    fn judged(remains: &Remains, category: Category, analyst: AnalystKind) -> Remains {
        made_up::with_verdict(remains, |verdict| Verdict { category, analyst, ..verdict })
    }

    #[test]
    fn what_a_model_gets_wrong_costs_points_and_fails_nothing() {
        let (_, remains) = made_up::mended();
        let by_model = || AnalystKind::Model { model: "main".to_owned(), cost: Cost::default() };
        let right = played(&judged(&remains, Category::Code, by_model()), &made_up::model());
        assert_eq!((right.score, right.broken_musts), (Some(100.0), 0));
        let wrong = played(&judged(&remains, Category::Infrastructure, by_model()), &made_up::model());
        assert_eq!((wrong.score, wrong.broken_musts), (Some(87.5), 0));
        let by_rules = played(&judged(&remains, Category::Infrastructure, AnalystKind::Rules), &Mind::Rules);
        assert_eq!(by_rules.broken_musts, 1);
    }

    #[test]
    fn a_model_has_no_merit_where_the_rules_stood_in_or_nobody_was_asked() {
        let (scenario, remains) = made_up::mended();
        let instead = AnalystKind::RulesInstead { why: "it was late".to_owned(), cost: Cost::default() };
        let report = played(&judged(&remains, Category::Code, instead), &made_up::model());
        assert_eq!((report.score, report.broken_musts), (Some(0.0), 0));
        let quiet = Scenario { verdict: None, patch: None, gate: ExpectedGate::Promote, ..scenario };
        let mut well = made_up::nothing();
        well.gate = Some(GateAnswer { status: 200, promote: Some(true) });
        let run = PlayedOnce::of(&quiet, &well, &made_up::model());
        assert_eq!((run.score, run.breaks_a_must()), (None, false));
        well.incidents.push(Listed { id: "a".to_owned(), state: "explained".to_owned() });
        assert!(PlayedOnce::of(&quiet, &well, &made_up::model()).breaks_a_must());
    }

    #[test]
    fn a_story_that_left_nothing_has_hardly_a_point() {
        let report = played(&made_up::nothing(), &Mind::Rules);
        assert!(report.score.unwrap() < 30.0, "{:?}", report.score);
        assert!(report.broken_musts > 5);
    }
}
