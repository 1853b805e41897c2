//! Calls of one turn: side by side, in order, once, within their time.

use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, ToolAccess, ToolFailure, ToolOutput};
use serde_json::json;
use testbed::models::{Call, Turn};
use tokio::sync::Barrier;

use super::stage::{Probe, SECRET, SHAPES, Stage};

fn answer() -> Turn {
    Turn::call("verdict", json!({"category": "code"}))
}

#[tokio::test]
async fn reading_calls_of_one_turn_run_side_by_side() {
    for shape in SHAPES {
        let calls = [1, 2, 3].map(|page| Call::new("read_file", json!({"page": page})));
        let mut stage = Stage::of(shape, [Turn::calls(calls), answer()]).await;
        stage.limits.concurrent_tools = 3;
        let all = Arc::new(Barrier::new(3));
        let read = Probe::doing("read_file", ToolAccess::ReadOnly, move |_| {
            let all = Arc::clone(&all);
            async move {
                all.wait().await;
                Ok(ToolOutput::whole("met"))
            }
        });
        assert_eq!(stage.drive([read.tool()]).await.unwrap().answer, "code");
        assert_eq!(stage.shown(1).matches("\\nmet\\n").count(), 3, "{}", stage.shown(1));
    }
}

#[tokio::test]
async fn changing_calls_run_alone_and_in_order_and_a_read_after_one_is_made_again() {
    let calls = [
        Call::new("read_file", json!({})),
        Call::new("edit", json!({"n": 1})),
        Call::new("edit", json!({"n": 2})),
        Call::new("read_file", json!({})),
    ];
    let stage = Stage::of(SHAPES[1], [Turn::calls(calls), answer()]).await;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let probe = |name: &'static str, access| {
        let told = Arc::clone(&told);
        Probe::doing(name, access, move |arguments| {
            let told = Arc::clone(&told);
            async move {
                told.lock().unwrap().push(format!("{name} {arguments} begins"));
                tokio::task::yield_now().await;
                told.lock().unwrap().push(format!("{name} {arguments} ends"));
                Ok(ToolOutput::whole("done"))
            }
        })
    };
    let (read, edit) = (probe("read_file", ToolAccess::ReadOnly), probe("edit", ToolAccess::Changes));
    stage.drive([read.tool(), edit.tool()]).await.unwrap();
    let expected = [
        "read_file {} begins",
        "read_file {} ends",
        "edit {\"n\":1} begins",
        "edit {\"n\":1} ends",
        "edit {\"n\":2} begins",
        "edit {\"n\":2} ends",
        "read_file {} begins",
        "read_file {} ends",
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn the_same_reading_call_is_made_once_and_the_model_is_told_that_it_asked_before() {
    let turns = [
        Turn::calls([
            Call::new("read_file", json!({"path": "a", "from": 1})),
            Call::new("read_file", json!({"from": 1, "path": "a"})),
        ]),
        Turn::call("read_file", json!({"path": "a", "from": 1})).expecting("You made this call before"),
        answer().expecting("You made this call before, and nothing has changed since"),
    ];
    let stage = Stage::of(SHAPES[0], turns).await;
    let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
    stage.drive([read.tool()]).await.unwrap();
    assert_eq!(read.calls().len(), 1);
    assert_eq!(stage.server.mismatches(), [""; 0]);
}

#[tokio::test]
async fn a_tool_that_fails_breaks_or_takes_too_long_is_told_to_the_model() {
    for shape in SHAPES {
        let calls = ["missing", "broken", "slow"].map(|name| Call::new(name, json!({})));
        let turns = [
            Turn::calls(calls),
            answer()
                .expecting("there is no such file")
                .expecting("it broke; try another way")
                .expecting("it took longer than 1s; ask for less"),
        ];
        let mut stage = Stage::of(shape, turns).await;
        stage.limits.per_tool = Duration::from_secs(1);
        let read = ToolAccess::ReadOnly;
        let missing = Probe::doing("missing", read, |_| async {
            Err(ToolFailure::Model("there is no such file".to_owned()))
        });
        let broken = Probe::doing("broken", read, |_| async { panic!("a mistake of ours") });
        let slow = Probe::doing("slow", read, |_| async {
            tokio::time::pause();
            std::future::pending().await
        });
        let done = stage.drive([missing.tool(), broken.tool(), slow.tool()]).await;
        tokio::time::resume();
        assert_eq!(done.unwrap().answer, "code", "{shape:?}");
        assert_eq!(stage.server.mismatches(), [""; 0]);
    }
}

#[tokio::test]
async fn a_failure_that_the_model_cannot_mend_ends_the_run() {
    let stage = Stage::of(SHAPES[0], [Turn::call("read_file", json!({}))]).await;
    let read = Probe::doing("read_file", ToolAccess::ReadOnly, |_| async {
        Err(Failure::give_up("disk", "read the clone").into())
    });
    let stopped = stage.drive([read.tool()]).await.unwrap_err();
    assert_eq!(stopped.why.to_string(), "failed to read the clone");
    assert!(stopped.cost.micro_usd > 0);
}

#[tokio::test]
async fn a_long_result_is_cut_the_rest_is_named_and_secrets_stay_here() {
    let turns = [
        Turn::call("read_file", json!({})),
        answer().expecting("(30 more characters were left out)\nask from line 200"),
    ];
    let mut stage = Stage::of(SHAPES[1], turns).await;
    stage.limits.result_chars = 70;
    stage.opening = format!("The password is {SECRET}.");
    let read = Probe::doing("read_file", ToolAccess::ReadOnly, |_| async {
        let text = format!("pw {SECRET} {}", "x".repeat(86));
        Ok(ToolOutput { text, rest: Some("ask from line 200".to_owned()) })
    });
    stage.drive([read.tool()]).await.unwrap();
    assert_eq!(stage.server.mismatches(), [""; 0]);
    assert!(!stage.shown(1).contains(SECRET), "{}", stage.shown(1));
}

#[tokio::test]
async fn an_answer_beside_a_change_that_failed_is_not_looked_at() {
    let both = [Call::new("verdict", json!({"category": "code"})), Call::new("edit", json!({}))];
    let turns = [Turn::calls(both), answer().expecting("Not looked at, since a change beside it failed.")];
    let stage = Stage::of(SHAPES[0], turns).await;
    let edit = Probe::doing("edit", ToolAccess::Changes, |_| async {
        Err(ToolFailure::Model("occurs twice".to_owned()))
    });
    assert_eq!(stage.drive([edit.tool()]).await.unwrap().turns, 2);
    assert_eq!(stage.server.mismatches(), [""; 0]);
}

#[tokio::test]
async fn more_calls_than_a_turn_may_have_are_left_out_and_the_model_is_told() {
    let calls = (0..5).map(|page| Call::new("read_file", json!({"page": page})));
    let turns = [Turn::calls(calls), answer().expecting("Not run: at most 3 calls in one turn.")];
    let mut stage = Stage::of(SHAPES[0], turns).await;
    stage.limits.calls_per_turn = 3;
    let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
    stage.drive([read.tool()]).await.unwrap();
    assert_eq!(read.calls().len(), 3);
    assert_eq!(stage.server.mismatches(), [""; 0]);
}
