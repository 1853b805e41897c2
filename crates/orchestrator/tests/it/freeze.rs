//! What a case holds, and what it says of what it does not hold.

use domain::workflow::{State, StateName};
use domain::{
    AnalysisPhase, CaseFile, ExhibitBody, Failure, Incarnation, Mode, Redactor, RepositoryStanding, Side,
    Stage,
};
use rollmend_orchestrator::Settings;

use crate::world::nouns::{CANARY, STABLE, analysis, identity, proposing};
use crate::world::{Hold, Life, World};

async fn cases(life: &Life) -> (CaseFile, CaseFile) {
    let run =
        life.settles(&identity().id(), |run| run.last_case.is_some() && run.state.name().is_final()).await;
    let state = life.world().state();
    let read = |id| serde_json::from_slice(&state.cases[&id]).unwrap();
    (read(run.first_case.unwrap()), read(run.last_case.unwrap()))
}

/// A metric fails, and the first case is frozen; the run goes on.
async fn first_frozen(life: &Life) {
    let run = analysis("checkout-86686d4656-2", life.hold.now(), AnalysisPhase::Failed);
    life.world().change(|state| state.put_run(run));
    life.settles(&identity().id(), |run| run.first_case.is_some()).await;
}

fn missing<'a>(case: &'a CaseFile, what: &str) -> &'a str {
    let missing = case.missing.iter().find(|missing| missing.what.contains(what));
    &missing.unwrap_or_else(|| panic!("{what} is not named as missing: {:?}", case.missing)).why
}

#[test]
fn the_evidence_of_pods_that_are_gone_is_whole() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().until("the log is followed", |state| !state.spool.is_empty()).await;
        let line = format!("{} WARN last words\n", life.hold.now().to_rfc3339());
        life.world().change(|state| state.write_log("canary-a", Incarnation::Current, &line));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        life.world().change(crate::world::State::spool_all);
        life.world().fail(life.hold.now());
        let (first, last) = cases(&life).await;
        assert_eq!((first.header.stage, last.header.stage), (Stage::AtTrouble, Stage::AtEnd));
        assert!(last.header.follows.is_some());
        for case in [&first, &last] {
            let log = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
                ExhibitBody::Log { log } if log.side == Side::Canary => Some(log),
                _ => None,
            });
            assert!(log.unwrap().head.contains("last words"));
            let pods = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
                ExhibitBody::Pods { side: Side::Canary, pods } => Some(pods),
                _ => None,
            });
            assert_eq!(pods.unwrap()[0].name.as_str(), "canary-a");
        }
        for exhibit in &first.exhibits {
            let again = last.exhibits.iter().find(|other| other.source == exhibit.source).unwrap();
            assert_eq!(again.id, exhibit.id, "{}", exhibit.source);
        }
    });
}

#[test]
fn the_failing_metric_is_asked_again_for_canary_and_for_stable() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        cases(&life).await;
        let queries = life.world().state().queries.clone();
        let query = |hash: &str| format!("errors{{hash=\"{hash}\"}}");
        assert!(queries.contains(&query(CANARY)) && queries.contains(&query(STABLE)), "{queries:?}");
    });
}

#[test]
fn a_query_that_does_not_tell_the_two_apart_is_said_to_be_one() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            let mut run = analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed);
            run.metrics[0].resolved_query = Some("errors".to_owned());
            state.put_run(run);
        });
        let run = life.settles(&identity().id(), |run| run.first_case.is_some()).await;
        let state = life.world().state();
        let case: CaseFile = serde_json::from_slice(&state.cases[&run.first_case.unwrap()]).unwrap();
        assert!(missing(&case, "metric errors of stable").contains("does not tell the two apart"));
    });
}

#[test]
fn a_part_that_fails_or_hangs_is_named_and_holds_nothing_up() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        state.fail(
            "events",
            vec![Failure::ask_human("forbidden", "list events: 403", "grant list on events")],
        );
        state.at("series", Box::new(|_: &Hold| Box::pin(std::future::pending())));
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world()
            .change(|state| state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed)));
        let run = life.settles(&identity().id(), |run| run.first_case.is_some()).await;
        let state = life.world().state();
        let case: CaseFile = serde_json::from_slice(&state.cases[&run.first_case.unwrap()]).unwrap();
        assert_eq!(missing(&case, "events"), "failed to list events: 403: grant list on events");
        assert!(missing(&case, "metric errors").contains("not done within"));
        let took = case.header.frozen_at - now;
        assert!(took <= chrono::Duration::seconds(6), "{took}");
    });
}

#[test]
fn logs_that_do_not_end_are_waited_for_thirty_seconds() {
    let world = World::new();
    world.deploy();
    world.change(|state| state.spool_ends = false);
    world.live(proposing(), async |life| {
        life.ready().await;
        let failed_at = life.hold.now();
        life.world().fail(failed_at);
        let (_, last) = cases(&life).await;
        assert!(last.header.frozen_at - failed_at >= chrono::Duration::seconds(30));
        assert!(missing(&last, "the last lines of some logs").contains("30 s"));
    });
}

#[test]
fn nothing_to_read_at_all_is_tried_again() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            let down = || Failure::retry("down", "read the case store: down");
            state.fail("put", vec![down(), down()]);
        });
        life.world().fail(life.hold.now());
        cases(&life).await;
        assert_eq!(life.world().state().cases.len(), 2);
    });
}

#[test]
fn an_api_server_that_is_restarted_at_the_end_is_waited_for() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        first_frozen(&life).await;
        life.world().change(|state| {
            let down = || Failure::retry("kubernetes-unreachable", "list replicasets: it cannot be reached");
            state.fail("replica_sets", (0..4).map(|_| down()).collect());
        });
        life.world().fail(life.hold.now());
        let (_, last) = cases(&life).await;
        assert!(last.exhibits.iter().any(|exhibit| matches!(exhibit.body, ExhibitBody::Templates { .. })));
        assert_eq!(life.world().state().run(&identity().id()).unwrap().state.name(), StateName::Proposed);
    });
}

#[test]
fn a_refusal_is_believed_when_it_lasts() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        first_frozen(&life).await;
        life.world().change(|state| {
            let refused = || Failure::ask_human("forbidden", "list replicasets: 403", "grant list");
            state.fail("replica_sets", (0..100).map(|_| refused()).collect());
        });
        let failed_at = life.hold.now();
        life.world().fail(failed_at);
        let (_, last) = cases(&life).await;
        assert_eq!(missing(&last, "the pod templates"), "failed to list replicasets: 403: grant list");
        let took = last.header.frozen_at - failed_at;
        assert!((5..30).contains(&took.num_seconds()), "{took}");
    });
}

#[test]
fn an_api_server_that_stays_away_leaves_what_was_seen_before() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        first_frozen(&life).await;
        life.world().change(|state| {
            let down = || Failure::retry("kubernetes-unreachable", "list replicasets: it cannot be reached");
            state.fail("replica_sets", (0..100).map(|_| down()).collect());
        });
        let failed_at = life.hold.now();
        life.world().fail(failed_at);
        let (_, last) = cases(&life).await;
        assert_eq!(missing(&last, "the pod templates"), "failed to list replicasets: it cannot be reached");
        assert!(last.header.frozen_at - failed_at >= chrono::Duration::seconds(180));
        let state = life.world().state().run(&identity().id()).unwrap().state.name();
        assert_eq!(state, StateName::Explained);
    });
}

#[test]
fn logs_that_cannot_be_read_are_not_waited_for() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().change(|state| {
            for name in ["log", "excerpts"] {
                let down = || Failure::retry("unreadable", "read a log");
                state.fail(name, (0..100).map(|_| down()).collect());
            }
        });
        let failed_at = life.hold.now();
        life.world().fail(failed_at);
        let (_, last) = cases(&life).await;
        assert!(last.header.frozen_at - failed_at < chrono::Duration::seconds(60));
    });
}

#[test]
fn attack_7_a_repository_that_is_not_listed_is_never_read() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let mut rollout = state.rollouts.values().next().unwrap().clone();
        rollout.annotations.insert("repository".to_owned(), "https://github.com/mallory/shop".to_owned());
        state.put_rollout(rollout);
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed));
            let mut rollout = state.rollouts.values().next().unwrap().clone();
            rollout.abort = crate::world::nouns::aborted(now, crate::world::nouns::BY_ANALYSIS).abort;
            state.put_rollout(rollout);
        });
        let (_, last) = cases(&life).await;
        assert!(matches!(last.header.repository, RepositoryStanding::Refused { .. }));
        let state = life.world().state();
        assert_eq!(state.run(&identity().id()).unwrap().state.name(), StateName::Explained);
        for call in ["range", "fix", "push", "open"] {
            assert_eq!(state.calls_of(call), 0, "{call}");
        }
    });
}

#[test]
fn attack_39_a_configured_token_in_a_log_never_reaches_a_case_or_the_journal() {
    let world = World::new();
    world.deploy();
    let token = "configured-secret-value-1";
    world.change(|state| state.write_log("canary-a", Incarnation::Current, &format!("token is {token}\n")));
    let settings =
        Settings { mode: Mode::Explain, redactor: Redactor::new([token.to_owned()]), ..proposing() };
    world.live(settings, async |life| {
        life.ready().await;
        let now = life.hold.now();
        life.world().change(|state| {
            state.fail("analysis_runs", vec![Failure::retry("x", format!("read with {token}"))]);
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed));
        });
        life.settles(&identity().id(), |run| run.state == State::Judged).await;
        let state = life.world().state();
        assert!(!state.cases.is_empty());
        for bytes in state.cases.values() {
            assert!(!String::from_utf8_lossy(bytes).contains(token));
        }
        assert!(!format!("{:?}", state.journal).contains(token));
    });
}

#[test]
fn a_git_server_in_trouble_is_asked_again_for_the_range() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        state.fail(
            "range",
            vec![Failure::retry("git-server", "fetch"), Failure::retry("git-server", "fetch")],
        );
    });
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let (_, last) = cases(&life).await;
        assert!(last.exhibits.iter().any(|exhibit| matches!(exhibit.body, ExhibitBody::Range { .. })));
        assert_eq!(life.world().state().calls_of("range"), 3);
    });
}
