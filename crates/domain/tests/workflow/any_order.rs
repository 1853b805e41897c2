//! What holds in whatever order events come.

use proptest::prelude::*;
use rollmend_domain::workflow::{Effect, Event, Run, Trigger, transition};
use rollmend_domain::{Mode, Stage};

use crate::nouns::{
    aborted, at, case, detection, explain, failed, hand_off, opened, proposal, pull_request, repository,
    verdict,
};

fn any_event() -> impl Strategy<Value = u8> {
    0_u8..14
}

fn event(number: u8, run: &Run) -> Event {
    let stage = if number.is_multiple_of(2) { Stage::AtTrouble } else { Stage::AtEnd };
    let verdict = verdict(run, case('1'), "x");
    match number {
        0 => Event::Detected {
            detection: Box::new(detection(Mode::Propose, Trigger::Watch, vec![failed("errors")])),
        },
        1 => aborted(),
        2 | 3 => Event::CaseFrozen { attempt: run.attempt, stage, case: case('1') },
        4 | 5 => Event::VerdictReached { stage, next: hand_off(&verdict), verdict },
        6 | 7 => Event::VerdictReached { stage, next: explain(), verdict },
        8 => Event::PatchMade { proposal: proposal() },
        9 => Event::ProposalOpened { repository: Box::new(repository()), pull_request: pull_request() },
        10 => Event::Retried { at: at(50) },
        11 => Event::Passed,
        12 => Event::Superseded { by: None },
        _ => Event::EffectFailed { reason: "x".into() },
    }
}

proptest! {
    #[test]
    fn in_any_order_of_events_a_pull_request_is_asked_for_at_most_once_an_attempt_and_never_forgotten(
        numbers in proptest::collection::vec(any_event(), 0..60)
    ) {
        let mut run = opened(Mode::Propose);
        let mut asked = 0;
        for number in numbers {
            let Some(next) = transition(&run, event(number, &run), at(9)) else { continue };
            prop_assert!(next.run.attempt >= run.attempt);
            prop_assert!(run.proposed.is_none() || next.run.proposed.is_some());
            asked += next.effects.iter().filter(|effect| matches!(effect, Effect::Propose { .. })).count();
            run = next.run;
            prop_assert!(asked <= usize::try_from(run.attempt.0.get()).unwrap());
            let text = serde_json::to_string(&run).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Run>(&text).unwrap(), &run);
        }
    }
}
