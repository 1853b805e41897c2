//! Which logs are followed, and how often stable is read for comparison.

use std::time::Duration;

use domain::Incarnation;

use crate::world::World;
use crate::world::nouns::{CANARY, identity, pod, proposing};

#[test]
fn a_log_that_found_no_room_is_followed_when_there_is_some() {
    let world = World::new();
    world.deploy();
    world.change(|state| {
        let now = state.now;
        state.add_pod(pod("canary-b", CANARY, now));
        state.streams = 1;
    });
    let followed = |state: &crate::world::State| state.spool.get(&identity()).map_or(0, Vec::len);
    world.live(proposing(), async |life| {
        life.ready().await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(followed(&life.world().state()), 1);
        life.world().change(|state| state.streams = 2);
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(followed(&life.world().state()), 2);
    });
}

#[test]
fn stable_is_not_read_before_there_is_reason_and_then_at_most_once_a_minute() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let write = |text: &str| {
            let line = format!("{} {text}\n", life.hold.now().to_rfc3339());
            life.world().change(|state| {
                for pod in ["canary-a", "stable-a", "stable-b"] {
                    state.write_log(pod, Incarnation::Current, &line);
                }
            });
        };
        for _ in 0..30 {
            write("INFO served");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(life.world().state().calls_of("log"), 0);
        for _ in 0..150 {
            write("ERROR no profile");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let state = life.world().state();
        assert_eq!(state.calls_of("log"), 6, "two pods at once, three times in 150 s");
        assert!(state.journal.is_empty(), "stable shows the same");
    });
}

#[test]
fn errors_on_the_canary_are_no_trouble_while_stable_cannot_be_read_for_comparison() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let down = || domain::Failure::retry("down", "read a log: the API server is down");
        life.world().change(|state| {
            state.fail("log", (0..20).map(|_| down()).collect());
            state.write_log("canary-a", Incarnation::Current, "ERROR no profile\n");
        });
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(life.world().state().journal.is_empty());
    });
}
