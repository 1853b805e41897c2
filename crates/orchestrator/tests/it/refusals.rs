//! The gate fails closed: each cause has its refusal, and nothing that breaks promotes.

use std::time::Duration;

use domain::workflow::StateName;
use domain::{
    AllowedRepositories, AnalysisPhase, Failure, GateRefusal, GateRequest, GateSettings, Incarnation, Mode,
    TooLittle,
};
use rollmend_orchestrator::Settings;
use tokio::time::Instant;

use crate::world::nouns::{aborted, analysis, hash, identity, proposing, request, rollout};
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
