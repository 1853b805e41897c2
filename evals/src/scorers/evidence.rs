//! Whether what is said can be looked up in the exported case.

use domain::{CaseFile, Claim, ExhibitBody, Verdict};
use serde_json::Value;

use crate::mind::Mind;
use crate::remains::{Remains, Replayed};
use crate::scenario::Scenario;
use crate::score::Finding;

/// Every claim, also of what is ruled out, names an exhibit of the case; and there is a claim.
pub(super) fn claims(_: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let Some(verdict) = remains.verdict() else { return Finding::NotAsked };
    let Some(case) = remains.judged_case() else { return not_exported(verdict) };
    if verdict.claims.is_empty() {
        return Finding::Wrong("nothing is claimed".to_owned());
    }
    shared(all(verdict), "without an exhibit", |claim| case.exhibit(claim.exhibit).is_some())
}

/// Every quote stands in its exhibit, exactly so.
pub(super) fn quotes(_: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let Some(verdict) = remains.verdict() else { return Finding::NotAsked };
    let Some(case) = remains.judged_case() else { return not_exported(verdict) };
    let quoted = all(verdict).filter(|claim| claim.quote.is_some());
    shared(quoted, "not in its exhibit", |claim| stands(case, claim))
}

/// The export, judged again, leads to the same.
pub(super) fn replay(_: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    match remains.incident.as_ref().map(|incident| &incident.replayed) {
        None => Finding::NotAsked,
        Some(Replayed::Same) => Finding::Right,
        Some(Replayed::Differs { said }) => Finding::Wrong(said.clone()),
    }
}

fn all(verdict: &Verdict) -> impl Iterator<Item = &Claim> {
    verdict.claims.iter().chain(&verdict.ruled_out)
}

fn not_exported(verdict: &Verdict) -> Finding {
    let case = verdict.case.as_str().get(..12).unwrap_or_default();
    Finding::Wrong(format!("the case {case} is not in the export"))
}

/// How many of the claims are good, and the first that is not.
fn shared<'a>(
    claims: impl Iterator<Item = &'a Claim>,
    fault: &str,
    is_good: impl Fn(&Claim) -> bool,
) -> Finding {
    let (mut right, mut of, mut wrong) = (0, 0, None);
    for claim in claims {
        of += 1;
        if is_good(claim) {
            right += 1;
        } else if wrong.is_none() {
            let words = claim.quote.as_ref().unwrap_or(&claim.text);
            let words: String = words.chars().take(80).collect();
            wrong = Some(format!("{fault}: {} “{words}”", claim.exhibit));
        }
    }
    match wrong {
        None if of == 0 => Finding::NotAsked,
        None => Finding::Right,
        Some(wrong) => Finding::Partly { right, of, wrong },
    }
}

/// A log is looked through as it was kept; of any other exhibit, each of its texts.
fn stands(case: &CaseFile, claim: &Claim) -> bool {
    let (Some(quote), Some(exhibit)) = (&claim.quote, case.exhibit(claim.exhibit)) else { return false };
    match &exhibit.body {
        ExhibitBody::Log { log } => log.head.contains(quote) || log.tail.contains(quote),
        other => serde_json::to_value(other).is_ok_and(|value| holds(&value, quote)),
    }
}

fn holds(value: &Value, quote: &str) -> bool {
    match value {
        Value::String(text) => text.contains(quote),
        Value::Array(items) => items.iter().any(|item| holds(item, quote)),
        Value::Object(members) => members.values().any(|member| holds(member, quote)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn claiming(claim: &Claim) -> Remains {
        let (_, remains) = made_up::mended();
        made_up::with_verdict(&remains, |mut verdict| {
            verdict.claims.push(claim.clone());
            verdict
        })
    }

    #[test]
    fn claims_and_quotes_that_can_be_looked_up_are_right() {
        let (scenario, remains) = made_up::mended();
        assert_eq!(claims(&scenario, &remains, &Mind::Rules), Finding::Right);
        assert_eq!(quotes(&scenario, &remains, &Mind::Rules), Finding::Right);
        assert_eq!(replay(&scenario, &remains, &Mind::Rules), Finding::Right);
    }

    #[test]
    fn without_a_verdict_there_is_nothing_to_look_up() {
        let (scenario, _) = made_up::mended();
        for scorer in [claims, quotes, replay] {
            assert_eq!(scorer(&scenario, &made_up::nothing(), &Mind::Rules), Finding::NotAsked);
        }
    }

    #[test]
    fn a_claim_without_an_exhibit_is_found_also_among_what_is_ruled_out() {
        let (scenario, remains) = made_up::mended();
        let stray = made_up::claim(9, "the moon", None);
        let found =
            Finding::Partly { right: 2, of: 3, wrong: "without an exhibit: E9 “the moon”".to_owned() };
        assert_eq!(claims(&scenario, &claiming(&stray), &Mind::Rules), found);
        let ruled_out = made_up::with_verdict(&remains, |mut verdict| {
            verdict.ruled_out.push(stray.clone());
            verdict
        });
        assert_eq!(claims(&scenario, &ruled_out, &Mind::Rules), found);
    }

    #[test]
    fn a_verdict_that_claims_nothing_is_wrong() {
        let (scenario, remains) = made_up::mended();
        let mute = made_up::with_verdict(&remains, |verdict| Verdict { claims: Vec::new(), ..verdict });
        assert_eq!(claims(&scenario, &mute, &Mind::Rules), Finding::Wrong("nothing is claimed".to_owned()));
    }

    #[test]
    fn a_quote_must_stand_in_its_own_exhibit_exactly() {
        let (scenario, _) = made_up::mended();
        for (exhibit, quote) in [
            (1, "attempt to divide by  zero"),
            (2, "attempt to divide by zero"),
            (9, "attempt to divide by zero"),
        ] {
            let remains = claiming(&made_up::claim(exhibit, "a panic", Some(quote)));
            let wrong = format!("not in its exhibit: E{exhibit} “{quote}”");
            assert_eq!(quotes(&scenario, &remains, &Mind::Rules), Finding::Partly { right: 1, of: 2, wrong });
        }
        let in_an_event = claiming(&made_up::claim(2, "a restart", Some("Back-off restarting")));
        assert_eq!(quotes(&scenario, &in_an_event, &Mind::Rules), Finding::Right);
    }

    #[test]
    fn a_case_that_was_not_exported_shows_nothing() {
        let (scenario, mut remains) = made_up::mended();
        if let Some(incident) = &mut remains.incident {
            incident.exported.clear();
        }
        for scorer in [claims, quotes] {
            assert!(matches!(scorer(&scenario, &remains, &Mind::Rules), Finding::Wrong(_)));
        }
    }

    #[test]
    fn a_replay_that_differs_is_wrong() {
        let (scenario, mut remains) = made_up::mended();
        if let Some(incident) = &mut remains.incident {
            incident.replayed = Replayed::Differs { said: "another verdict".to_owned() };
        }
        assert_eq!(replay(&scenario, &remains, &Mind::Rules), Finding::Wrong("another verdict".to_owned()));
    }
}
