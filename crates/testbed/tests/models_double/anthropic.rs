//! What Anthropic refuses.

use serde_json::{Value, json};
use testbed::models::Turn;

use super::caller::{Caller, message, user, with};

fn uses(ids: &[&str]) -> Value {
    let block = |id: &&str| json!({"type": "tool_use", "id": id, "name": "read_file", "input": {}});
    json!({"role": "assistant", "content": ids.iter().map(block).collect::<Vec<_>>()})
}

fn results(ids: &[&str]) -> Value {
    let block = |id: &&str| json!({"type": "tool_result", "tool_use_id": id, "content": "a result"});
    json!({"role": "user", "content": ids.iter().map(block).collect::<Vec<_>>()})
}

fn assistant(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

/// Each request, and how the sentence begins with which it is refused.
async fn are_refused(requests: Vec<(Value, &str)>) {
    let caller = Caller::saying(Turn::text("never")).await;
    for (request, beginning) in requests {
        let answer = caller.anthropic(&request).await;
        let (status, sentence) = answer.refusal();
        assert_eq!(
            (status, &answer.json()["error"]["type"]),
            (400, &json!("invalid_request_error")),
            "{request}"
        );
        assert!(sentence.starts_with(beginning), "{request}\n{sentence}");
    }
}

async fn is_accepted(request: Value) {
    let answer = Caller::saying(Turn::text("fine")).await.anthropic(&request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn parameters_are_checked_and_unknown_ones_are_refused() {
    let changed = |pointer: &str, value: Value| with(message("s", &[user("hello")]), &[(pointer, value)]);
    are_refused(vec![
        (changed("/model", Value::Null), "model: Field required"),
        (changed("/max_tokens", Value::Null), "max_tokens: Field required"),
        (changed("/max_tokens", json!(0)), "max_tokens: Input should be greater"),
        (changed("/max_tokens", json!("many")), "max_tokens: Input should be a valid integer"),
        (changed("/temperature", json!(1.5)), "temperature: range: 0..1"),
        (changed("/stream", json!(1)), "stream: "),
        (changed("/system", json!([{"type": "text", "text": ""}])), "system.0: text content blocks"),
        (changed("/system", json!(7)), "system: "),
        (changed("/wisdom", json!(9)), "wisdom: Extra inputs are not permitted"),
    ])
    .await;
}

#[tokio::test]
async fn user_and_assistant_speak_in_turn_and_the_user_first_and_last() {
    let talk = |messages: &[Value]| message("s", messages);
    are_refused(vec![
        (with(talk(&[]), &[("/messages", Value::Null)]), "messages: Field required"),
        (talk(&[]), "messages: at least one message"),
        (talk(&[assistant("a"), user("b")]), "messages: first message must use the \"user\" role"),
        (talk(&[user("a"), user("b")]), "messages: roles must alternate"),
        (talk(&[user("a"), assistant("b"), assistant("c"), user("d")]), "messages: roles must alternate"),
        (talk(&[user("a"), assistant("b")]), "This model does not support assistant message prefill"),
        (talk(&[json!({"role": "system", "content": "x"})]), "messages.0.role: Unexpected role \"system\""),
        (talk(&[json!({"content": "x"})]), "messages.0.role: Field required"),
        (talk(&[user("")]), "messages.0: all messages must have non-empty content"),
        (
            talk(&[json!({"role": "user", "content": []})]),
            "messages.0: all messages must have non-empty content",
        ),
        (
            talk(&[json!({"role": "user", "content": [{"type": "text", "text": " "}]})]),
            "messages.0.content.0: text content blocks",
        ),
        (
            talk(&[json!({"role": "user", "content": [{"type": "hologram"}]})]),
            "messages.0.content.0: Input tag 'hologram'",
        ),
        (talk(&[json!({"role": "user"})]), "messages.0.content: Field required"),
    ])
    .await;
}

#[tokio::test]
async fn each_tool_use_is_answered_exactly_once_in_the_very_next_message() {
    let talk = |messages: &[Value]| message("s", messages);
    let open = "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_";
    let mut late = results(&["toolu_a"]);
    late["content"].as_array_mut().unwrap().insert(0, json!({"type": "text", "text": "before"}));
    are_refused(vec![
        (talk(&[user("a"), uses(&["toolu_a"]), user("b")]), open),
        (talk(&[user("a"), uses(&["toolu_a", "toolu_b"]), results(&["toolu_a"])]), open),
        (
            talk(&[user("a"), uses(&["toolu_a"]), results(&["toolu_x"])]),
            "messages.2.content.0: unexpected `tool_use_id`",
        ),
        (talk(&[results(&["toolu_a"])]), "messages.0.content.0: unexpected `tool_use_id`"),
        (
            talk(&[user("a"), uses(&["toolu_a"]), results(&["toolu_a", "toolu_a"])]),
            "messages.2.content.1: each tool_use must have a single result",
        ),
        (
            talk(&[user("a"), uses(&["toolu_a", "toolu_a"]), results(&["toolu_a"])]),
            "messages.1.content.1.tool_use: `tool_use` ids must be unique",
        ),
        (
            talk(&[
                user("a"),
                uses(&["toolu_a"]),
                results(&["toolu_a"]),
                uses(&["toolu_a"]),
                results(&["toolu_a"]),
            ]),
            "messages.3.content.0.tool_use: `tool_use` ids must be unique",
        ),
        (
            talk(&[user("a"), uses(&["toolu_a"]), late]),
            "messages.2.content.1: `tool_result` blocks must come first",
        ),
    ])
    .await;
    let mut followed = results(&["toolu_b", "toolu_a"]);
    followed["content"].as_array_mut().unwrap().push(json!({"type": "text", "text": "and now?"}));
    is_accepted(talk(&[user("a"), uses(&["toolu_a", "toolu_b"]), followed])).await;
}

#[tokio::test]
async fn a_tool_use_has_an_id_a_name_and_an_object_as_input() {
    let block = |pointer: &str, value: Value| {
        with(message("s", &[user("a"), uses(&["toolu_a"]), results(&["toolu_a"])]), &[(pointer, value)])
    };
    let at = |field: &str| format!("/messages/1/content/0/{field}");
    are_refused(vec![
        (block(&at("id"), Value::Null), "messages.1.content.0.tool_use.id: Field required"),
        (block(&at("id"), json!("a b")), "messages.1.content.0.tool_use.id: String should match"),
        (block(&at("name"), json!("read file")), "messages.1.content.0.tool_use.name: String should match"),
        (block(&at("input"), Value::Null), "messages.1.content.0.tool_use.input: Field required"),
        (
            block(&at("input"), json!("{}")),
            "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
        ),
        (
            block("/messages/2/content/0/tool_use_id", Value::Null),
            "messages.2.content.0.tool_result.tool_use_id: Field required",
        ),
        (block("/messages/2/content/0/is_error", json!("no")), "messages.2.content.0.tool_result.is_error"),
        (block("/messages/2/content/0/content", json!(7)), "messages.2.content.0.tool_result.content"),
        (
            block("/tools", Value::Null),
            "Requests which include `tool_use` or `tool_result` blocks must define tools",
        ),
    ])
    .await;
}

#[tokio::test]
async fn tools_have_names_and_schemas_of_objects_and_a_choice_is_among_them() {
    let changed = |pointer: &str, value: Value| with(message("s", &[user("hello")]), &[(pointer, value)]);
    let tool = message("s", &[])["tools"][0].clone();
    are_refused(vec![
        (changed("/tools", json!({})), "tools: "),
        (changed("/tools", json!([tool, tool])), "tools: Tool names must be unique"),
        (changed("/tools/0/name", json!("a.b")), "tools.0.custom.name: String should match pattern"),
        (changed("/tools/0/name", json!("x".repeat(65))), "tools.0.custom.name: String should match pattern"),
        (changed("/tools/0/name", Value::Null), "tools.0.custom.name: Field required"),
        (changed("/tools/0/input_schema", Value::Null), "tools.0.custom.input_schema: Field required"),
        (changed("/tools/0/input_schema", json!(true)), "tools.0.custom.input_schema: Input does not match"),
        (changed("/tools/0/input_schema", json!({})), "tools.0.custom.input_schema.type: Field required"),
        (
            changed("/tools/0/input_schema/type", json!("array")),
            "tools.0.custom.input_schema.type: Input should be 'object'",
        ),
        (changed("/tool_choice", json!("auto")), "tool_choice: "),
        (changed("/tool_choice", json!({"type": "required"})), "tool_choice: "),
        (changed("/tool_choice", json!({"type": "tool"})), "tool_choice.tool.name: Field required"),
        (changed("/tool_choice", json!({"type": "tool", "name": "other"})), "Tool 'other' not found"),
        (
            with(changed("/tools", Value::Null), &[("/tool_choice", json!({"type": "auto"}))]),
            "tool_choice: may only be specified while providing tools",
        ),
    ])
    .await;
    for choice in
        [json!({"type": "any"}), json!({"type": "none"}), json!({"type": "tool", "name": "read_file"})]
    {
        is_accepted(changed("/tool_choice", choice)).await;
    }
}

#[tokio::test]
async fn at_most_four_places_are_marked_for_the_cache() {
    let marked = |count: usize| {
        let block = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
        with(message("s", &[user("hello")]), &[("/system", Value::Array(vec![block; count]))])
    };
    are_refused(vec![(marked(5), "A maximum of 4 blocks with cache_control may be provided. Found 5.")])
        .await;
    is_accepted(marked(4)).await;
    // Arguments that use the same word mark nothing.
    let word = json!({"cache_control": {"type": "ephemeral"}});
    let talk = message("s", &[user("a"), uses(&["toolu_a"]), results(&["toolu_a"])]);
    let input = json!({"places": Value::Array(vec![word; 5])});
    is_accepted(with(talk, &[("/messages/1/content/0/input", input)])).await;
}
