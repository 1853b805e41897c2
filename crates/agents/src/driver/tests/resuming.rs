//! Restarts: a run goes on, and pays for nothing twice.

use std::sync::Arc;

use domain::{ToolAccess, ToolOutput};
use serde_json::json;
use testbed::models::{Answer, Call, Turn, Usage};
use tokio::sync::Notify;

use super::stage::{Probe, SECRET, SHAPES, Stage};
use crate::driver::saved_state;

const SAID: Usage = Usage::Said { input: 100, output: 10, cached: 0 };

/// A tool that never ends, and tells when it is called.
fn endless(name: &'static str) -> (Arc<Probe>, Arc<Notify>) {
    let called = Arc::new(Notify::new());
    let tells = Arc::clone(&called);
    let probe = Probe::doing(name, ToolAccess::Changes, move |_| {
        tells.notify_one();
        std::future::pending()
    });
    (probe, called)
}

#[tokio::test]
async fn a_run_that_ends_between_answer_and_tools_goes_on_without_a_second_payment() {
    for shape in SHAPES {
        let turns = [
            Turn::call("edit", json!({"path": "a"})).using(SAID),
            Turn::call("verdict", json!({"category": "code"})).using(SAID).expecting("edited"),
        ];
        let stage = Stage::of(shape, turns).await;
        let (edit, called) = endless("edit");
        tokio::select! {
            _ = stage.drive([edit.tool()]) => unreachable!("the tool never ends"),
            () = called.notified() => {}
        }
        assert_eq!(saved_state(&stage.crew, "analyze/1").await.as_deref(), Some("tree 1"));

        let edit = Probe::saying("edit", ToolAccess::Changes, "edited");
        let done = stage.drive([edit.tool()]).await.unwrap();
        assert_eq!((done.turns, done.cost.input_tokens), (2, 200), "{shape:?}");
        assert_eq!(edit.calls(), [json!({"path": "a"})], "what was under way is done again");
        assert_eq!((stage.server.requests().len(), stage.ledger.held().len()), (2, 2));
        assert_eq!(stage.server.mismatches(), [""; 0]);
        assert_eq!(saved_state(&stage.crew, "analyze/1").await, None);
    }
}

#[tokio::test]
async fn a_run_that_ends_while_the_model_is_asked_asks_again_and_counts_what_was_held_back() {
    let turns = [
        Turn::call("edit", json!({"path": "a"})).using(SAID),
        Turn::call("verdict", json!({"category": "code"})).using(SAID).after(Answer::Hang),
    ];
    let mut stage = Stage::of(SHAPES[0], turns).await;
    let edit = Probe::saying("edit", ToolAccess::Changes, "edited");
    {
        let wire = stage.server.wire().clone();
        let second = wire.wait_for(|asked| asked.number == 2);
        tokio::select! {
            _ = stage.drive([edit.tool()]) => unreachable!("the server hangs"),
            _ = second => {}
        }
    }
    stage.state = "tree 2".to_owned();
    stage.drive([edit.tool()]).await.unwrap();
    assert_eq!(edit.calls().len(), 1, "what was done is not done again");
    assert_eq!((stage.ledger.held().len(), stage.ledger.settled().len()), (3, 2));
}

#[tokio::test]
async fn misdeeds_and_repetitions_are_counted_over_restarts() {
    let same = || Turn::call("read_file", json!({"path": "a"})).using(SAID);
    let stage = Stage::of(SHAPES[0], [same(), same(), same(), same()]).await;
    let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
    let (edit, _) = endless("edit");
    {
        let wire = stage.server.wire().clone();
        let second = wire.wait_for(|asked| asked.number == 3);
        tokio::select! {
            _ = stage.drive([read.tool(), edit.tool()]) => unreachable!("it has turns left"),
            _ = second => {}
        }
    }
    let stopped = stage.drive([read.tool(), edit.tool()]).await.unwrap_err();
    assert_eq!(stopped.why.to_string(), "it made the same call again and again");
    assert!(read.calls().len() <= 2, "at most once in each life");
}

#[tokio::test]
async fn a_checkpoint_holds_no_secret_and_no_raw_answer() {
    for shape in SHAPES {
        let calls = [
            Call::new("read_file", json!({"password": SECRET, "text": format!("it is {SECRET}")})),
            Call::new("verdict", json!({"category": "weather"})),
        ];
        let told = Answer::TextAndCalls { text: format!("I know {SECRET}"), calls: calls.into() };
        let turns = [Turn::new(told), Turn::call("verdict", json!({"category": "code"}))];
        let stage = Stage::of(shape, turns).await;
        let read = Probe::doing("read_file", ToolAccess::ReadOnly, |_| async {
            Ok(ToolOutput::whole(format!("DB_PASSWORD={SECRET}")))
        });
        stage.drive([read.tool()]).await.unwrap();
        let ever = stage.shelf.ever();
        assert!(ever.contains("weather"), "{shape:?}");
        assert!(!ever.contains(SECRET), "{shape:?}");
        assert!(!ever.contains("chat.completion\"") && !ever.contains("stop_sequence"), "{ever}");
    }
}

#[tokio::test]
async fn a_checkpoint_of_another_version_is_dropped_and_the_run_begins_anew() {
    let answer = || Turn::call("verdict", json!({"category": "code"}));
    for left in ["{\"format\":0}", "no JSON", ""] {
        let stage = Stage::of(SHAPES[0], [answer()]).await;
        stage.shelf.put(left);
        assert_eq!(saved_state(&stage.crew, "analyze/1").await, None);
        assert_eq!(stage.drive([]).await.unwrap().turns, 1);
        assert_eq!(stage.shelf.kept(), None);
    }
}
