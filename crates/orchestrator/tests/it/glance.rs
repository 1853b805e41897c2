//! A glance at the gate: answers at once from what is known, goes on in the background, and fails closed.

use std::time::Duration;

use domain::ports::Glance;
use domain::workflow::{StateName, Trigger};
use domain::{
    Failure, GateRefusal, GateRequest, GateSettings, Incarnation, PodHash, Promotion, RepositoryUrl, Rollout,
};
use rollmend_orchestrator::Settings;
use tokio::time::Instant;

use crate::world::nouns::{identity, pod, proposing, reference, request, rollout};
use crate::world::{Hold, Life, World};

fn with_gate(gate: GateSettings) -> Settings {
    Settings { gate, ..proposing() }
}

fn write_lines(life: &Life, count: usize) {
    let line = format!("{} INFO served\n", life.hold.now().to_rfc3339());
    life.world().change(|state| state.write_log("canary-a", Incarnation::Current, &line.repeat(count)));
}

fn write_error(life: &Life) {
    let line = format!("{} ERROR no profile\n", life.hold.now().to_rfc3339());
    life.world().change(|state| state.write_log("canary-a", Incarnation::Current, &line));
}

fn slow(milliseconds: u64) -> crate::world::state::Fault {
    Box::new(move |_: &Hold| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok(())
        })
    })
}

/// What a glance says, and the milliseconds it took.
async fn glance(life: &Life) -> (Result<Glance, GateRefusal>, u128) {
    let began = Instant::now();
    let glance = life.gate().glance(request()).await;
    (glance, began.elapsed().as_millis())
}

fn promotion(glance: &Result<Glance, GateRefusal>) -> Option<Promotion> {
    match glance {
        Ok(Glance::Known(answer)) => Some(answer.promotion),
        Ok(Glance::NotYet) | Err(_) => None,
    }
}

#[test]
fn a_clean_canary_is_judged_within_the_glance() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        let (glance, _) = glance(&life).await;
        assert_eq!(promotion(&glance), Some(Promotion::Promote));
    });
}

#[test]
fn what_takes_longer_goes_on_in_the_background_for_the_next_glance() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        life.world().change(|state| {
            state.at("pods", slow(1_200));
            state.at("events", slow(1_200));
        });
        let first = glance(&life).await;
        assert_eq!(first, (Ok(Glance::NotYet), 2_000));
        let gathered = life.world().state().calls_of("events");
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (second, took) = glance(&life).await;
        assert_eq!((promotion(&second), took), (Some(Promotion::Promote), 0));
        assert_eq!(life.world().state().calls_of("events"), gathered, "one judgement for both");
    });
}

#[test]
fn a_yes_is_believed_for_twelve_seconds_and_then_looked_up_anew() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        glance(&life).await.0.unwrap();
        let gathered = life.world().state().calls_of("events");
        tokio::time::sleep(Duration::from_secs(11)).await;
        glance(&life).await.0.unwrap();
        assert_eq!(life.world().state().calls_of("events"), gathered);
        tokio::time::sleep(Duration::from_secs(2)).await;
        glance(&life).await.0.unwrap();
        assert_eq!(life.world().state().calls_of("events"), gathered + 1);
    });
}

#[test]
fn a_yes_does_not_outlive_the_canary_it_was_said_of() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        assert_eq!(promotion(&glance(&life).await.0), Some(Promotion::Promote));
        let next: PodHash = "5555555555".parse().unwrap();
        let now = life.hold.now();
        life.world().change(|state| {
            state.add_pod(pod("canary-b", next.as_str(), now));
            state.put_rollout(Rollout { current: Some(next), ..rollout() });
        });
        let gate = GateSettings::default();
        assert!(gate.max_wait > Duration::from_secs(2));
        assert_eq!(glance(&life).await.0, Ok(Glance::NotYet), "nothing is known of the new canary");
    });
}

#[test]
fn trouble_after_a_yes_is_a_no_at_the_next_glance() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        assert_eq!(promotion(&glance(&life).await.0), Some(Promotion::Promote));
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.verdict.is_some()).await;
        assert_eq!(promotion(&glance(&life).await.0), Some(Promotion::Hold));
    });
}

#[test]
fn trouble_that_a_glance_finds_is_an_incident_noticed_by_the_web_metric() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_error(&life);
        let mut held = glance(&life).await.0;
        while held == Ok(Glance::NotYet) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            held = glance(&life).await.0;
        }
        assert_eq!(promotion(&held), Some(Promotion::Hold));
        let run = life.world().state().run(&identity().id()).unwrap();
        assert!(run.triggers.contains(&Trigger::WebMetric), "{:?}", run.triggers);
        assert_eq!(life.world().state().calls_of("analyze"), 1);
    });
}

#[test]
fn a_verdict_in_work_is_not_yet_and_a_known_one_asks_for_the_rollout_alone() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| state.at("analyze", slow(30_000)));
        life.world().fail(life.hold.now());
        life.world().until("the analyst is at work", |state| state.calls_of("analyze") == 1).await;
        assert_eq!(glance(&life).await, (Ok(Glance::NotYet), 2_000));
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let before = life.world().state().calls.len();
        let (known, took) = glance(&life).await;
        assert_eq!((promotion(&known), took), (Some(Promotion::Hold), 0));
        let calls = life.world().state().calls[before..].to_vec();
        assert_eq!(calls.iter().filter(|call| **call != "load").collect::<Vec<_>>(), [&"rollout"]);
    });
}

#[test]
fn a_known_verdict_takes_less_than_two_milliseconds_of_our_time() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        glance(&life).await.0.unwrap();
        // The fastest of many, by the machine's clock: a busy machine slows some, not all.
        let fastest = {
            let mut fastest = Duration::MAX;
            for _ in 0..50 {
                let began = std::time::Instant::now();
                glance(&life).await.0.unwrap();
                fastest = fastest.min(began.elapsed());
            }
            fastest
        };
        assert!(fastest < Duration::from_millis(2), "{fastest:?}");
    });
}

#[test]
fn too_little_evidence_is_waited_for_in_the_background_and_then_an_error_told_once() {
    let world = World::new();
    world.deploy();
    let gate = GateSettings { max_wait: Duration::from_secs(10), ..GateSettings::default() };
    world.live(with_gate(gate), async |life| {
        life.ready().await;
        assert_eq!(glance(&life).await, (Ok(Glance::NotYet), 2_000));
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (refusal, took) = glance(&life).await;
        assert!(matches!(refusal, Err(GateRefusal::TooLittle { .. })), "{refusal:?}");
        assert_eq!(took, 0);
        assert_eq!(glance(&life).await, (Ok(Glance::NotYet), 2_000), "a new try");
    });
}

#[test]
fn what_breaks_is_never_a_yes_and_the_next_glance_tries_again() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        life.world().change(|state| {
            state.fail("rollout", vec![Failure::retry("kubernetes-down", "read the Rollout")]);
        });
        let (refusal, _) = glance(&life).await;
        assert_eq!(refusal, Err(GateRefusal::Ours("failed to read the Rollout".to_owned())));
        life.world().change(|state| state.at("rollout", slow(60_000)));
        let (refusal, took) = glance(&life).await;
        assert!(matches!(refusal, Err(GateRefusal::Ours(_))), "{refusal:?}");
        assert_eq!(took, 2_000);
        life.world().change(|state| {
            state.fail("log", vec![Failure::retry("kubernetes-down", "read a log")]);
        });
        let (broken, _) = glance(&life).await;
        assert!(matches!(broken, Err(GateRefusal::Ours(_))), "{broken:?}");
        assert_eq!(promotion(&glance(&life).await.0), Some(Promotion::Promote));
        let failures = life.orchestrator.insight().figures().failures;
        assert!(failures.get("kubernetes-down").is_some_and(|count| *count >= 1), "{failures:?}");
    });
}

#[test]
fn attack_7_a_glance_refuses_a_rollout_whose_repository_is_not_listed() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let mut evil = rollout();
        let url = RepositoryUrl::parse("https://github.com/mallory/x").unwrap();
        evil.annotations.insert("repository".to_owned(), url.to_string());
        state.put_rollout(evil);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        let (refusal, _) = glance(&life).await;
        assert!(matches!(refusal, Err(GateRefusal::RepositoryNotAllowed(_))), "{refusal:?}");
        assert_eq!(life.world().state().calls_of("range"), 0);
    });
}

#[test]
fn a_glance_at_what_is_not_there_says_so() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let elsewhere = domain::RolloutRef { namespace: "elsewhere".parse().unwrap(), ..reference() };
        let asked = life.gate().glance(GateRequest { rollout: elsewhere, ..request() }).await;
        assert_eq!(asked, Err(GateRefusal::NamespaceNotWatched("elsewhere".to_owned())));
        life.world().change(|state| state.rollouts.clear());
        assert_eq!(glance(&life).await.0, Err(GateRefusal::NoSuchRollout(reference())));
    });
}
