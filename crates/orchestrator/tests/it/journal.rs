//! A journal that fails: nothing is done on the strength of a step that is not written.

use domain::Failure;
use domain::workflow::StateName;

use crate::world::nouns::{identity, proposing};
use crate::world::{Hold, World};

fn full() -> Failure {
    Failure::ask_human("disk-full", "write the journal: no space left on the device", "free some space")
}

#[test]
fn a_full_disk_holds_everything_up_until_there_is_room_again() {
    let world = World::new();
    world.deploy();
    world.change(|state| state.fail("commit", (0..6).map(|_| full()).collect()));
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        life.world().until("the disk was full five times", |state| state.calls_of("commit") == 5).await;
        {
            let state = life.world().state();
            assert!(state.journal.is_empty());
            for effect in ["put", "analyze", "announce", "push"] {
                assert_eq!(state.calls_of(effect), 0, "{effect}");
            }
        }
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}

#[test]
fn a_write_that_reports_a_failure_although_it_happened_is_not_written_twice() {
    let world = World::new();
    world.deploy();
    // Every second load answers; every commit is cut after it was written, by failing the answer only.
    world.change(|state| state.lies = true);
    world.live(proposing(), async |life| {
        life.ready().await;
        life.world().fail(life.hold.now());
        let run = life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        let state = life.world().state();
        assert_eq!(state.events_of(&identity().id()).len() as u64, run.version);
        assert_eq!(state.pulls.len(), 1);
    });
}

#[test]
fn a_step_that_another_has_overtaken_is_made_anew() {
    let world = World::new();
    world.deploy();
    world.live(proposing(), async |life| {
        life.ready().await;
        let overtaken = Box::new(|hold: &Hold| -> futures::future::BoxFuture<'static, _> {
            hold.world.change(|state| state.touch(&identity().id()));
            Box::pin(async { Ok(()) })
        });
        let now = life.hold.now();
        life.world().fail(now);
        life.world().until("the incident is there", |state| state.run(&identity().id()).is_some()).await;
        life.world().change(|state| state.at("commit", overtaken));
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
        assert_eq!(life.world().state().pulls.len(), 1);
    });
}

#[test]
fn a_journal_that_cannot_be_read_at_start_is_waited_for() {
    let world = World::new();
    world.deploy();
    let now = world.state().now;
    world.fail(now);
    world.change(|state| state.fail("runs", vec![full(), full()]));
    world.live(proposing(), async |life| {
        life.settles(&identity().id(), |run| run.state.name() == StateName::Proposed).await;
    });
}
