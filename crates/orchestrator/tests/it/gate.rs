//! The gate: it waits, shares, limits, and fails closed.

use std::time::Duration;

use domain::workflow::{State, StateName};
use domain::{
    AllowedRepositories, AnalysisPhase, Failure, GateRefusal, GateRequest, GateSettings, Incarnation, Mode,
    Promotion, TooLittle,
};
use rollmend_orchestrator::Settings;
use tokio::time::Instant;

use crate::world::nouns::{
    CANARY, aborted, analysis, hash, identity, pod, proposing, reference, request, rollout,
};
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
fn what_is_not_there_or_not_allowed_is_refused_by_its_cause() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let ask = async |change: fn(&mut GateRequest)| {
            let mut asked = request();
            change(&mut asked);
            life.gate().answer(asked).await.unwrap_err()
        };
        let refusal = ask(|asked| asked.rollout.namespace = "elsewhere".parse().unwrap()).await;
        assert_eq!(refusal, GateRefusal::NamespaceNotWatched("elsewhere".to_owned()));
        let refusal = ask(|asked| asked.rollout.name = "nothing".parse().unwrap()).await;
        assert!(matches!(refusal, GateRefusal::NoSuchRollout(_)), "{refusal}");
        life.world().change(|state| {
            let mut first = rollout();
            first.stable = None;
            state.put_rollout(first);
        });
        let refusal = ask(|_| ()).await;
        assert!(matches!(refusal, GateRefusal::NoCanary(_)), "{refusal}");
    });
}

#[test]
fn attacks_7_and_40_a_request_cannot_choose_a_repository_that_is_not_listed() {
    let evil = || GateRequest { repository: Some("https://github.com/mallory/x".to_owned()), ..request() };
    let unnamed = |state: &mut crate::world::State| {
        let mut unnamed = rollout();
        unnamed.annotations.clear();
        state.put_rollout(unnamed);
    };
    let world = World::new();
    world.deploy();
    world.change(unnamed);
    world.live(proposing(), async |life| {
        life.ready().await;
        let refusal = life.gate().answer(evil()).await.unwrap_err();
        assert!(matches!(refusal, GateRefusal::RepositoryNotAllowed(_)), "{refusal}");
        // The annotation decides before the request, so that the request's name changes nothing.
        life.world().change(|state| state.put_rollout(rollout()));
        write_lines(&life, 250);
        life.gate().answer(evil()).await.unwrap();
        assert_eq!(life.world().state().calls_of("range"), 0);
    });
    // Where no repository is listed at all, none is ever read and its name decides nothing.
    let world = World::new();
    world.deploy();
    world.change(unnamed);
    let none = Settings { mode: Mode::Explain, allowed: AllowedRepositories::default(), ..proposing() };
    world.live(none, async |life| {
        life.ready().await;
        write_lines(&life, 250);
        life.gate().answer(evil()).await.unwrap();
    });
}

#[test]
fn a_clean_canary_is_not_promoted_while_something_of_it_cannot_be_read() {
    for broken in ["rollout", "analysis_runs", "pods", "excerpts", "log"] {
        for too_little in [TooLittle::Error, TooLittle::Promote] {
            let world = World::new();
            world.deploy();
            let gate = GateSettings { too_little, min_lines: 1, ..GateSettings::default() };
            world.live(with_gate(gate), async |life| {
                life.ready().await;
                life.gate().answer(request()).await.expect("it is promoted when nothing is broken");
                life.world().change(|state| {
                    let down = || Failure::retry("down", "read: the API server is down");
                    state.fail(broken, (0..50).map(|_| down()).collect());
                });
                let refusal = life.gate().answer(request()).await.expect_err(broken);
                assert!(matches!(refusal, GateRefusal::Ours(_)), "{broken}: {refusal}");
            });
        }
    }
}

#[test]
fn a_journal_that_does_not_write_keeps_the_gate_shut_for_280_seconds_at_most() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let full = || Failure::ask_human("disk-full", "write the journal: no space left", "free some space");
        life.world().change(|state| state.fail("commit", (0..50).map(|_| full()).collect()));
        write_error(&life, "canary-a");
        let began = Instant::now();
        let refusal = life.gate().answer(request()).await.unwrap_err();
        assert!(matches!(refusal, GateRefusal::Ours(_)), "{refusal}");
        assert_eq!(began.elapsed().as_secs(), 280);
    });
}

#[test]
fn an_incident_without_a_verdict_is_an_error_that_says_why() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            state.fail("put", vec![Failure::give_up("case-store", "keep the case: the store is broken")]);
        });
        let now = life.hold.now();
        life.world()
            .change(|state| state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed)));
        life.settles(&identity().id(), |run| run.state.name() == StateName::Escalated).await;
        let refusal = life.gate().answer(request()).await.unwrap_err();
        assert!(
            matches!(&refusal, GateRefusal::Ours(words) if words.contains("the store is broken")),
            "{refusal}"
        );
    });
}

#[test]
fn a_call_that_waits_is_refused_when_the_daemon_stops() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            state.at("put", Box::new(|_: &Hold| Box::pin(std::future::pending())));
        });
        write_error(&life, "canary-a");
        let gate = life.gate();
        let call = tokio::spawn(async move { gate.answer(request()).await });
        life.world().until("it waits", |state| state.calls_of("put") == 1).await;
        life.cancel.cancel();
        assert!(matches!(call.await.unwrap(), Err(GateRefusal::Ours(_))));
    });
}

#[test]
fn in_observe_mode_a_refusal_writes_no_event() {
    let world = World::new();
    world.deploy();
    let gate = GateSettings { max_wait: Duration::ZERO, ..GateSettings::default() };
    world.live(Settings { mode: Mode::Observe, gate, ..proposing() }, async |life| {
        life.ready().await;
        life.gate().answer(request()).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(life.world().state().calls_of("announce"), 0);
    });
}

#[test]
fn a_newer_revision_while_a_call_waits_is_an_error() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            state.at("put", Box::new(|_: &Hold| Box::pin(std::future::pending())));
        });
        write_error(&life, "canary-a");
        let gate = life.gate();
        let call = tokio::spawn(async move { gate.answer(request()).await });
        life.world().until("it waits", |state| state.calls_of("put") == 1).await;
        let now = life.hold.now();
        let mut newer = aborted(now, "x");
        newer.abort = None;
        newer.current = Some(hash("9999999999"));
        life.world().change(|state| state.put_rollout(newer));
        assert!(matches!(call.await.unwrap(), Err(GateRefusal::Ours(_))));
    });
}
