//! Answers as server-sent events.

use serde_json::{Value, json};
use testbed::models::{Answer, Call, Turn};

use super::caller::{Caller, completion, message, user, with};

const TEXT: &str = "Let me look at all of it, für alle Fälle.";

fn turn() -> Turn {
    let calls = vec![
        Call::new("read_file", json!({"path": "a-long-path/to/a/file.rs"})),
        Call::raw("read_file", "{\"path\": "),
    ];
    Turn::new(Answer::TextAndCalls { text: TEXT.to_owned(), calls })
}

/// The events' names and data.
fn events(stream: &str) -> Vec<(Option<&str>, &str)> {
    assert!(stream.ends_with("\n\n"));
    let events = stream.trim_end().split("\n\n").map(|event| match event.split_once('\n') {
        Some((name, data)) => (name.strip_prefix("event: "), data.strip_prefix("data: ").unwrap()),
        None => (None, event.strip_prefix("data: ").unwrap()),
    });
    events.collect()
}

fn json_of(data: &str) -> Value {
    serde_json::from_str(data).unwrap()
}

async fn openai(turn: Turn, options: Value) -> Vec<Value> {
    let caller = Caller::saying(turn).await;
    let request =
        with(completion("s", &[user("hello")]), &[("/stream", json!(true)), ("/stream_options", options)]);
    let answer = caller.openai(&request).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    let mut events = events(&answer.text);
    assert_eq!(events.pop(), Some((None, "[DONE]")));
    events.into_iter().map(|(_, data)| json_of(data)).collect()
}

async fn anthropic(turn: Turn) -> Vec<(String, Value)> {
    let caller = Caller::saying(turn).await;
    let request = with(message("s", &[user("hello")]), &[("/stream", json!(true))]);
    let answer = caller.anthropic(&request).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    events(&answer.text).into_iter().map(|(name, data)| (name.unwrap().to_owned(), json_of(data))).collect()
}

#[tokio::test]
async fn openais_chunks_add_up_to_the_answer() {
    let chunks = openai(turn(), json!({"include_usage": true})).await;
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == chunks[0]["id"])
    );
    let (last, chunks) = chunks.split_last().unwrap();
    assert_eq!(
        (&last["choices"], last["usage"]["completion_tokens"].as_u64() > Some(10)),
        (&json!([]), true)
    );
    let (end, chunks) = chunks.split_last().unwrap();
    assert_eq!((&end["choices"][0]["finish_reason"], &end["usage"]), (&json!("tool_calls"), &Value::Null));
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let deltas = || chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
    let text: String = deltas().filter_map(|delta| delta["content"].as_str()).collect();
    assert_eq!(text, TEXT);
    let arguments = |index: u64| -> String {
        let calls = deltas().map(|delta| &delta["tool_calls"][0]).filter(|call| call["index"] == index);
        calls.filter_map(|call| call["function"]["arguments"].as_str()).collect()
    };
    assert_eq!(arguments(0), "{\"path\":\"a-long-path/to/a/file.rs\"}");
    assert_eq!(arguments(1), "{\"path\": ");
    let begun: Vec<_> =
        deltas().map(|delta| &delta["tool_calls"][0]).filter(|call| call["id"].is_string()).collect();
    assert_eq!(begun.len(), 2);
    assert_eq!(
        (&begun[1]["type"], &begun[1]["function"]),
        (&json!("function"), &json!({"name": "read_file", "arguments": ""}))
    );
}

#[tokio::test]
async fn openai_tells_the_usage_of_a_stream_only_when_asked() {
    let chunks = openai(Turn::text("hi"), Value::Null).await;
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none() && chunk["choices"] != json!([])));
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn anthropics_events_add_up_to_the_answer() {
    let events = anthropic(turn()).await;
    assert!(events.iter().all(|(name, data)| data["type"] == name.as_str()));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["message_start", "ping", "content_block_start"]);
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    let start = &events[0].1["message"];
    assert_eq!(
        (&start["content"], &start["stop_reason"], &start["usage"]["output_tokens"]),
        (&json!([]), &Value::Null, &json!(1))
    );
    let of = |index: u64, field: &str| -> String {
        let deltas =
            events.iter().filter(|(name, data)| name == "content_block_delta" && data["index"] == index);
        deltas.filter_map(|(_, data)| data["delta"][field].as_str()).collect()
    };
    assert_eq!(of(0, "text"), TEXT);
    assert_eq!(of(1, "partial_json"), "{\"path\":\"a-long-path/to/a/file.rs\"}");
    // A stream carries what is no JSON as it is.
    assert_eq!(of(2, "partial_json"), "{\"path\": ");
    let begun: Vec<_> = events
        .iter()
        .filter(|(name, _)| name == "content_block_start")
        .map(|(_, data)| &data["content_block"])
        .collect();
    assert_eq!(
        (&begun[0]["type"], &begun[1]["type"], &begun[1]["input"]),
        (&json!("text"), &json!("tool_use"), &json!({}))
    );
    let end = &events[events.len() - 2].1;
    assert_eq!(end["delta"]["stop_reason"], "tool_use");
    assert!(end["usage"]["output_tokens"].as_u64() > Some(10));
}

#[tokio::test]
async fn a_stream_is_cut_at_the_token_limit_in_the_middle_of_arguments() {
    let call = || Turn::new(Answer::Cut(Call::new("read_file", json!({"path": "a.rs"}))));
    let chunks = openai(call(), Value::Null).await;
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "length");
    let events = anthropic(call()).await;
    let json: String = events.iter().filter_map(|(_, data)| data["delta"]["partial_json"].as_str()).collect();
    assert_eq!(json, "{\"path\"");
    assert_eq!(events[events.len() - 2].1["delta"]["stop_reason"], "max_tokens");
}

#[tokio::test]
async fn a_stream_of_nothing_begins_and_ends() {
    assert_eq!(openai(Turn::new(Answer::Empty), Value::Null).await.len(), 2);
    let names: Vec<String> =
        anthropic(Turn::new(Answer::Empty)).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["message_start", "ping", "message_delta", "message_stop"]);
}

#[tokio::test]
async fn what_is_refused_is_no_stream() {
    let caller = Caller::saying(Turn::new(Answer::status(529))).await;
    let answer = caller.anthropic(&with(message("s", &[user("hello")]), &[("/stream", json!(true))])).await;
    assert_eq!((answer.status, answer.header("content-type")), (529, "application/json"));
}
