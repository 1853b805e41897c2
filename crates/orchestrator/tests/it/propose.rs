//! Branch and pull request are looked for before they are made.

use domain::ports::Change;
use domain::workflow::{State, StateName};
use domain::{Failure, PullRequest, PullRequestNumber, PullRequestState, branch_for};

use crate::world::World;
use crate::world::nouns::{REVERT, SUSPECT, US, identity, proposing};

fn pull(author: &str, state: PullRequestState) -> PullRequest {
    PullRequest {
        number: PullRequestNumber(7),
        url: "https://github.com/acme/shop/pull/7".to_owned(),
        author: author.to_owned(),
        branch: branch_for(&"main".parse().unwrap(), &SUSPECT.parse().unwrap()),
        head: REVERT.parse().unwrap(),
        state,
    }
}

/// The story with these pull requests there already. How it ended, and how many pull requests there are.
fn ends(pulls: Vec<PullRequest>) -> (State, usize) {
    let world = World::new();
    world.deploy();
    world.change(|state| state.pulls = pulls);
    let (sender, ended) = std::sync::mpsc::channel();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        sender.send((run.state, life.world().state().pulls.len())).unwrap();
    });
    ended.recv().unwrap()
}

#[test]
fn an_open_pull_request_of_ours_for_the_same_suspect_is_joined() {
    let open = pull(US, PullRequestState::Open);
    assert_eq!(ends(vec![open.clone()]), (State::Proposed { pull_request: open }, 1));
}

#[test]
fn one_that_was_closed_unmerged_is_never_opened_again() {
    let closed = pull(US, PullRequestState::Closed);
    assert_eq!(ends(vec![closed.clone()]), (State::Declined { pull_request: closed }, 1));
}

#[test]
fn an_open_one_counts_before_a_closed_one() {
    let (open, closed) = (pull(US, PullRequestState::Open), pull(US, PullRequestState::Closed));
    assert_eq!(ends(vec![open.clone(), closed]), (State::Proposed { pull_request: open }, 2));
}

#[test]
fn one_that_was_merged_before_is_a_matter_for_a_human() {
    let (state, pulls) = ends(vec![pull(US, PullRequestState::Merged)]);
    assert!(matches!(&state, State::Escalated { reason } if reason.contains("#7")), "{state:?}");
    assert_eq!(pulls, 1);
}

#[test]
fn attack_28_a_pull_request_of_another_on_our_branch_is_not_believed() {
    let (state, pulls) = ends(vec![pull("mallory", PullRequestState::Open)]);
    assert!(matches!(&state, State::Escalated { reason } if reason.contains("by another")), "{state:?}");
    assert_eq!(pulls, 1);
}

#[test]
fn a_closed_one_of_another_does_not_keep_us_from_ours() {
    let (state, pulls) = ends(vec![pull("mallory", PullRequestState::Closed)]);
    assert_eq!(state.name(), StateName::Proposed);
    assert_eq!(pulls, 2);
}

#[test]
fn a_patch_whose_commit_is_gone_from_the_clone_is_made_again() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let gone = Box::new(|hold: &crate::world::Hold| -> futures::future::BoxFuture<'static, _> {
            hold.world.change(|state| state.knows_commit = false);
            Box::pin(async { Ok(()) })
        });
        life.world().change(|state| state.at("login", gone));
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().calls_of("revert"), 2);
    });
}

#[test]
fn a_forge_that_is_down_for_a_while_is_tried_again() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        state.fail(
            "open",
            (0..5).map(|_| Failure::retry("github-down", "open a pull request: 502")).collect(),
        );
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}

#[test]
fn a_forge_that_stays_down_ends_in_an_escalation_that_says_so() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        state.fail(
            "open",
            (0..8).map(|_| Failure::retry("github-down", "open a pull request: 502")).collect(),
        );
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name().is_final()).await;
        assert_eq!(run.state, State::Escalated { reason: "failed to open a pull request: 502".to_owned() });
    });
}

#[test]
fn an_announcement_that_is_forbidden_does_not_hold_up_the_pull_request() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let forbidden = || Failure::ask_human("forbidden", "write an Event: 403", "grant create on events");
        state.fail("announce", (0..20).map(|_| forbidden()).collect());
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert!(life.world().state().announced.is_empty());
    });
}

#[test]
fn what_an_api_server_refuses_in_its_first_moment_is_announced_all_the_same() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let forbidden = || Failure::ask_human("forbidden", "write an Event: 403", "grant create on events");
        state.fail("announce", vec![forbidden(), forbidden()]);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.world().until("both are announced", |state| state.announced.len() == 2).await;
    });
}

#[test]
fn a_pull_request_that_was_being_opened_when_a_newer_revision_came_is_not_opened() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            state.fail("login", vec![Failure::retry("github-down", "read our login: 502")]);
        });
        life.world().fail(life.hold.now());
        life.world().until("it is being opened", |state| state.calls_of("login") == 1).await;
        life.world().change(|state| {
            let mut newer = state.rollouts.values().next().unwrap().clone();
            newer.abort = None;
            newer.current = Some("9999999999".parse().unwrap());
            state.rollouts.insert(newer.rollout.clone(), newer.clone());
            state.tell(&Change::Rollout(Box::new(newer)));
        });
        life.settles(&identity().id(), |run| run.state.name() == StateName::Superseded).await;
        let state = life.world().state();
        assert!(state.pulls.is_empty() && state.branches.is_empty());
    });
}
