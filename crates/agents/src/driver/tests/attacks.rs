//! Attack 43: a model that answers with what nobody asked for.

use domain::ToolAccess;
use serde_json::json;
use testbed::models::{Answer, Call, Turn};

use super::stage::{Probe, SHAPES, Stage};

fn answer() -> Turn {
    Turn::call("verdict", json!({"category": "code"}))
}

/// A model that goes wrong twice is told and may go on; one that does nothing else is stopped.
async fn told_twice_then_stopped(wrong: fn() -> Turn, told: &str, stopped: &str) {
    for shape in SHAPES {
        let turns = [wrong(), wrong().expecting(told), answer().expecting(told)];
        let stage = Stage::of(shape, turns).await;
        let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
        let done = stage.drive([read.tool()]).await;
        assert_eq!(stage.server.mismatches(), [""; 0], "{shape:?}");
        let done = done.unwrap();
        assert_eq!((done.answer.as_str(), done.turns), ("code", 3), "{shape:?}");
        assert!(read.calls().is_empty(), "{:?}", read.calls());

        let stage = Stage::of(shape, [wrong().forever()]).await;
        let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
        let ended = stage.drive([read.tool()]).await.unwrap_err();
        assert_eq!(ended.why.to_string(), stopped, "{shape:?}");
        assert_eq!(stage.server.requests().len(), 3, "{shape:?}");
        assert!(ended.cost.micro_usd > 0);
    }
}

#[tokio::test]
async fn attack_43_a_tool_that_was_not_given_is_not_called() {
    told_twice_then_stopped(
        || Turn::call("kubectl_delete", json!({"all": true})),
        "There is no such tool. You have: read_file, verdict.",
        "it asked for a tool that it was not given",
    )
    .await;
}

#[tokio::test]
async fn attack_43_arguments_that_are_no_json_object_are_not_run() {
    told_twice_then_stopped(
        || Turn::calls([Call::raw("read_file", "[1, 2")]),
        "The arguments are not a JSON object.",
        "it called a tool with arguments that cannot be read",
    )
    .await;
}

#[tokio::test]
async fn attack_43_a_call_that_is_cut_at_the_token_limit_is_not_run() {
    told_twice_then_stopped(
        || Turn::new(Answer::Cut(Call::new("read_file", json!({"path": "src/lib.rs"})))),
        "Write less.",
        "the model's answer was cut at its token limit (max_output_tokens)",
    )
    .await;
}

#[tokio::test]
async fn attack_43_a_text_that_is_cut_is_dropped() {
    told_twice_then_stopped(
        || Turn::new(Answer::CutText("and so on and so".to_owned())),
        "Your answer was cut at 2000 tokens and is lost. Write less.",
        "the model's answer was cut at its token limit (max_output_tokens)",
    )
    .await;
}

#[tokio::test]
async fn attack_43_text_where_a_call_is_wanted_is_no_answer() {
    told_twice_then_stopped(
        || Turn::text("It was the database, I am sure."),
        "Text alone is not read. Call a tool, or answer by calling `verdict`.",
        "the model wrote text instead of calling a tool",
    )
    .await;
}

#[tokio::test]
async fn attack_43_nothing_is_no_answer() {
    told_twice_then_stopped(|| Turn::new(Answer::Empty), "You said nothing.", "the model said nothing").await;
}

#[tokio::test]
async fn attack_43_arguments_without_end_are_not_run() {
    for shape in SHAPES {
        let long = Turn::call("read_file", json!({"path": "x".repeat(70_000)}));
        let stage = Stage::of(shape, [long, answer().expecting("longer than 65536 bytes")]).await;
        let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
        stage.drive([read.tool()]).await.unwrap();
        assert!(read.calls().is_empty(), "{:?}", read.calls());
        assert_eq!(stage.server.mismatches(), [""; 0]);
    }
}

#[tokio::test]
async fn attack_43_the_same_call_for_ever_is_stopped() {
    for (shape, access, made) in [
        (SHAPES[0], ToolAccess::ReadOnly, 1),
        (SHAPES[1], ToolAccess::ReadOnly, 1),
        (SHAPES[0], ToolAccess::Changes, 3),
    ] {
        let stage = Stage::of(shape, [Turn::call("read_file", json!({"path": "a"})).forever()]).await;
        let tool = Probe::saying("read_file", access, "text");
        let stopped = stage.drive([tool.tool()]).await.unwrap_err();
        assert_eq!(stopped.why.to_string(), "it made the same call again and again");
        assert_eq!((tool.calls().len(), stage.server.requests().len()), (made, 4), "{shape:?} {access:?}");
    }
}

#[tokio::test]
async fn attack_43_an_answer_of_10_mb_is_cut_off_while_it_comes() {
    for shape in SHAPES {
        let stage = Stage::of(shape, [Turn::new(Answer::Huge(10 << 20))]).await;
        let stopped = stage.drive([]).await.unwrap_err();
        assert_eq!(stopped.why.to_string(), "the model's answer was larger than 2 MiB");
        assert_eq!(stopped.cost, stage.ledger.held()[0].1, "it may be charged, so the worst case stays");
        assert_eq!(stage.server.requests().len(), 1);
    }
}

#[tokio::test]
async fn attack_43_an_answer_that_is_no_answer_of_the_interface_is_asked_for_again_so_often() {
    for shape in SHAPES {
        for body in [json!("<html>a proxy's page</html>"), json!({"choices": [], "content": 7})] {
            let page = Answer::Status { code: 200, headers: [].into(), body: Some(body) };
            let stage = Stage::of(shape, [Turn::new(page).forever()]).await;
            let stopped = stage.drive([]).await.unwrap_err();
            assert_eq!(stopped.why.to_string(), "the model's answer could not be read", "{shape:?}");
            assert_eq!(stage.server.requests().len(), 3);
        }
    }
}
