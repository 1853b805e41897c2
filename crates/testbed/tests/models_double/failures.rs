//! What goes wrong with models, in both shapes.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testbed::models::{Answer, Call, Script, Turn, Usage};
use testbed::wire::{Fault, Misdeed};

use super::caller::{Caller, completion, message, user, with};

/// Longer than anything here takes; only a failing test waits for it.
const LIMIT: Duration = Duration::from_secs(20);

fn asked() -> (Value, Value) {
    (completion("s", &[user("hello")]), message("s", &[user("hello")]))
}

/// What the two shapes answer to the same turn.
async fn both(turn: Turn) -> (Value, Value) {
    let caller = Caller::saying(turn).await;
    let (openai, anthropic) = asked();
    (caller.openai(&openai).await.json(), caller.anthropic(&anthropic).await.json())
}

#[tokio::test]
async fn a_status_comes_with_the_providers_own_body_and_the_headers_asked_for() {
    let kinds = async |code: u16| {
        let caller = Caller::saying(Turn::new(Answer::status(code))).await;
        let (openai, anthropic) = asked();
        let answers = [caller.openai(&openai).await, caller.anthropic(&anthropic).await];
        answers.map(|answer| {
            assert_eq!(answer.status, code);
            answer.json()["error"]["type"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(kinds(429).await, ["requests", "rate_limit_error"]);
    assert_eq!(kinds(500).await, ["server_error", "api_error"]);
    assert_eq!(kinds(503).await, ["server_error", "api_error"]);
    assert_eq!(kinds(529).await, ["server_error", "overloaded_error"]);
    assert_eq!(kinds(401).await, ["invalid_request_error", "authentication_error"]);
    assert_eq!(kinds(403).await, ["invalid_request_error", "permission_error"]);
    let caller = Caller::saying(Turn::new(Answer::rate_limited(7))).await;
    assert_eq!(caller.anthropic(&asked().1).await.header("retry-after"), "7");
}

#[tokio::test]
async fn a_body_of_ones_own_is_sent_as_it_is() {
    let recorded = json!({"id": "chatcmpl-1", "choices": []});
    let with_body =
        |code, body: Value| Turn::new(Answer::Status { code, headers: [].into(), body: Some(body) });
    let (openai, anthropic) = asked();
    let caller = Caller::saying(with_body(200, recorded.clone())).await;
    assert_eq!(caller.openai(&openai).await.json(), recorded);
    let caller = Caller::saying(with_body(502, json!("<html>Bad Gateway</html>"))).await;
    let answer = caller.anthropic(&anthropic).await;
    assert_eq!((answer.status, answer.header("content-type")), (502, "text/html"));
    assert_eq!(answer.text, "<html>Bad Gateway</html>");
}

#[tokio::test]
async fn an_answer_is_cut_at_the_token_limit_in_the_middle_of_a_calls_arguments() {
    let call = Call::new("read_file", json!({"lines": [1, 2, 3], "path": "a.rs"}));
    let (openai, anthropic) = both(Turn::new(Answer::Cut(call))).await;
    let choice = &openai["choices"][0];
    assert_eq!(choice["finish_reason"], "length");
    assert_eq!(choice["message"]["tool_calls"][0]["function"]["arguments"], "{\"lines\":[1,2,3");
    assert_eq!(anthropic["stop_reason"], "max_tokens");
    assert_eq!(
        (&anthropic["content"][0]["name"], &anthropic["content"][0]["input"]),
        (&json!("read_file"), &json!({}))
    );
    let (openai, anthropic) = both(Turn::new(Answer::CutText("so far".to_owned()))).await;
    assert_eq!(
        (&openai["choices"][0]["finish_reason"], &openai["choices"][0]["message"]["content"]),
        (&json!("length"), &json!("so far"))
    );
    assert_eq!(
        (&anthropic["stop_reason"], &anthropic["content"][0]["text"]),
        (&json!("max_tokens"), &json!("so far"))
    );
}

#[tokio::test]
async fn arguments_may_be_malformed_and_tools_may_not_exist() {
    let (openai, anthropic) = both(Turn::calls([Call::raw("no_such_tool", "{\"path\": ")])).await;
    let function = json!({"name": "no_such_tool", "arguments": "{\"path\": "});
    assert_eq!(openai["choices"][0]["message"]["tool_calls"][0]["function"], function);
    assert_eq!(anthropic["content"][0]["name"], "no_such_tool");
    assert_eq!(anthropic["content"][0]["input"], json!({"INVALID_JSON": "{\"path\": "}));
}

#[tokio::test]
async fn an_answer_may_hold_nothing_or_text_beside_calls() {
    let (openai, anthropic) = both(Turn::new(Answer::Empty)).await;
    assert_eq!(
        (&openai["choices"][0]["message"]["content"], &openai["choices"][0]["finish_reason"]),
        (&json!(""), &json!("stop"))
    );
    assert_eq!((&anthropic["content"], &anthropic["stop_reason"]), (&json!([]), &json!("end_turn")));
    let calls = vec![Call::new("read_file", json!({}))];
    let (openai, anthropic) =
        both(Turn::new(Answer::TextAndCalls { text: "Let me see.".to_owned(), calls })).await;
    let said = &openai["choices"][0]["message"];
    assert_eq!(
        (&said["content"], said["tool_calls"].as_array().map(Vec::len)),
        (&json!("Let me see."), Some(1))
    );
    let kinds: Vec<_> = anthropic["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["text", "tool_use"]);
}

#[tokio::test]
async fn ten_megabytes_come_without_a_length_before_them() {
    let caller = Caller::saying(Turn::new(Answer::Huge(10_000_000))).await;
    let (openai, anthropic) = asked();
    for request in [caller.openai_request(&openai), caller.anthropic_request(&anthropic)] {
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.content_length()), (200, None));
        let body = response.bytes().await.unwrap();
        assert!(body.len() > 10_000_000 && body.len() < 10_001_000, "{}", body.len());
        assert!(serde_json::from_slice::<Value>(&body).is_ok());
    }
}

#[tokio::test]
async fn the_connection_is_closed_without_an_answer() {
    let caller = Caller::saying(Turn::new(Answer::Close)).await;
    let (openai, anthropic) = asked();
    for request in [caller.openai_request(&openai), caller.anthropic_request(&anthropic)] {
        let error = tokio::time::timeout(LIMIT, request.send()).await.unwrap().unwrap_err();
        assert!(error.is_request() && error.status().is_none(), "{error:?}");
    }
    assert!(caller.server.wire().asked().iter().all(|asked| asked.status.is_none()));
}

#[tokio::test]
async fn an_answer_that_hangs_never_comes_and_the_request_is_over_when_the_caller_leaves() {
    let caller = Caller::saying(Turn::new(Answer::Hang)).await;
    let (openai, anthropic) = asked();
    let mut follow = caller.server.wire().follow();
    let requests = [
        (caller.openai_request(&openai), "/v1/chat/completions"),
        (caller.anthropic_request(&anthropic), "/v1/messages"),
    ];
    for (request, path) in requests {
        let waiting = tokio::spawn(request.send());
        let read = |asked: &testbed::wire::Asked| asked.path == path && asked.body_length > 0;
        tokio::time::timeout(LIMIT, caller.server.wire().wait_for(read)).await.unwrap();
        assert!(!waiting.is_finished());
        waiting.abort();
        let left = tokio::time::timeout(LIMIT, follow.next()).await.unwrap().unwrap();
        assert_eq!(left.status, None);
    }
}

#[tokio::test]
async fn the_wires_own_faults_count_calls_of_either_shape() {
    let caller = Caller::saying(Turn::text("hi")).await;
    let body = json!({"error": {"message": "later"}}).to_string();
    let does = Misdeed::Status { code: 429, headers: vec![("retry-after".into(), "1".into())], body };
    caller.server.wire().fault(Fault::nth(Method::POST, "/v1/messages", 2, does));
    let (openai, anthropic) = asked();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push((caller.openai(&openai).await.status, caller.anthropic(&anthropic).await.status));
    }
    assert_eq!(statuses, [(200, 200), (200, 429), (200, 200)]);
}

#[tokio::test]
async fn tokens_are_a_quarter_of_the_bytes_and_may_be_said_or_withheld() {
    let (openai, anthropic) = asked();
    let caller = Caller::saying(Turn::text("x".repeat(40))).await;
    let counted = caller.openai(&openai).await.json()["usage"].clone();
    let read = openai.to_string().len() as u64 / 4;
    assert_eq!((&counted["prompt_tokens"], &counted["completion_tokens"]), (&json!(read), &json!(10)));
    assert_eq!(
        (&counted["total_tokens"], &counted["prompt_tokens_details"]["cached_tokens"]),
        (&json!(read + 10), &json!(0))
    );
    let counted = caller.anthropic(&anthropic).await.json()["usage"].clone();
    let read = anthropic.to_string().len() as u64 / 4;
    assert_eq!((&counted["input_tokens"], &counted["output_tokens"]), (&json!(read), &json!(10)));
    let said = Turn::text("x").using(Usage::Said { input: 1000, output: 7, cached: 400 });
    let (openai, anthropic) = both(said).await;
    assert_eq!(
        (&openai["usage"]["prompt_tokens"], &openai["usage"]["prompt_tokens_details"]["cached_tokens"]),
        (&json!(1000), &json!(400))
    );
    let usage = &anthropic["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["cache_read_input_tokens"], &usage["output_tokens"]),
        (&json!(600), &json!(400), &json!(7))
    );
    let (openai, anthropic) = both(Turn::text("x").using(Usage::Withheld)).await;
    assert_eq!((openai.get("usage"), anthropic.get("usage")), (None, None));
}

#[tokio::test]
async fn what_was_read_in_the_turn_before_counts_as_cached_where_the_cache_is_asked_for() {
    let caller = Caller::new(Script::of([Turn::text("one"), Turn::text("two")])).await;
    let history = [user(&"x".repeat(4_000)), json!({"role": "assistant", "content": "one"}), user("more")];
    let cached = |answer: Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_u64).unwrap();
    let openai = caller.openai(&completion("s", &history)).await.json();
    assert!((1_000..1_020).contains(&cached(openai, "/usage/prompt_tokens_details/cached_tokens")));
    let unmarked = message("s", &history);
    let answer = caller.anthropic(&unmarked).await.json();
    assert_eq!(cached(answer, "/usage/cache_read_input_tokens"), 0);
    let system = json!([{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]);
    let answer = caller.anthropic(&with(unmarked, &[("/system", system)])).await.json();
    assert!((1_000..1_020).contains(&cached(answer, "/usage/cache_read_input_tokens")));
}
