//! The start: old failures are left alone, what was missed while the daemon was down is caught up with.

use chrono::Duration;
use domain::workflow::{State, StateName};
use domain::{AnalysisPhase, Annotate, AttemptNumber};
use rollmend_orchestrator::Settings;

use crate::world::World;
use crate::world::nouns::{BY_ANALYSIS, aborted, analysis, hash, identity, proposing, rollout};

/// A canary whose analysis has failed and been judged, while the run goes on; then the daemon is killed.
fn killed_when_judged() -> World {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed));
        });
        life.settles(&identity().id(), |run| run.state == State::Judged).await;
    });
    world
}

#[test]
fn an_old_failure_is_left_alone_until_it_is_retried() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let then = state.now - Duration::minutes(61);
        state.put_run(analysis("checkout-86686d4656-2", then, AnalysisPhase::Failed));
        state.put_rollout(aborted(then, BY_ANALYSIS));
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert!(life.world().state().journal.is_empty());
        life.world().change(|state| state.put_rollout(rollout()));
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert!(life.world().state().journal.is_empty(), "the old failed run is not of the retry");
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(run.attempt, AttemptNumber::FIRST);
    });
}

#[test]
fn a_young_failure_is_taken_up_although_its_pods_are_gone() {
    let world = World::new();
    world.deploy();
    let then = world.state().now - Duration::minutes(59);
    world.fail(then);
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}

#[test]
fn a_failed_run_of_another_hash_is_no_incident() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let mut old = analysis("checkout-1111111111-1", state.now, AnalysisPhase::Failed);
        old.canary = Some(hash("1111111111"));
        state.put_run(old);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert!(life.world().state().journal.is_empty());
    });
}

#[test]
fn a_failed_run_of_an_earlier_attempt_is_no_evidence_of_a_canary_in_progress() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let then = state.now - Duration::minutes(10);
        state.put_run(analysis("checkout-86686d4656-2", then, AnalysisPhase::Failed));
        state.put_run(analysis("checkout-86686d4656-2.1", state.now, AnalysisPhase::Running));
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert!(life.world().state().journal.is_empty());
    });
}

#[test]
fn a_canary_that_was_promoted_while_the_daemon_was_down_is_withdrawn() {
    let world = killed_when_judged();
    world.change(|state| {
        let mut promoted = rollout();
        promoted.stable = promoted.current.clone();
        state.put_rollout(promoted);
    });
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state == State::Withdrawn).await;
    });
}

#[test]
fn a_newer_revision_of_that_time_supersedes() {
    let world = killed_when_judged();
    world.change(|state| {
        let mut newer = rollout();
        newer.current = Some(hash("9999999999"));
        state.put_rollout(newer);
    });
    world.live(proposing(), async |life| {
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state, State::Superseded { by: Some(hash("9999999999")) });
    });
}

#[test]
fn a_rollout_that_was_deleted_at_that_time_ends_its_incident() {
    let world = killed_when_judged();
    world.change(|state| state.rollouts.clear());
    world.live(proposing(), async |life| {
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state, State::Superseded { by: None });
    });
}

#[test]
fn an_abort_of_that_time_ends_the_run() {
    let world = killed_when_judged();
    let now = world.state().now + Duration::seconds(1);
    world.fail(now);
    world.live(proposing(), async |life| {
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state.name(), StateName::Proposed);
    });
}

#[test]
fn a_retry_of_that_time_is_a_new_attempt_with_the_evidence_since_then() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
    let retried_at = world.change(|state| {
        state.now += Duration::minutes(30);
        state.put_rollout(rollout());
        state.put_run(analysis("checkout-86686d4656-2.1", state.now, AnalysisPhase::Running));
        let retried_at = state.now;
        state.now += Duration::minutes(5);
        retried_at
    });
    world.live(proposing(), async |life| {
        let run = life.settles(&identity().id(), |run| run.state == State::Retrying).await;
        assert!(run.attempt_started_at <= retried_at, "the run of the retry is evidence");
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2.1", retried_at, AnalysisPhase::Failed));
            state.put_rollout(aborted(now, BY_ANALYSIS));
        });
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}

#[test]
fn an_annotation_of_another_hash_is_removed_at_the_start_and_when_the_hash_changes() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let mut annotated = rollout();
        annotated.annotations.insert("verdict".to_owned(), r#"{"hash":"1111111111"}"#.to_owned());
        state.put_rollout(annotated);
    });
    world.live(Settings { annotate: Annotate::Yes, ..proposing() }, async |life| {
        life.world().until("it is removed", |state| state.cleared == 1).await;
        let mut newer = rollout();
        newer.current = Some(hash("9999999999"));
        life.world().change(|state| state.put_rollout(newer));
        life.world().until("it is looked for again", |state| state.cleared == 2).await;
    });
}
