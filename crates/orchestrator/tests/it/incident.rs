//! The way of one incident.

use domain::workflow::{Event, State, StateName};
use domain::{AnalysisPhase, Annotate, Mode, PullRequestState, RunEnd};
use rollmend_orchestrator::Settings;

use crate::world::World;
use crate::world::nouns::{BY_HAND, aborted, analysis, hash, identity, proposing, rollout};

#[test]
fn the_watch_alone_leads_from_a_failed_analysis_to_one_pull_request() {
    let world = World::new();
    world.deploy();
    let settings = Settings { annotate: Annotate::Yes, ..proposing() };
    world.live(settings, async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(run.proposed.unwrap().1.url, "https://github.com/acme/shop/pull/1");
        let state = life.world().state();
        assert_eq!(state.open_pulls(), 1);
        assert_eq!(state.annotations.len(), 2, "at most twice per attempt");
        assert_eq!(state.annotations.last().unwrap().url, "https://github.com/acme/shop/pull/1");
        let keys: Vec<&str> = state.announced.iter().map(|event| event.key.as_str()).collect();
        let id = identity().id();
        assert_eq!(keys, [format!("{id} 1 Verdict"), format!("{id} 1 Outcome")]);
    });
}

#[test]
fn ten_triggers_are_one_incident() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        for number in 0..10 {
            let now = life.hold.now();
            let run = analysis(&format!("checkout-86686d4656-2.{number}"), now, AnalysisPhase::Failed);
            life.world().change(|state| state.put_run(run));
        }
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let state = life.world().state();
        assert_eq!(state.journal.len(), 1);
        assert_eq!(state.pulls.len(), 1);
        assert_eq!(state.cases.len(), 2, "frozen at the trouble and at the end");
    });
}

#[test]
fn a_healthy_canary_is_no_incident() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Successful));
            let mut promoted = rollout();
            promoted.stable = promoted.current.clone();
            state.put_rollout(promoted);
        });
        life.world().until("the spool is released", |state| state.released > 0).await;
        let state = life.world().state();
        assert!(state.journal.is_empty() && state.pulls.is_empty() && state.announced.is_empty());
    });
}

#[test]
fn errors_in_the_canarys_log_that_stable_does_not_show_are_an_incident_before_any_metric_fails() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let line = format!("{} ERROR no profile\n", life.hold.now().to_rfc3339());
        life.world().change(|state| state.write_log("canary-a", domain::Incarnation::Current, &line));
        let run = life
            .settles(&identity().id(), |run| {
                run.state.name() == StateName::HandedOff || run.state == State::Judged
            })
            .await;
        assert!(run.verdict.is_some());
        assert_eq!(life.world().state().calls_of("push"), 0, "nothing is pushed before the run has failed");
    });
}

#[test]
fn observe_writes_nothing_outside() {
    let world = World::new();
    world.deploy();
    let settings = Settings { mode: Mode::Observe, annotate: Annotate::Yes, ..proposing() };
    world.live(settings, async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Explained).await;
        assert!(run.verdict.is_some(), "it is explained in the journal all the same");
        let state = life.world().state();
        for write in ["announce", "annotate", "clear_stale", "push", "open", "comment"] {
            assert_eq!(state.calls_of(write), 0, "{write}");
        }
    });
}

#[test]
fn explain_says_it_in_the_cluster_and_never_pushes() {
    let world = World::new();
    world.deploy();
    world.live(Settings { mode: Mode::Explain, ..proposing() }, async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Explained).await;
        let state = life.world().state();
        assert!(!state.announced.is_empty());
        for write in ["annotate", "fix", "push", "open", "comment"] {
            assert_eq!(state.calls_of(write), 0, "{write}");
        }
    });
}

#[test]
fn a_mode_that_was_lowered_also_holds_for_incidents_of_before() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let never = Box::new(|_: &crate::world::Hold| -> futures::future::BoxFuture<'static, _> {
            Box::pin(std::future::pending())
        });
        life.world().change(|state| state.at("fix", never));
        life.world().fail(life.hold.now());
        life.world().until("a patch is being made", |state| state.calls_of("fix") == 1).await;
    });
    world.live(Settings { mode: Mode::Explain, ..proposing() }, async |life| {
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Escalated).await;
        let State::Escalated { reason } = run.state else { unreachable!() };
        assert!(reason.contains("set mode = \"propose\""), "{reason}");
        assert_eq!(life.world().state().calls_of("push"), 0);
    });
}

#[test]
fn a_newer_revision_takes_the_place_of_an_incident() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world()
            .change(|state| state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed)));
        life.settles(&identity().id(), |run| run.verdict.is_some()).await;
        let mut newer = rollout();
        newer.current = Some(hash("9999999999"));
        life.world().change(|state| state.put_rollout(newer));
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state, State::Superseded { by: Some(hash("9999999999")) });
        assert_eq!(life.world().state().pulls.len(), 0);
    });
}

#[test]
fn a_rollout_that_is_gone_ends_its_incident() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world()
            .change(|state| state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed)));
        life.settles(&identity().id(), |run| run.verdict.is_some()).await;
        life.world().change(|state| {
            let gone = rollout().rollout;
            state.rollouts.remove(&gone);
            state.tell(&domain::ports::Change::RolloutGone(gone));
        });
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state, State::Superseded { by: None });
    });
}

#[test]
fn an_abort_by_hand_is_explained_at_most() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| state.put_rollout(aborted(now, BY_HAND)));
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state.name(), StateName::Explained);
        assert_eq!(run.end, Some(RunEnd::AbortedByHand));
        assert_eq!(life.world().state().pulls.len(), 0);
    });
}

#[test]
fn an_abort_that_the_controller_has_not_taken_up_yet_is_not_taken_for_one_by_analysis() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            let mut patched = aborted(now, "more replicas need to be updated");
            patched.abort.as_mut().unwrap().at = None;
            state.put_rollout(patched);
        });
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert!(life.world().state().journal.is_empty());
        life.world().change(|state| state.put_rollout(aborted(now, BY_HAND)));
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.troubles, [domain::Trouble::AbortedByHand]);
        assert_eq!(run.state.name(), StateName::Explained);
    });
}

#[test]
fn trouble_is_told_before_the_end_of_the_run() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let events = life.world().state().events_of(&identity().id());
        let detected = events.iter().position(|event| matches!(event, Event::Detected { .. })).unwrap();
        let ended = events.iter().position(|event| matches!(event, Event::RunEnded { .. })).unwrap();
        assert!(detected < ended);
        assert_eq!(life.world().state().pulls[0].state, PullRequestState::Open);
    });
}
