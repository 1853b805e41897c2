//! What the verdict says.

use domain::{Grounds, Verdict};

use crate::mind::Mind;
use crate::remains::Remains;
use crate::scenario::{ExpectedVerdict, Scenario};
use crate::score::Finding;

/// The cause lies where the scenario has it.
pub(super) fn category(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    held(scenario, remains, |wanted, verdict| {
        if verdict.category == wanted.category {
            Finding::Right
        } else {
            Finding::Wrong(format!("{}, not {}", verdict.category, wanted.category))
        }
    })
}

/// The commit that is blamed first is the one to blame; its subject is read from the repository, not from the verdict. Where none is to
/// blame, none has grounds against it that a patch could stand on.
pub(super) fn suspect(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    held(scenario, remains, |wanted, verdict| {
        let blamed = verdict.suspects.first().filter(|suspect| suspect.grounds != Grounds::Weak);
        let subject = blamed.map(|suspect| match remains.commit(&suspect.sha) {
            Some(commit) => commit.subject.clone(),
            None => format!("{}, which is not on the base branch", suspect.sha.short()),
        });
        if subject == wanted.suspect {
            return Finding::Right;
        }
        let words = |subject: &Option<String>| {
            subject.as_ref().map_or("none".to_owned(), |words| format!("“{words}”"))
        };
        Finding::Wrong(format!("{}, not {}", words(&subject), words(&wanted.suspect)))
    })
}

/// As sure as the rules' table says. A model has no such table: how sure it is, is not scored.
pub(super) fn confidence(scenario: &Scenario, remains: &Remains, mind: &Mind) -> Finding {
    if matches!(mind, Mind::Model(_)) {
        return Finding::NotAsked;
    }
    held(scenario, remains, |wanted, verdict| {
        let (is, band) = (verdict.confidence.get(), wanted.confidence);
        if (band.at_least..=band.at_most).contains(&is) {
            Finding::Right
        } else {
            Finding::Wrong(format!("{is}, not {} to {}", band.at_least, band.at_most))
        }
    })
}

/// Cause or next step name what a reader must hear of.
pub(super) fn words(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    if scenario.verdict.as_ref().is_none_or(|wanted| wanted.says.is_empty()) {
        return Finding::NotAsked;
    }
    held(scenario, remains, |wanted, verdict| {
        let said = format!("{}\n{}", verdict.root_cause, verdict.remediation).to_lowercase();
        let is_unsaid = |words: &&str| !said.contains(&words.to_lowercase());
        let unsaid: Vec<&str> = wanted.says.iter().map(String::as_str).filter(is_unsaid).collect();
        if unsaid.is_empty() {
            return Finding::Right;
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Finding::Partly {
            right: count(wanted.says.len() - unsaid.len()),
            of: count(wanted.says.len()),
            wrong: format!("not said: {}", unsaid.join(", ")),
        }
    })
}

/// Holds a verdict to what is wanted. Where none is wanted there is nothing to ask: that there is none, another scorer sees.
fn held(
    scenario: &Scenario,
    remains: &Remains,
    compare: impl Fn(&ExpectedVerdict, &Verdict) -> Finding,
) -> Finding {
    match (&scenario.verdict, remains.verdict()) {
        (None, _) => Finding::NotAsked,
        (Some(_), None) => Finding::Wrong("there is no verdict".to_owned()),
        (Some(wanted), Some(verdict)) => compare(wanted, verdict),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Category, Confidence};

    use super::super::made_up::{self, CULPRIT};
    use super::*;

    const SCORERS: [fn(&Scenario, &Remains, &Mind) -> Finding; 4] = [category, suspect, confidence, words];

    fn wrong(words: &str) -> Finding {
        Finding::Wrong(words.to_owned())
    }

    #[test]
    fn the_right_verdict_is_right_and_a_missing_one_wrong_and_none_is_asked_for_where_none_is_wanted() {
        let (scenario, remains) = made_up::mended();
        for scorer in SCORERS {
            assert_eq!(scorer(&scenario, &remains, &Mind::Rules), Finding::Right);
            assert_eq!(scorer(&scenario, &made_up::nothing(), &Mind::Rules), wrong("there is no verdict"));
            let quiet = Scenario { verdict: None, patch: None, ..scenario.clone() };
            assert_eq!(scorer(&quiet, &remains, &Mind::Rules), Finding::NotAsked);
        }
    }

    #[test]
    fn another_category_is_wrong() {
        let (scenario, remains) = made_up::mended();
        let other = made_up::with_verdict(&remains, |v| Verdict { category: Category::Unknown, ..v });
        assert_eq!(category(&scenario, &other, &Mind::Rules), wrong("unknown, not code"));
    }

    #[test]
    fn another_commit_none_and_one_on_weak_grounds_are_wrong() {
        let (mut scenario, remains) = made_up::mended();
        let blaming =
            |suspects: Vec<domain::Suspect>| made_up::with_verdict(&remains, |v| Verdict { suspects, ..v });
        let other = made_up::suspect(made_up::BYSTANDER, Grounds::OnlyCandidate);
        assert_eq!(
            suspect(&scenario, &blaming(vec![other]), &Mind::Rules),
            wrong("“Round taxes”, not “Split payments”")
        );
        let weak = blaming(vec![made_up::suspect(CULPRIT, Grounds::Weak)]);
        assert_eq!(suspect(&scenario, &weak, &Mind::Rules), wrong("none, not “Split payments”"));
        assert_eq!(suspect(&scenario, &blaming(vec![]), &Mind::Rules), wrong("none, not “Split payments”"));
        if let Some(wanted) = &mut scenario.verdict {
            wanted.suspect = None;
        }
        assert_eq!(suspect(&scenario, &weak, &Mind::Rules), Finding::Right);
        assert_eq!(suspect(&scenario, &remains, &Mind::Rules), wrong("“Split payments”, not none"));
    }

    #[test]
    fn a_commit_is_known_by_the_repository_and_not_by_the_verdicts_words() {
        let (scenario, mut remains) = made_up::mended();
        remains.commits.clear();
        assert_eq!(
            suspect(&scenario, &remains, &Mind::Rules),
            wrong("“1111111, which is not on the base branch”, not “Split payments”")
        );
    }

    #[test]
    fn the_rules_are_held_to_their_band_with_both_its_ends_and_a_model_is_not() {
        let (scenario, remains) = made_up::mended();
        let sure = |confidence: u8| {
            made_up::with_verdict(&remains, |v| Verdict { confidence: Confidence::of(confidence), ..v })
        };
        for (figure, found) in [
            (79, wrong("79, not 80 to 90")),
            (80, Finding::Right),
            (90, Finding::Right),
            (91, wrong("91, not 80 to 90")),
        ] {
            assert_eq!(confidence(&scenario, &sure(figure), &Mind::Rules), found);
        }
        assert_eq!(confidence(&scenario, &sure(20), &made_up::model()), Finding::NotAsked);
    }

    #[test]
    fn words_that_are_not_said_cost_their_share() {
        let (mut scenario, remains) = made_up::mended();
        if let Some(wanted) = &mut scenario.verdict {
            wanted.says = vec!["Divides by Zero".to_owned(), "the moon".to_owned()];
        }
        assert_eq!(
            words(&scenario, &remains, &Mind::Rules),
            Finding::Partly { right: 1, of: 2, wrong: "not said: the moon".to_owned() }
        );
        if let Some(wanted) = &mut scenario.verdict {
            wanted.says.clear();
        }
        assert_eq!(words(&scenario, &remains, &Mind::Rules), Finding::NotAsked);
    }
}
