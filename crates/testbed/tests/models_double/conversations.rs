//! A script is played turn by turn, over both shapes, without any memory of who asked before.

use serde_json::{Value, json};
use testbed::models::{Call, Conversation, Outcome, Script, Shape, Turn};

use super::caller::{Caller, completion, message, user};

fn script() -> Script {
    Script::of([
        Turn::calls([
            Call::new("read_file", json!({"path": "{{capture:look at (\\S+)}}"})),
            Call::new("read_file", json!({"lines": 7, "path": "b.rs"})),
        ])
        .expecting("look at"),
        Turn::text("the sha is {{capture:[0-9a-f]{7}}}").expecting("deadbee"),
    ])
}

#[tokio::test]
async fn an_openai_shaped_conversation_calls_tools_in_parallel_and_ends_in_text() {
    let caller = Caller::new(script()).await;
    let opening = user("look at a.rs please");
    let first = caller.openai(&completion("You read.", std::slice::from_ref(&opening))).await.json();
    let choice = &first["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    let told: Vec<_> = calls.iter().map(|call| (&call["type"], &call["function"])).collect();
    assert_eq!(
        told,
        [
            (&json!("function"), &json!({"name": "read_file", "arguments": "{\"path\":\"a.rs\"}"})),
            (
                &json!("function"),
                &json!({"name": "read_file", "arguments": "{\"lines\":7,\"path\":\"b.rs\"}"})
            ),
        ]
    );
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    let result = |index: usize, text: &str| json!({"role": "tool", "tool_call_id": calls[index]["id"], "content": text});
    let history =
        [opening, choice["message"].clone(), result(0, "fn a() {}"), result(1, "commit deadbeefcafe")];
    let second = caller.openai(&completion("You read.", &history.map(strip_answer))).await.json();
    assert_eq!(second["choices"][0]["finish_reason"], "stop");
    assert_eq!(second["choices"][0]["message"]["content"], "the sha is deadbee");
    assert_eq!(caller.server.mismatches(), Vec::<String>::new());
}

/// What OpenAI's clients send back of an assistant's message.
fn strip_answer(mut message: Value) -> Value {
    if let Some(fields) = message.as_object_mut() {
        fields.retain(|name, _| ["role", "content", "tool_calls", "tool_call_id"].contains(&name.as_str()));
    }
    message
}

#[tokio::test]
async fn an_anthropic_shaped_conversation_calls_tools_in_parallel_and_ends_in_text() {
    let caller = Caller::new(script()).await;
    let opening = user("look at a.rs please");
    let first = caller.anthropic(&message("You read.", std::slice::from_ref(&opening))).await.json();
    assert_eq!(
        (&first["type"], &first["role"], &first["stop_reason"]),
        (&json!("message"), &json!("assistant"), &json!("tool_use"))
    );
    let blocks = first["content"].as_array().unwrap();
    let told: Vec<_> = blocks.iter().map(|block| (&block["type"], &block["name"], &block["input"])).collect();
    assert_eq!(
        told,
        [
            (&json!("tool_use"), &json!("read_file"), &json!({"path": "a.rs"})),
            (&json!("tool_use"), &json!("read_file"), &json!({"lines": 7, "path": "b.rs"})),
        ]
    );
    let result = |index: usize, text: &str| json!({"type": "tool_result", "tool_use_id": blocks[index]["id"], "content": text});
    let history = [
        opening,
        json!({"role": "assistant", "content": blocks}),
        json!({"role": "user", "content": [result(0, "fn a() {}"), result(1, "commit deadbeefcafe")]}),
    ];
    let second = caller.anthropic(&message("You read.", &history)).await.json();
    assert_eq!(second["stop_reason"], "end_turn");
    assert_eq!(second["content"], json!([{"type": "text", "text": "the sha is deadbee"}]));
    assert_eq!(caller.server.mismatches(), Vec::<String>::new());
}

#[tokio::test]
async fn the_marker_in_the_system_prompt_or_the_first_message_chooses_the_conversation() {
    let conversations = vec![
        Conversation::new("analyzer", "You find causes", [Turn::text("a cause")]),
        Conversation::new("fixer", "Case shop-1", [Turn::text("a fix")]),
    ];
    let caller = Caller::new(Script { models: Vec::new(), conversations }).await;
    let said = async |system: &str, first: &str| {
        let answer = caller.openai(&completion(system, &[user(first)])).await.json();
        answer["choices"][0]["message"]["content"].as_str().map(str::to_owned)
    };
    assert_eq!(said("You find causes.", "Case shop-1").await.as_deref(), Some("a cause"));
    assert_eq!(said("You write fixes.", "Case shop-1").await.as_deref(), Some("a fix"));
    assert_eq!(said("You write fixes.", "Case shop-2").await, None);
    let problem = "no conversation of the script fits this system prompt and first message".to_owned();
    assert_eq!(caller.server.mismatches(), [problem]);
}

#[tokio::test]
async fn the_turn_is_counted_from_the_request_so_that_resumed_and_concurrent_runs_go_on_where_they_are() {
    let caller = Caller::new(Script::of([Turn::text("one"), Turn::text("two"), Turn::text("three")])).await;
    let history: Vec<Value> = ["start", "one", "go on", "two", "go on"]
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"role": if index % 2 == 0 { "user" } else { "assistant" }, "content": text}))
        .collect();
    let asked = [&history[..5], &history[..1], &history[..3], &history[..1]];
    let requests = asked.map(|messages| message("You count.", messages));
    let answers = futures::future::join_all(requests.iter().map(|request| caller.anthropic(request))).await;
    let said: Vec<_> = answers
        .iter()
        .map(|answer| answer.json()["content"][0]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(said, ["three", "one", "two", "one"]);
    // The same request gets the same answer, ids and all.
    assert_eq!(answers[1].text, answers[3].text);
}

#[tokio::test]
async fn a_turn_can_go_on_for_ever_and_otherwise_the_script_ends() {
    let history = [user("start"), json!({"role": "assistant", "content": "one"}), user("more")];
    let request = completion("You go on.", &history);
    let endless = Caller::new(Script::of([Turn::call("read_file", json!({})).forever()])).await;
    assert_eq!(endless.openai(&request).await.json()["choices"][0]["finish_reason"], "tool_calls");
    let ending = Caller::new(Script::of([Turn::text("one")])).await;
    let problem =
        "the script's \"only\", turn 1: the conversation has 1 turns, and turn 1 (from 0) was asked for";
    let answer = ending.openai(&request).await;
    assert_eq!(answer.refusal(), (500, problem.to_owned()));
    assert_eq!(answer.header("x-should-retry"), "false");
}

#[tokio::test]
async fn what_is_not_as_expected_is_answered_with_500_in_both_shapes_and_recorded() {
    let caller = Caller::saying(Turn::text("never").expecting("E7")).await;
    let request = completion("You read E7.", &[user("only E1")]);
    let problem = "the script's \"only\", turn 0: \"E7\" is not in what came last: \"only E1\"".to_owned();
    let refused = caller.openai(&request).await.json();
    assert_eq!(
        refused,
        json!({"error": {"message": problem, "type": "server_error", "param": null, "code": null}})
    );
    let asked = message("You read E7.", &[user("only E1")]);
    let answer = caller.anthropic(&asked).await;
    assert_eq!(answer.refusal(), (500, problem.clone()));
    assert_eq!(answer.json()["error"]["type"], "api_error");
    let recorded = caller.server.requests();
    assert_eq!(recorded.len(), 2);
    assert_eq!((recorded[0].shape, recorded[1].shape), (Shape::OpenAi, Shape::Anthropic));
    assert_eq!((&recorded[0].body, recorded[1].model()), (&request, "claude-test"));
    assert_eq!(recorded[1].path, "/v1/messages");
    assert_eq!(recorded[1].outcome, Outcome::Mismatch(problem));
}

#[tokio::test]
async fn only_what_came_last_counts_as_expected_and_all_results_of_a_round_do() {
    let caller = Caller::new(Script::of([
        Turn::new(testbed::models::Answer::Empty),
        Turn::text("seen").expecting("first result").expecting("second result"),
    ]))
    .await;
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "read_file", "arguments": "{}"}});
    let result = |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
    let history = |second: &str| {
        [
            user("second result"),
            json!({"role": "assistant", "tool_calls": [call("call_a"), call("call_b")]}),
            result("call_b", second),
            result("call_a", "first result"),
        ]
    };
    assert_eq!(caller.openai(&completion("s", &history("second result"))).await.status, 200);
    assert_eq!(caller.openai(&completion("s", &history("nothing"))).await.status, 500);
}

#[tokio::test]
async fn what_must_not_be_in_a_request_is_found_wherever_it_is() {
    let mut turn = Turn::text("fine");
    turn.absent.extend(["ghp_\"secret\"".to_owned(), "ghp_plain".to_owned()]);
    let caller = Caller::saying(turn).await;
    assert_eq!(caller.openai(&completion("s", &[user("nothing")])).await.status, 200);
    assert_eq!(caller.openai(&completion("s", &[user("a ghp_\"secret\" b")])).await.status, 500);
    assert_eq!(caller.anthropic(&message("a ghp_\"secret\" b", &[user("x")])).await.status, 500);
    let function = json!({"name": "read_file", "arguments": "{\"path\": \"ghp_plain\"}"});
    let call = json!({"id": "call_a", "type": "function", "function": function});
    let said = json!({"role": "assistant", "tool_calls": [call]});
    let result = json!({"role": "tool", "tool_call_id": "call_a", "content": "x"});
    let history = [user("x"), said, result];
    assert_eq!(caller.openai(&completion("s", &history)).await.status, 500);
}

#[tokio::test]
async fn a_capture_that_finds_nothing_is_a_mismatch() {
    let caller = Caller::saying(Turn::call("read_file", json!({"sha": "{{capture:sha=(\\w+)}}"}))).await;
    let refusal = caller.openai(&completion("s", &[user("no such thing")])).await.refusal();
    let problem = "the script's \"only\", turn 0: nothing that the model was shown fits \"sha=(\\\\w+)\"";
    assert_eq!(refusal, (500, problem.to_owned()));
}

#[tokio::test]
async fn what_comes_first_is_answered_once_and_then_the_answer() {
    let turn = Turn::text("at last")
        .after(testbed::models::Answer::rate_limited(2))
        .after(testbed::models::Answer::Empty);
    let caller = Caller::saying(turn).await;
    let request = completion("s", &[user("hello")]);
    let limited = caller.openai(&request).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "2"));
    assert_eq!(caller.openai(&request).await.json()["choices"][0]["message"]["content"], "");
    // Asked again with another word, and nothing of the assistant's in between: still the same turn.
    let nudged = completion("s", &[user("hello"), user("say something")]);
    assert_eq!(caller.openai(&nudged).await.json()["choices"][0]["message"]["content"], "at last");
    let other = completion("s", &[user("another opening")]);
    assert_eq!(caller.openai(&other).await.status, 429);
}

#[tokio::test]
async fn a_server_plays_another_script_when_it_is_given_one() {
    let caller = Caller::saying(Turn::text("old")).await;
    caller.server.set_script(Script::of([Turn::text("new")])).unwrap();
    let request = message("s", &[user("hello")]);
    assert_eq!(caller.anthropic(&request).await.json()["content"][0]["text"], "new");
    assert!(caller.server.set_script(Script::of([])).is_err());
    assert_eq!(caller.anthropic(&request).await.json()["content"][0]["text"], "new");
}
