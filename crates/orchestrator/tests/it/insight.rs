//! What the daemon shows of itself: its steps, its figures, its start, one Rollout.

use std::time::Duration;

use domain::ports::{RolloutSummary, Startup};
use domain::workflow::StateName;
use domain::{Category, Failure, GateRefusal, PodHash, Rollout, RolloutRef};
use futures::StreamExt;

use crate::world::World;
use crate::world::nouns::{identity, proposing, reference, rollout};

#[test]
fn each_step_of_an_incident_is_told_with_a_rising_number_and_no_text_from_logs() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        let insight = life.orchestrator.insight();
        life.ready().await;
        assert_eq!(insight.steps(0), []);
        let mut followed = insight.follow(0);
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let steps = insight.steps(0);
        let kinds: Vec<&str> = steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds.first(), Some(&"detected"), "{kinds:?}");
        for kind in ["run-ended", "case-frozen", "verdict-reached", "patch-made", "proposal-opened"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        assert!(steps.windows(2).all(|pair| pair[1].id == pair[0].id + 1), "{steps:?}");
        for step in &steps {
            assert_eq!(followed.next().await.as_ref(), Some(step));
        }
        let third = steps[2].id;
        assert_eq!(insight.steps(third), steps[3..]);
        assert_eq!(insight.follow(third).next().await.as_ref(), steps.get(3));
    });
}

#[test]
fn a_follower_waits_for_the_next_step() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let mut followed = life.orchestrator.insight().follow(0);
        let early = tokio::time::timeout(Duration::from_secs(60), followed.next()).await;
        assert!(early.is_err(), "{early:?}");
        life.world().fail(life.hold.now());
        assert_eq!(followed.next().await.unwrap().kind, "detected");
    });
}

#[test]
fn numbers_go_on_rising_over_a_restart() {
    let world = World::new();
    world.deploy();
    let last = std::cell::Cell::new(0);
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        last.set(life.orchestrator.insight().steps(0).last().unwrap().id);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| state.put_rollout(rollout()));
        life.settles(&identity().id(), |run| run.attempt.0.get() == 2).await;
        let steps = life.orchestrator.insight().steps(last.get());
        assert_eq!(steps.first().map(|step| step.kind), Some("retried"));
    });
}

#[test]
fn incidents_and_times_to_verdict_and_pull_request_are_counted_once() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let insight = life.orchestrator.insight();
        let figures = insight.figures();
        assert_eq!((figures.canaries, figures.to_verdict.count()), (1, 0));
        assert!(figures.incidents.is_empty());
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let figures = insight.figures();
        let wanted = [((StateName::Proposed, Some(Category::Code)), 1)];
        assert_eq!(figures.incidents.into_iter().collect::<Vec<_>>(), wanted);
        assert_eq!((figures.to_verdict.count(), figures.to_pull_request.count()), (1, 1));
        assert!(figures.to_verdict.sum <= figures.to_pull_request.sum);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        let figures = life.orchestrator.insight().figures();
        let wanted = [((StateName::Proposed, Some(Category::Code)), 1)];
        assert_eq!(figures.incidents.into_iter().collect::<Vec<_>>(), wanted, "the journal is counted");
        assert_eq!((figures.to_verdict.count(), figures.to_pull_request.count()), (0, 0));
    });
}

#[test]
fn the_start_says_what_it_waits_for() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let down = |_| Failure::retry("journal-down", "read the journal");
        state.fail("runs", (0..2).map(down).collect());
    });
    world.live(proposing(), async |life| {
        let insight = life.orchestrator.insight();
        assert_eq!(insight.startup(), Startup::ReadingJournal);
        life.world().until("the journal was asked", |state| state.calls_of("runs") > 0).await;
        assert_eq!(insight.startup(), Startup::ReadingJournal);
        life.ready().await;
        tokio::task::yield_now().await;
        assert_eq!(insight.startup(), Startup::Ready);
        assert_eq!(insight.figures().failures.get("journal-down"), Some(&2));
        life.cancel.cancel();
        assert_eq!(insight.startup(), Startup::Stopping);
    });
}

#[test]
fn a_rollout_is_shown_by_its_status_else_by_its_share_of_the_pods() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let insight = life.orchestrator.insight();
        let shown = |canary_weight, canary_pods| RolloutSummary {
            phase: "Progressing".to_owned(),
            canary_weight,
            stable_weight: 100 - canary_weight,
            stable_pods: 2,
            canary_pods,
        };
        assert_eq!(insight.rollout(&reference()).await, Ok(shown(33, 1)));
        life.world().change(|state| state.weight = Some(10));
        assert_eq!(insight.rollout(&reference()).await, Ok(shown(10, 1)));
        life.world().change(|state| {
            let stable: Option<PodHash> = rollout().stable;
            state.put_rollout(Rollout { current: stable, ..rollout() });
        });
        assert_eq!(insight.rollout(&reference()).await, Ok(shown(0, 0)), "there is no canary");
    });
}

#[test]
fn a_rollout_that_cannot_be_shown_says_why() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let insight = life.orchestrator.insight();
        let elsewhere = RolloutRef { namespace: "elsewhere".parse().unwrap(), ..reference() };
        let refusal = insight.rollout(&elsewhere).await.unwrap_err();
        assert_eq!(refusal, GateRefusal::NamespaceNotWatched("elsewhere".to_owned()));
        life.world().change(|state| state.fail("pods", vec![Failure::retry("kubernetes-down", "list pods")]));
        let refusal = insight.rollout(&reference()).await.unwrap_err();
        assert_eq!(refusal, GateRefusal::Ours("failed to list pods".to_owned()));
        life.world().change(|state| state.rollouts.clear());
        let refusal = insight.rollout(&reference()).await.unwrap_err();
        assert_eq!(refusal, GateRefusal::NoSuchRollout(reference()));
    });
}
