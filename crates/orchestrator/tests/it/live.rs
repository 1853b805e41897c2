//! Settings that change while the daemon runs hold from the next decision on.

use domain::workflow::{State, StateName};
use domain::{AllowedRepositories, Failure, Mode};
use rollmend_orchestrator::Settings;

use crate::world::nouns::{identity, proposing};
use crate::world::{Life, World};

/// The forge is down once; while it is, the settings change. How the incident ended, and how many pull requests there are.
fn ends_after(change: impl Fn() -> Settings + 'static) -> (State, usize) {
    let world = World::new();
    world.deploy();
    let (sender, ended) = std::sync::mpsc::channel();
    world.live(proposing(), async |life: Life| {
        life.ready().await;
        life.world().change(|state| {
            state.fail("login", vec![Failure::retry("github-down", "read our login: 502")]);
        });
        life.world().fail(life.hold.now());
        life.world().until("it is being opened", |state| state.calls_of("login") == 1).await;
        life.orchestrator.settings().change(change());
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        sender.send((run.state, life.world().state().pulls.len())).unwrap();
    });
    ended.recv().unwrap()
}

#[test]
fn a_mode_that_is_lowered_while_a_pull_request_is_being_opened_keeps_it_from_being_opened() {
    let (state, pulls) = ends_after(|| Settings { mode: Mode::Explain, ..proposing() });
    assert!(matches!(&state, State::Escalated { reason } if reason.contains("[daemon] mode")), "{state:?}");
    assert_eq!(pulls, 0);
}

#[test]
fn a_repository_that_is_taken_off_the_list_gets_no_pull_request_any_more() {
    let (state, pulls) = ends_after(|| Settings { allowed: AllowedRepositories::default(), ..proposing() });
    assert!(matches!(&state, State::Escalated { reason } if reason.contains("not listed")), "{state:?}");
    assert_eq!(pulls, 0);
}

#[test]
fn a_mode_that_is_raised_holds_for_the_next_incident() {
    let world = World::new();
    world.deploy();
    world.live(Settings { mode: Mode::Explain, ..proposing() }, async |life| {
        life.ready().await;
        life.orchestrator.settings().change(proposing());
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}
