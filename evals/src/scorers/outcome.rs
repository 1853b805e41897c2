//! How it ended, who judged, what it cost, and what the gate said.

use domain::{AnalystKind, Cost};

use crate::mind::Mind;
use crate::remains::{Ended, Remains};
use crate::scenario::{ExpectedGate, Scenario};
use crate::score::Finding;

/// The story came to its end.
pub(super) fn ending(_: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    match &remains.ended {
        Ended::Well => Finding::Right,
        Ended::Badly { said } => Finding::Wrong(format!("the command failed: {said}")),
    }
}

/// One incident in the state that the scenario leads to, or none.
pub(super) fn incident(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let wanted: Vec<&str> = match (&scenario.verdict, &scenario.patch) {
        (None, _) => Vec::new(),
        (Some(_), None) => vec!["explained"],
        (Some(_), Some(_)) => vec!["proposed"],
    };
    let states: Vec<&str> = remains.incidents.iter().map(|listed| listed.state.as_str()).collect();
    if states == wanted {
        return Finding::Right;
    }
    let words = |states: &[&str]| if states.is_empty() { "none".to_owned() } else { states.join(", ") };
    Finding::Wrong(format!("incidents: {}, not {}", words(&states), words(&wanted)))
}

/// Who was to judge did.
pub(super) fn mind(_: &Scenario, remains: &Remains, mind: &Mind) -> Finding {
    let Some(verdict) = remains.verdict() else { return Finding::NotAsked };
    match (mind, &verdict.analyst) {
        (Mind::Rules, AnalystKind::Rules) | (Mind::Model(_), AnalystKind::Model { .. }) => Finding::Right,
        (Mind::Rules, _) => Finding::Wrong("a model was asked".to_owned()),
        (Mind::Model(_), AnalystKind::Rules) => Finding::Wrong("the rules judged alone".to_owned()),
        (Mind::Model(_), AnalystKind::RulesInstead { why, .. }) => {
            Finding::Wrong(format!("the rules judged, since {why}"))
        }
    }
}

/// The rules cost nothing.
pub(super) fn cost(_: &Scenario, remains: &Remains, mind: &Mind) -> Finding {
    match mind {
        Mind::Model(_) => Finding::NotAsked,
        Mind::Rules if remains.cost == Cost::default() => Finding::Right,
        Mind::Rules => {
            let Cost { input_tokens, output_tokens, .. } = remains.cost;
            Finding::Wrong(format!("{} tokens for {}", input_tokens + output_tokens, remains.cost))
        }
    }
}

/// The gate's answer follows from the evidence, whoever judges.
pub(super) fn gate(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let Some(answer) = remains.gate else {
        return Finding::Wrong("the gate gave no answer".to_owned());
    };
    let (status, promote) = match scenario.gate {
        ExpectedGate::Promote => (200, Some(true)),
        ExpectedGate::Hold => (200, Some(false)),
        ExpectedGate::CannotJudge => (409, None),
    };
    if (answer.status, answer.promote) == (status, promote) {
        return Finding::Right;
    }
    let words = |status: u16, promote: Option<bool>| match promote {
        Some(promote) => format!("{status} with promote {promote}"),
        None => format!("{status} without promote"),
    };
    Finding::Wrong(format!("{}, not {}", words(answer.status, answer.promote), words(status, promote)))
}

#[cfg(test)]
mod tests {
    use domain::Verdict;

    use super::super::made_up;
    use super::*;
    use crate::remains::{GateAnswer, Listed};

    fn wrong(words: &str) -> Finding {
        Finding::Wrong(words.to_owned())
    }

    #[test]
    fn a_command_that_failed_is_told_with_its_words() {
        let (scenario, mut remains) = made_up::mended();
        assert_eq!(ending(&scenario, &remains, &Mind::Rules), Finding::Right);
        remains.ended = Ended::Badly { said: "waited 45 s".to_owned() };
        assert_eq!(ending(&scenario, &remains, &Mind::Rules), wrong("the command failed: waited 45 s"));
    }

    #[test]
    fn one_incident_in_the_right_state_or_none_is_wanted() {
        let (mut scenario, mut remains) = made_up::mended();
        assert_eq!(incident(&scenario, &remains, &Mind::Rules), Finding::Right);
        scenario.patch = None;
        assert_eq!(incident(&scenario, &remains, &Mind::Rules), wrong("incidents: proposed, not explained"));
        scenario.verdict = None;
        assert_eq!(incident(&scenario, &remains, &Mind::Rules), wrong("incidents: proposed, not none"));
        remains.incidents.clear();
        assert_eq!(incident(&scenario, &remains, &Mind::Rules), Finding::Right);
        let (scenario, mut remains) = made_up::mended();
        remains.incidents.push(Listed { id: "other".to_owned(), state: "explained".to_owned() });
        assert_eq!(
            incident(&scenario, &remains, &Mind::Rules),
            wrong("incidents: proposed, explained, not proposed")
        );
    }

    #[test]
    fn who_was_to_judge_must_have_judged() {
        let (scenario, remains) = made_up::mended();
        let judged_by = |analyst: AnalystKind| made_up::with_verdict(&remains, |v| Verdict { analyst, ..v });
        let by_model = judged_by(AnalystKind::Model { model: "main".to_owned(), cost: Cost::default() });
        let instead =
            judged_by(AnalystKind::RulesInstead { why: "it was late".to_owned(), cost: Cost::default() });
        assert_eq!(mind(&scenario, &remains, &Mind::Rules), Finding::Right);
        assert_eq!(mind(&scenario, &by_model, &made_up::model()), Finding::Right);
        assert_eq!(mind(&scenario, &by_model, &Mind::Rules), wrong("a model was asked"));
        assert_eq!(mind(&scenario, &remains, &made_up::model()), wrong("the rules judged alone"));
        assert_eq!(
            mind(&scenario, &instead, &made_up::model()),
            wrong("the rules judged, since it was late")
        );
        assert_eq!(mind(&scenario, &made_up::nothing(), &Mind::Rules), Finding::NotAsked);
    }

    #[test]
    fn the_rules_cost_nothing_and_a_model_may() {
        let (scenario, mut remains) = made_up::mended();
        assert_eq!(cost(&scenario, &remains, &Mind::Rules), Finding::Right);
        remains.cost = Cost { input_tokens: 900, output_tokens: 100, micro_usd: 30_000 };
        assert_eq!(cost(&scenario, &remains, &Mind::Rules), wrong("1000 tokens for $0.03"));
        assert_eq!(cost(&scenario, &remains, &made_up::model()), Finding::NotAsked);
    }

    #[test]
    fn the_gate_must_answer_and_never_promote_what_is_to_be_held() {
        let (mut scenario, mut remains) = made_up::mended();
        assert_eq!(gate(&scenario, &remains, &Mind::Rules), Finding::Right);
        remains.gate = Some(GateAnswer { status: 200, promote: Some(true) });
        assert_eq!(
            gate(&scenario, &remains, &made_up::model()),
            wrong("200 with promote true, not 200 with promote false")
        );
        scenario.gate = ExpectedGate::Promote;
        assert_eq!(gate(&scenario, &remains, &Mind::Rules), Finding::Right);
        scenario.gate = ExpectedGate::CannotJudge;
        assert_eq!(
            gate(&scenario, &remains, &Mind::Rules),
            wrong("200 with promote true, not 409 without promote")
        );
        remains.gate = Some(GateAnswer { status: 409, promote: None });
        assert_eq!(gate(&scenario, &remains, &Mind::Rules), Finding::Right);
        remains.gate = None;
        assert_eq!(gate(&scenario, &remains, &Mind::Rules), wrong("the gate gave no answer"));
    }
}
