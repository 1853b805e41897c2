//! A report as a table, and what is wrong below it.

use std::collections::BTreeSet;

use domain::Cost;

use super::{PlayedOnce, Report, ScenarioReport};
use crate::score::{Measures, Weight};
use crate::scorers::{STOOD_IN, kind_words};

const HEAD: [&str; 10] =
    ["SCENARIO", "SCORE", "MUSTS", "CAUSE", "GATE", "PRS", "VERDICT AFTER", "PR AFTER", "TOKENS", "COST"];
/// Stands for what there is not.
const NOTHING: &str = "–";

impl Report {
    /// For a person: the table, what is wrong, and what the times are.
    pub fn lines(&self) -> Vec<String> {
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(self.scenarios.iter().map(ScenarioReport::row));
        rows.push(self.sum());
        let mut lines = vec![format!("Judged by {}", self.mind.words()), String::new()];
        lines.extend(laid_out(&rows));
        let wrong: Vec<String> = self.scenarios.iter().flat_map(ScenarioReport::wrong).collect();
        if !wrong.is_empty() {
            lines.push(String::new());
            lines.extend(wrong);
        }
        lines.push(String::new());
        lines.push(
            "Verdict: from the trouble to the first one. PR: from the end of the run to the open pull request. Medians."
                .to_owned(),
        );
        lines
    }

    fn sum(&self) -> [String; 10] {
        let musts = self.scenarios.iter().map(ScenarioReport::musts);
        let (kept, all) = musts.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let cost = self.scenarios.iter().fold(Cost::default(), |sum, scenario| sum + scenario.cost());
        let mut row: [String; 10] = Default::default();
        let cells = ["all".to_owned(), points(self.score), format!("{kept}/{all}")];
        for (place, cell) in row.iter_mut().zip(cells) {
            *place = cell;
        }
        let [.., tokens, money] = &mut row;
        *tokens = (cost.input_tokens + cost.output_tokens).to_string();
        *money = cost.to_string();
        row
    }
}

impl ScenarioReport {
    fn row(&self) -> [String; 10] {
        let (kept, all) = self.musts();
        let cost = self.cost();
        [
            self.name.clone(),
            points(self.score),
            format!("{kept}/{all}"),
            self.each(|run| {
                run.cause.map_or(NOTHING.to_owned(), |(category, sure)| format!("{category} {sure}"))
            }),
            self.each(|run| match run.gate {
                Some((_, Some(true))) => "promote".to_owned(),
                Some((_, Some(false))) => "hold".to_owned(),
                Some((status, None)) => status.to_string(),
                None => NOTHING.to_owned(),
            }),
            self.each(PlayedOnce::pull_requests),
            self.median(|measures| measures.verdict_after_ms),
            self.median(|measures| measures.pull_request_after_ms),
            (cost.input_tokens + cost.output_tokens).to_string(),
            cost.to_string(),
        ]
    }

    /// What the runs show, each thing once.
    fn each(&self, cell: impl Fn(&PlayedOnce) -> String) -> String {
        let cells: BTreeSet<String> = self.runs.iter().map(cell).collect();
        cells.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn median(&self, figure: impl Fn(&Measures) -> Option<u64>) -> String {
        let mut figures: Vec<u64> = self.runs.iter().filter_map(|run| figure(&run.measures)).collect();
        figures.sort_unstable();
        let middle = figures.get(figures.len() / 2);
        middle.map_or(NOTHING.to_owned(), |milliseconds| format!("{:.1} s", *milliseconds as f64 / 1_000.0))
    }

    fn wrong(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (run, number) in self.runs.iter().zip(1..) {
            let place =
                if self.runs.len() == 1 { self.name.clone() } else { format!("{} {number}", self.name) };
            for scored in &run.scored {
                // Said once, by the scorer of who judged.
                let Some(wrong) = scored.wrong.as_ref().filter(|wrong| *wrong != STOOD_IN) else { continue };
                let must = match scored.weight {
                    Weight::Must => "must",
                    Weight::Measured => "miss",
                };
                lines.push(format!("{must}  {place}: {}: {wrong}", scored.scorer));
            }
            if let (Some(kept), true) = (&run.kept, run.scored.iter().any(|scored| scored.wrong.is_some())) {
                lines.push(format!("      what was left lies in {}", kept.display()));
            }
        }
        lines
    }
}

impl PlayedOnce {
    fn pull_requests(&self) -> String {
        match self.patch.filter(|_| self.pull_requests > 0) {
            Some(kind) => format!("{} {}", self.pull_requests, kind_words(kind)),
            None => self.pull_requests.to_string(),
        }
    }
}

/// A score, or that there is none.
fn points(score: Option<f64>) -> String {
    score.map_or(NOTHING.to_owned(), |score| format!("{score:.0}"))
}

fn laid_out(rows: &[[String; 10]]) -> Vec<String> {
    let width = |place: usize| {
        rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 10]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::mind::Mind;
    use crate::remains::GateAnswer;
    use crate::report::{PlayedOnce, Report, ScenarioReport};
    use crate::scorers::made_up;

    #[test]
    fn a_table_says_how_it_went_and_below_it_what_is_wrong() {
        let (scenario, good) = made_up::mended();
        let mut bad = good.clone();
        bad.gate = Some(GateAnswer { status: 200, promote: Some(true) });
        let mut runs = vec![
            PlayedOnce::of(&scenario, &good, &Mind::Rules),
            PlayedOnce::of(&scenario, &bad, &Mind::Rules),
        ];
        runs[1].kept = Some("/elsewhere/failing-2".into());
        let report = Report::new(Mind::Rules, vec![ScenarioReport::new(&scenario, runs)]);
        let told = report.lines().join("\n");
        let page = "\
Judged by the rules, no model

SCENARIO  SCORE  MUSTS  CAUSE    GATE           PRS       VERDICT AFTER  PR AFTER  TOKENS  COST
failing   96     27/28  code 90  hold, promote  1 revert  1.0 s          3.5 s     0       $0.00
all       96     27/28                                                             0       $0.00

must  failing 2: gate: 200 with promote true, not 200 with promote false
      what was left lies in /elsewhere/failing-2

Verdict: from the trouble to the first one. PR: from the end of the run to the open pull request. Medians.";
        assert_eq!(told, page, "\n{told}");
    }
}
