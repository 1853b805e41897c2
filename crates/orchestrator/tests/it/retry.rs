//! A retry is a new attempt of the same incident: evidence counts from its start, branch and pull request stay.

use std::time::Duration;

use domain::workflow::{Event, State, StateName};
use domain::{AnalysisPhase, AttemptNumber, ExhibitBody, Incarnation};

use crate::world::nouns::{CANARY, analysis, hash, identity, pod, proposing, rollout};
use crate::world::{Life, World};

/// The abort is cleared on the same hash, and a new pod comes, as `kubectl argo rollouts retry` makes it.
async fn retry(life: &Life) {
    tokio::time::sleep(Duration::from_secs(30)).await;
    let now = life.hold.now();
    life.world().change(|state| {
        state.add_pod(pod("canary-b", CANARY, now));
        state.write_log("canary-b", Incarnation::Current, &format!("{} INFO served\n", now.to_rfc3339()));
        state.put_rollout(rollout());
    });
}

async fn proposed(life: &Life) {
    life.ready().await;
    life.world().fail(life.hold.now());
    life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
}

#[test]
fn a_retry_that_fails_again_is_judged_anew_and_joins_the_same_pull_request() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        proposed(&life).await;
        retry(&life).await;
        let run = life.settles(&identity().id(), |run| run.state == State::Retrying).await;
        assert_eq!((run.attempt, run.verdict, run.end), (AttemptNumber::FIRST.next(), None, None));
        assert_eq!(run.troubles, vec![], "the first attempt's failed run is no evidence of the second");
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2.1", now, AnalysisPhase::Failed));
        });
        life.world()
            .until("it is judged", |state| {
                state.run(&identity().id()).is_some_and(|run| run.verdict.is_some())
            })
            .await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let state = life.world().state();
        assert_eq!((state.journal.len(), state.pulls.len()), (1, 1));
        assert_eq!(run.verdict.unwrap().attempt, AttemptNumber::FIRST.next());
        let case: domain::CaseFile = serde_json::from_slice(&state.cases[&run.last_case.unwrap()]).unwrap();
        let logs: Vec<&str> = case
            .exhibits
            .iter()
            .filter_map(|exhibit| match &exhibit.body {
                ExhibitBody::Log { log } if log.side == domain::Side::Canary => Some(log.pod.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(logs, ["canary-b"], "the first attempt's logs are no evidence of the second");
    });
}

#[test]
fn a_retry_that_passes_withdraws_the_incident_and_tells_the_pull_request_once() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        proposed(&life).await;
        retry(&life).await;
        life.settles(&identity().id(), |run| run.state == State::Retrying).await;
        let mut promoted = rollout();
        promoted.stable = promoted.current.clone();
        for _ in 0..2 {
            life.world().change(|state| state.put_rollout(promoted.clone()));
        }
        life.settles(&identity().id(), |run| run.state == State::Withdrawn).await;
        let state = life.world().state();
        assert_eq!(state.comments.len(), 1);
        assert_eq!(state.open_pulls(), 1, "it stays open, a human decides");
    });
}

#[test]
fn a_rollout_back_to_an_earlier_hash_is_a_new_attempt_of_its_incident() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        proposed(&life).await;
        let mut newer = rollout();
        newer.current = Some(hash("9999999999"));
        life.world().change(|state| state.put_rollout(newer));
        tokio::time::sleep(Duration::from_secs(60)).await;
        life.world().change(|state| state.put_rollout(rollout()));
        let run = life.settles(&identity().id(), |run| run.state == State::Retrying).await;
        assert_eq!(run.attempt, AttemptNumber::FIRST.next());
    });
}

#[test]
fn an_escalation_in_the_middle_of_a_run_is_forgotten_by_a_retry() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            let broken = || domain::Failure::give_up("case-store", "keep the case: the store is broken");
            state.fail("put", vec![broken()]);
        });
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed));
        });
        life.settles(&identity().id(), |run| run.state.name() == StateName::Escalated).await;
        life.world().fail(life.hold.now());
        retry(&life).await;
        life.settles(&identity().id(), |run| run.state == State::Retrying).await;
        let events = life.world().state().events_of(&identity().id());
        let retries = events.iter().filter(|event| matches!(event, Event::Retried { .. })).count();
        assert_eq!(retries, 1);
    });
}
