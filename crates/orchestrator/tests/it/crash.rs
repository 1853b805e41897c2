//! Killed at any moment: the next life goes on, with no lost incident and no second pull request.

use domain::workflow::StateName;

use crate::world::World;
use crate::world::nouns::{identity, proposing};

/// The whole story; the daemon dies after `steps` steps and is started again. How many steps a life without death takes.
fn story(steps: i64) -> (World, i64) {
    let world = World::new();
    world.deploy();
    let taken = world.live_until(proposing(), steps, async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
    (world, taken)
}

#[test]
fn wherever_it_is_killed_there_is_one_incident_and_one_pull_request() {
    let (_, steps) = story(i64::MAX / 2);
    assert!(steps > 40, "a story of {steps} steps is no story");
    for cut in 1..steps {
        let (world, _) = story(cut);
        let failed_before_death = world.state().rollouts.values().any(|rollout| rollout.abort.is_some());
        if !failed_before_death {
            let now = world.state().now;
            world.fail(now);
        }
        world.live(proposing(), async |life| {
            let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
            let state = life.world().state();
            assert_eq!(state.journal.len(), 1, "cut {cut}");
            assert_eq!(state.pulls.len(), 1, "cut {cut}: a second pull request");
            assert_eq!(state.branches.len(), 1, "cut {cut}");
            assert_eq!(run.proposed.unwrap().1, state.pulls[0], "cut {cut}");
            let mut keys: Vec<&str> = state.announced.iter().map(|event| event.key.as_str()).collect();
            keys.dedup();
            assert_eq!(keys.len(), 2, "cut {cut}: {keys:?}");
        });
    }
}

#[test]
fn killed_again_and_again_it_still_ends() {
    let world = World::new();
    world.deploy();
    let now = world.state().now;
    world.fail(now);
    for steps in (5..60).step_by(3) {
        world.live_until(proposing(), steps, async |life| {
            life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        });
    }
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}

#[test]
fn the_order_to_stop_lets_work_finish_and_leaves_the_rest_pending() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let slow = Box::new(|_: &crate::world::Hold| -> futures::future::BoxFuture<'static, _> {
            Box::pin(async move {
                released.await.unwrap();
                Ok(())
            })
        });
        life.world().change(|state| state.at("put", slow));
        life.world().fail(life.hold.now());
        life.world().until("a case is being kept", |state| state.calls_of("put") == 1).await;
        life.cancel.cancel();
        release.send(()).unwrap();
        let world = life.world().clone();
        life.orchestrator.join().await;
        let state = world.state();
        assert_eq!(state.cases.len(), 1, "what was in work is finished");
        assert_eq!(state.calls_of("analyze"), 0, "nothing new is begun");
        assert_eq!(state.pending.len(), 1, "and what comes next is left to the next start");
    });
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}

#[test]
fn the_order_to_stop_ends_also_over_a_journal_that_does_not_write() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let full = || domain::Failure::ask_human("disk-full", "write: no space left", "free some space");
        life.world().change(|state| state.fail("commit", (0..50).map(|_| full()).collect()));
        life.world().fail(life.hold.now());
        life.world().until("it is tried", |state| state.calls_of("commit") == 1).await;
        life.cancel.cancel();
        tokio::time::timeout(std::time::Duration::from_secs(30), life.orchestrator.join()).await.unwrap();
    });
    world.change(|state| state.faults.clear());
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}

#[test]
fn an_effect_that_panics_is_a_failed_try_and_no_more() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let panic = Box::new(|_: &crate::world::Hold| -> futures::future::BoxFuture<'static, _> {
            Box::pin(async { panic!("a bug in a port") })
        });
        life.world().change(|state| state.at("put", panic));
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}

#[test]
fn a_rule_that_panics_once_does_not_blind_the_watch() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| state.rule_panics = 1);
        life.world().until("the rule has panicked", |state| state.rule_panics == 0).await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}
