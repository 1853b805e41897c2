//! The gate: it waits, shares, limits, and answers an attempt from its one verdict.

use std::time::Duration;

use domain::workflow::{State, StateName};
use domain::{GateRefusal, GateSettings, Incarnation, Promotion, TooLittle};
use rollmend_orchestrator::Settings;
use tokio::time::Instant;

use crate::world::nouns::{CANARY, identity, pod, proposing, reference, request, rollout};
use crate::world::{Hold, Life, World};

fn with_gate(gate: GateSettings) -> Settings {
    Settings { gate, ..proposing() }
}

fn write_lines(life: &Life, count: usize) {
    let line = format!("{} INFO served\n", life.hold.now().to_rfc3339());
    life.world().change(|state| state.write_log("canary-a", Incarnation::Current, &line.repeat(count)));
}

fn write_error(life: &Life, pod: &str) {
    let line = format!("{} ERROR no profile\n", life.hold.now().to_rfc3339());
    life.world().change(|state| state.write_log(pod, Incarnation::Current, &line));
}

#[test]
fn a_clean_canary_with_enough_evidence_is_promoted_with_the_figures() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        let answer = life.gate().answer(request()).await.unwrap();
        assert_eq!(answer.promotion, Promotion::Promote);
        assert!(answer.analysis.contains("251 lines"), "{}", answer.analysis);
        let state = life.world().state();
        assert!(state.journal.is_empty() && state.cases.is_empty() && state.announced.is_empty());
        assert_eq!(state.calls_of("analyze"), 0, "a clean digest asks no analyst");
    });
}

#[test]
fn requests_are_counted_by_the_configured_query_over_the_attempt() {
    let world = World::new();
    world.deploy();
    world.change(|state| state.requests = Some(50.0));
    let requests = Some("sum(increase(r{h=\"{{hash}}\"}[{{window}}]))".to_owned());
    world.live(with_gate(GateSettings { requests, ..GateSettings::default() }), async |life| {
        life.ready().await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        let answer = life.gate().answer(request()).await.unwrap();
        assert_eq!(answer.promotion, Promotion::Promote);
        let query = life.world().state().queries.last().unwrap().clone();
        assert_eq!(query, format!("sum(increase(r{{h=\"{CANARY}\"}}[25s]))"));
    });
}

#[test]
fn too_little_evidence_is_waited_for_until_pods_were_quiet_for_long_enough() {
    let world = World::new();
    world.deploy();
    let gate = GateSettings { max_wait: Duration::from_secs(90), ..GateSettings::default() };
    world.live(with_gate(gate), async |life| {
        life.ready().await;
        let began = Instant::now();
        let answer = life.gate().answer(request()).await.unwrap();
        assert_eq!(answer.promotion, Promotion::Promote);
        let waited = began.elapsed();
        assert!((58..=64).contains(&waited.as_secs()), "{waited:?}");
    });
}

#[test]
fn too_little_evidence_in_the_end_is_an_error_and_not_a_yes() {
    let world = World::new();
    world.deploy();
    let gate = GateSettings { max_wait: Duration::from_secs(10), ..GateSettings::default() };
    world.live(with_gate(gate), async |life| {
        life.ready().await;
        let began = Instant::now();
        let refusal = life.gate().answer(request()).await.unwrap_err();
        assert!(matches!(refusal, GateRefusal::TooLittle { .. }), "{refusal}");
        assert!(began.elapsed() >= Duration::from_secs(8), "{:?}", began.elapsed());
        for _ in 0..3 {
            life.gate().answer(request()).await.unwrap_err();
        }
        life.world().until("it is said where people look", |state| !state.announced.is_empty()).await;
        assert_eq!(life.world().state().announced.len(), 1, "one Warning Event per attempt and cause");
    });
}

#[test]
fn the_operator_may_say_that_no_evidence_is_good_enough_in_the_file_or_on_the_rollout() {
    for (file, annotation, expected) in [
        (TooLittle::Promote, None, true),
        (TooLittle::Error, Some("promote"), true),
        (TooLittle::Promote, Some("error"), false),
        (TooLittle::Error, Some("nonsense"), false),
    ] {
        let world = World::new();
        world.deploy();
        world.change(|state| {
            let mut rollout = rollout();
            if let Some(annotation) = annotation {
                rollout.annotations.insert("too-little".to_owned(), annotation.to_owned());
            }
            state.put_rollout(rollout);
        });
        let gate =
            GateSettings { max_wait: Duration::from_secs(4), too_little: file, ..GateSettings::default() };
        world.live(with_gate(gate), async |life| {
            life.ready().await;
            let answer = life.gate().answer(request()).await;
            assert_eq!(answer.is_ok(), expected, "{file:?} {annotation:?}");
            if let Ok(answer) = answer {
                assert_eq!((answer.promotion, answer.confidence), (Promotion::Promote, 51));
            }
        });
    }
}

#[test]
fn only_so_many_calls_may_wait_at_once() {
    let world = World::new();
    world.deploy();
    let gate = GateSettings { max_waiting: 2, max_wait: Duration::from_secs(20), ..GateSettings::default() };
    world.live(with_gate(gate), async |life| {
        life.ready().await;
        let calls = (0..5).map(|_| {
            let gate = life.gate();
            async move {
                let began = Instant::now();
                gate.answer(request()).await.unwrap_err();
                began.elapsed().as_secs()
            }
        });
        let took = futures::future::join_all(calls).await;
        assert_eq!(took.iter().filter(|seconds| **seconds >= 16).count(), 2, "{took:?}");
        assert_eq!(took.iter().filter(|seconds| **seconds < 2).count(), 3, "{took:?}");
    });
}

#[test]
fn calls_that_come_at_once_share_one_judgement() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_lines(&life, 250);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let slow = Box::new(|_: &Hold| -> futures::future::BoxFuture<'static, _> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(())
            })
        });
        life.world().change(|state| state.at("events", slow));
        let before = life.world().state().calls_of("events");
        let calls = (0..20).map(|_| {
            let gate = life.gate();
            async move { gate.answer(request()).await }
        });
        for answer in futures::future::join_all(calls).await {
            assert_eq!(answer.unwrap().promotion, Promotion::Promote);
        }
        assert_eq!(life.world().state().calls_of("events") - before, 1);
    });
}

#[test]
fn trouble_is_an_incident_and_every_poll_of_the_attempt_is_answered_from_its_one_verdict() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_error(&life, "canary-a");
        for _ in 0..5 {
            let answer = life.gate().answer(request()).await.unwrap();
            assert_eq!((answer.promotion, answer.confidence), (Promotion::Hold, 90));
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        let state = life.world().state();
        assert_eq!((state.journal.len(), state.calls_of("analyze")), (1, 1));
    });
}

#[test]
fn the_answer_leaves_after_the_evidence_is_frozen() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        write_error(&life, "canary-a");
        life.gate().answer(request()).await.unwrap();
        assert_eq!(life.world().state().cases.len(), 1);
    });
}

#[test]
fn a_retry_with_clean_logs_is_promoted_although_the_watch_is_behind() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let held = life.gate().answer(request()).await.unwrap();
        assert_eq!(held.pull_request.as_deref(), Some("https://github.com/acme/shop/pull/1"));
        tokio::time::sleep(Duration::from_secs(60)).await;
        let now = life.hold.now();
        life.world().change(|state| {
            state.add_pod(pod("canary-b", CANARY, now));
            let line = format!("{} INFO served\n", now.to_rfc3339());
            state.write_log("canary-b", Incarnation::Current, &line.repeat(250));
            // The API server knows; the watch does not say so yet.
            state.rollouts.insert(reference(), rollout());
        });
        let answer = life.gate().answer(request()).await.unwrap();
        assert_eq!(answer.promotion, Promotion::Promote);
        life.world().change(|state| state.put_rollout(rollout()));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let run = life.world().state().run(&identity().id()).unwrap();
        assert_eq!((run.attempt.0.get(), run.state), (2, State::Retrying), "one retry, not two");
    });
}

#[test]
fn trouble_that_stable_shows_alike_cannot_be_judged() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        for pod in ["canary-a", "stable-a", "stable-b"] {
            write_error(&life, pod);
        }
        let refusal = life.gate().answer(request()).await.unwrap_err();
        assert!(matches!(refusal, GateRefusal::SameOnStable { .. }), "{refusal}");
        assert!(life.world().state().journal.is_empty());
    });
}

#[test]
fn a_known_verdict_of_an_incident_that_is_over_is_answered_without_gathering_anything() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let before = life.world().state().calls.len();
        let answer = life.gate().answer(request()).await.unwrap();
        assert_eq!(answer.promotion, Promotion::Hold);
        let calls = life.world().state().calls[before..].to_vec();
        assert_eq!(calls.iter().filter(|call| **call != "load").collect::<Vec<_>>(), [&"rollout"]);
    });
}
