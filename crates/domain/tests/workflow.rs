//! The workflow as a table of (state, event) → (state, effects).
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "workflow/any_order.rs"]
mod any_order;
#[path = "workflow/nouns.rs"]
mod nouns;

use rollmend_domain::workflow::{Effect, Event, Occasion, Run, State, StateName, Trigger, open, transition};
use rollmend_domain::{AttemptNumber, Mode, NoPatch, RunEnd, Stage};

use nouns::{
    aborted, at, case, detection, explain, failed, frozen, identity, judged, opened, patching, proposal,
    proposed, pull_request, repository, step,
};

#[test]
fn an_incident_opens_by_freezing_what_is_volatile() {
    let opened = open(detection(Mode::Propose, Trigger::Watch, vec![failed("errors")]), at(0));
    assert_eq!(opened.run.state, State::Gathering { stage: Stage::AtTrouble });
    assert_eq!(opened.effects, [Effect::Freeze { attempt: AttemptNumber::FIRST, stage: Stage::AtTrouble }]);
    assert_eq!(opened.run.id, identity().id());
}

#[test]
fn a_second_trigger_joins_the_same_incident_and_the_same_one_again_says_nothing() {
    let run = opened(Mode::Propose);
    let again = |trigger, metric: &str| Event::Detected {
        detection: Box::new(detection(Mode::Propose, trigger, vec![failed(metric)])),
    };
    assert_eq!(transition(&run, again(Trigger::Watch, "errors"), at(1)), None);
    let (joined, effects) = step(&run, again(Trigger::MetricPlugin, "errors"));
    assert_eq!((joined.triggers.len(), effects), (2, vec![]));
    assert_eq!(joined.troubles, run.troubles);
    let (grown, effects) = step(&joined, again(Trigger::Watch, "latency"));
    assert_eq!((grown.troubles.len(), effects), (2, vec![]));
    assert_eq!(grown.state, run.state);
}

#[test]
fn what_named_a_repository_first_in_its_place_stays() {
    let mut later = detection(Mode::Propose, Trigger::MetricPlugin, vec![]);
    later.named.request = Some("https://github.com/acme/shop".into());
    let (run, _) = step(&opened(Mode::Propose), Event::Detected { detection: Box::new(later.clone()) });
    assert_eq!(run.named.request.as_deref(), Some("https://github.com/acme/shop"));
    later.named.request = Some("https://github.com/evil/shop".into());
    later.troubles = vec![failed("latency")];
    let (run, _) = step(&run, Event::Detected { detection: Box::new(later) });
    assert_eq!(run.named.request.as_deref(), Some("https://github.com/acme/shop"));
}

#[test]
fn the_case_is_judged_and_the_first_verdict_is_announced_while_the_run_goes_on() {
    let (run, effects) = frozen(&opened(Mode::Propose), Stage::AtTrouble);
    assert_eq!(run.first_case, Some(case('1')));
    let analyze = Effect::Analyze { attempt: run.attempt, stage: Stage::AtTrouble, case: case('1') };
    assert_eq!(effects, [analyze]);
    let (explained, effects) = judged(&run, Stage::AtTrouble, "first", Some(explain()));
    assert_eq!(explained.state, State::Judged);
    assert_eq!(effects, [Effect::Announce { attempt: run.attempt, occasion: Occasion::Verdict }]);
    let (waiting, _) = judged(&run, Stage::AtTrouble, "first", None);
    assert_eq!(waiting.state, State::HandedOff, "a patch waits until the run has ended");
}

#[test]
fn the_end_of_the_run_freezes_the_second_case_also_when_it_came_first() {
    let freeze = |run: &Run| Effect::Freeze { attempt: run.attempt, stage: Stage::AtEnd };
    let (run, _) = frozen(&opened(Mode::Propose), Stage::AtTrouble);
    let (waiting, _) = judged(&run, Stage::AtTrouble, "first", Some(explain()));
    let (ended, effects) = step(&waiting, aborted());
    assert_eq!(ended.state, State::Gathering { stage: Stage::AtEnd });
    assert_eq!(effects, [freeze(&run)]);
    assert_eq!(transition(&ended, aborted(), at(1)), None, "a run ends once");

    let (early, effects) = step(&opened(Mode::Propose), aborted());
    assert_eq!((early.state.name(), effects), (StateName::Gathering, vec![]));
    let (early, _) = frozen(&early, Stage::AtTrouble);
    let (early, effects) = judged(&early, Stage::AtTrouble, "first", Some(explain()));
    assert_eq!(early.state, State::Gathering { stage: Stage::AtEnd });
    assert_eq!(effects.last(), Some(&freeze(&run)));
}

#[test]
fn only_the_second_verdict_leads_to_a_patch_and_only_in_mode_propose() {
    let (run, effects) = patching(Mode::Propose);
    assert_eq!(run.state.name(), StateName::Patching);
    assert!(matches!(&effects[..], [Effect::Fix { case: fixed, .. }] if *fixed == case('2')), "{effects:?}");
    for mode in [Mode::Explain, Mode::Observe] {
        let (run, effects) = patching(mode);
        assert!(matches!(&run.state, State::Explained { why } if why.contains("mode")), "{:?}", run.state);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Fix { .. })), "{effects:?}");
    }
}

#[test]
fn mode_observe_asks_for_no_write_outside_whatever_happens() {
    let (run, effects) = patching(Mode::Observe);
    assert_eq!((run.state.name(), effects), (StateName::Explained, vec![]));
    let (run, _) = frozen(&opened(Mode::Observe), Stage::AtTrouble);
    assert_eq!(judged(&run, Stage::AtTrouble, "first", Some(explain())).1, []);
    assert_eq!(step(&run, Event::EffectFailed { reason: "x".into() }).1, []);
}

#[test]
fn an_abort_by_hand_and_an_inconclusive_run_are_explained_at_most() {
    for end in [RunEnd::AbortedByHand, RunEnd::Inconclusive("neither".into())] {
        let (run, _) = frozen(&opened(Mode::Propose), Stage::AtTrouble);
        let (run, _) = judged(&run, Stage::AtTrouble, "first", None);
        let (run, _) = step(&run, Event::RunEnded { end });
        let (run, _) = frozen(&run, Stage::AtEnd);
        let (run, effects) = judged(&run, Stage::AtEnd, "first", None);
        assert_eq!((run.state.name(), effects), (StateName::Explained, vec![]));
    }
}

#[test]
fn an_outcome_that_says_nothing_new_is_not_announced_twice() {
    let (run, _) = frozen(&opened(Mode::Explain), Stage::AtTrouble);
    let (run, _) = judged(&run, Stage::AtTrouble, "same", Some(explain()));
    let (run, _) = step(&run, aborted());
    let (run, _) = frozen(&run, Stage::AtEnd);
    assert_eq!(judged(&run, Stage::AtEnd, "same", Some(explain())).1, []);
    assert_eq!(judged(&run, Stage::AtEnd, "other", Some(explain())).1.len(), 1);
}

#[test]
fn a_patch_is_proposed_and_the_pull_request_is_announced() {
    let (run, _) = patching(Mode::Propose);
    let (run, effects) = step(&run, Event::PatchMade { proposal: proposal() });
    assert_eq!(effects, [Effect::Propose { proposal: proposal() }]);
    let opened = Event::ProposalOpened { repository: Box::new(repository()), pull_request: pull_request() };
    let (run, effects) = step(&run, opened);
    assert_eq!(run.state, State::Proposed { pull_request: pull_request() });
    assert_eq!(effects, [Effect::Announce { attempt: run.attempt, occasion: Occasion::Outcome }]);
}

#[test]
fn a_conflict_asks_a_human_and_any_other_refusal_is_explained() {
    let (run, _) = patching(Mode::Propose);
    let conflict = NoPatch::Conflict { suspect: "aaaaaaa".into(), files: "src/a.rs".into() };
    let (escalated, _) = step(&run, Event::PatchRefused { why: conflict });
    assert!(matches!(&escalated.state, State::Escalated { reason } if reason.contains("src/a.rs")));
    let undone = NoPatch::UndoneAlready { suspect: "aaaaaaa".into(), base: "main".parse().unwrap() };
    let (explained, _) = step(&run, Event::PatchRefused { why: undone });
    assert_eq!(explained.state.name(), StateName::Explained);
}

#[test]
fn a_pull_request_that_was_closed_unmerged_is_not_opened_again() {
    let (run, _) = patching(Mode::Propose);
    let (run, _) = step(&run, Event::PatchMade { proposal: proposal() });
    let (run, _) = step(&run, Event::ProposalDeclined { pull_request: pull_request() });
    assert_eq!(run.state, State::Declined { pull_request: pull_request() });
}

#[test]
fn a_retry_is_a_new_attempt_that_keeps_the_pull_request() {
    let run = proposed();
    let (retried, effects) = step(&run, Event::Retried { at: at(100) });
    assert_eq!((retried.state.clone(), effects), (State::Retrying, vec![]));
    assert_eq!((retried.attempt, retried.attempt_started_at), (AttemptNumber::FIRST.next(), at(100)));
    assert_eq!((&retried.verdict, &retried.end, &retried.first_case), (&None, &None, &None));
    assert_eq!(retried.proposed, run.proposed);
    assert_eq!(transition(&retried, Event::Retried { at: at(101) }, at(101)), None);

    let again = Event::Detected {
        detection: Box::new(detection(Mode::Explain, Trigger::Watch, vec![failed("errors")])),
    };
    let (troubled, effects) = step(&retried, again);
    assert_eq!(troubled.mode, Mode::Explain, "a new attempt goes as far as the daemon may by then");
    assert_eq!(effects, [Effect::Freeze { attempt: retried.attempt, stage: Stage::AtTrouble }]);
    assert_eq!(troubled.state, State::Gathering { stage: Stage::AtTrouble });
}

#[test]
fn a_retry_that_passes_is_told_once_on_the_pull_request() {
    let (retried, _) = step(&proposed(), Event::Retried { at: at(100) });
    let (passed, effects) = step(&retried, Event::Passed);
    assert_eq!(passed.state, State::Withdrawn);
    let told = Effect::TellPassed { repository: Box::new(repository()), pull_request: pull_request() };
    assert_eq!(effects, [told]);
    assert_eq!(transition(&passed, Event::Passed, at(101)), None);
}

#[test]
fn a_run_that_passes_before_a_patch_was_made_is_withdrawn_in_silence() {
    let (run, _) = frozen(&opened(Mode::Propose), Stage::AtTrouble);
    let (waiting, _) = judged(&run, Stage::AtTrouble, "first", None);
    let (passed, effects) = step(&waiting, Event::Passed);
    assert_eq!((passed.state, effects), (State::Withdrawn, vec![]));
}

#[test]
fn what_comes_late_from_an_earlier_attempt_changes_nothing_but_a_pull_request_is_kept() {
    let (run, _) = patching(Mode::Propose);
    let (run, _) = step(&run, Event::PatchMade { proposal: proposal() });
    let (retried, _) = step(&run, Event::Retried { at: at(100) });
    let late = Event::CaseFrozen { attempt: AttemptNumber::FIRST, stage: Stage::AtEnd, case: case('2') };
    let (same, effects) = step(&retried, late);
    assert_eq!((same.state, effects), (State::Retrying, vec![]));
    let opened = Event::ProposalOpened { repository: Box::new(repository()), pull_request: pull_request() };
    let (kept, effects) = step(&retried, opened);
    assert_eq!((kept.state.clone(), effects), (State::Retrying, vec![]));
    assert_eq!(kept.proposed, Some((repository(), pull_request())));
}

#[test]
fn a_newer_revision_supersedes_what_is_in_work_but_not_a_pull_request() {
    let by = Some("678dd648d6".parse().unwrap());
    let (run, _) = step(&opened(Mode::Propose), Event::Superseded { by: by.clone() });
    assert_eq!(run.state, State::Superseded { by: by.clone() });
    assert_eq!(transition(&proposed(), Event::Superseded { by }, at(9)), None);
}

#[test]
fn an_effect_that_cannot_be_done_escalates_with_its_reason_only_where_something_waits_for_it() {
    let reason = "failed to reach GitHub: check the token";
    for run in [opened(Mode::Propose), patching(Mode::Propose).0] {
        let (run, effects) = step(&run, Event::EffectFailed { reason: reason.into() });
        assert_eq!(run.state, State::Escalated { reason: reason.into() });
        assert_eq!(effects, [Effect::Announce { attempt: run.attempt, occasion: Occasion::Outcome }]);
    }
    let (same, effects) = step(&proposed(), Event::EffectFailed { reason: reason.into() });
    assert_eq!((same.state.name(), effects), (StateName::Proposed, vec![]));
}
