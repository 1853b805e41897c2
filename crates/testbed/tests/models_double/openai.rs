//! What OpenAI refuses.

use serde_json::{Value, json};
use testbed::models::Turn;

use super::caller::{Caller, completion, user, with};

fn call(id: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "read_file", "arguments": "{}"}})
}

fn calls(ids: &[&str]) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": ids.iter().map(|id| call(id)).collect::<Vec<_>>()})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "a result"})
}

/// Each request, and the parameter and the code that it is refused with.
async fn are_refused(requests: Vec<(Value, Value, Value)>) {
    let caller = Caller::saying(Turn::text("never")).await;
    for (request, param, code) in requests {
        let answer = caller.openai(&request).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["type"], &error["param"], &error["code"]),
            (400, &json!("invalid_request_error"), &param, &code),
            "{request}\n{}",
            answer.text
        );
    }
}

async fn is_accepted(request: Value) {
    let answer = Caller::saying(Turn::text("fine")).await.openai(&request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn parameters_are_checked_and_unknown_ones_are_refused() {
    let changed = |pointer: &str, value: Value| with(completion("s", &[user("hello")]), &[(pointer, value)]);
    are_refused(vec![
        (changed("/model", Value::Null), Value::Null, Value::Null),
        (changed("/model", json!(7)), Value::Null, Value::Null),
        (changed("/wisdom", json!(9)), Value::Null, Value::Null),
        (changed("/max_tokens", json!(0)), json!("max_tokens"), json!("integer_below_min_value")),
        (changed("/max_tokens", json!("many")), json!("max_tokens"), json!("invalid_type")),
        (changed("/max_completion_tokens", json!(9)), Value::Null, Value::Null),
        (changed("/temperature", json!(99.0)), json!("temperature"), json!("decimal_above_max_value")),
        (changed("/temperature", json!(-1)), json!("temperature"), json!("decimal_below_min_value")),
        (changed("/stream", json!("yes")), json!("stream"), json!("invalid_type")),
        (changed("/stream_options", json!({"include_usage": true})), json!("stream_options"), Value::Null),
    ])
    .await;
}

#[tokio::test]
async fn messages_need_a_known_role_and_content() {
    let first = |message: Value| with(completion("s", &[user("hello")]), &[("/messages/1", message)]);
    let whole = |messages: Value| with(completion("s", &[]), &[("/messages", messages)]);
    let (role, content) = (json!("messages[1].role"), json!("messages[1].content"));
    are_refused(vec![
        (whole(Value::Null), json!("messages"), json!("missing_required_parameter")),
        (whole(json!([])), json!("messages"), json!("empty_array")),
        (whole(json!("hello")), json!("messages"), json!("invalid_type")),
        (first(json!({"role": "wizard", "content": "x"})), role.clone(), json!("invalid_value")),
        (first(json!({"content": "x"})), role.clone(), json!("missing_required_parameter")),
        (first(json!({"role": 7, "content": "x"})), role, json!("invalid_type")),
        (first(json!({"role": "user"})), content.clone(), json!("invalid_type")),
        (first(json!({"role": "assistant", "content": null})), content.clone(), json!("invalid_type")),
        (first(json!({"role": "user", "content": []})), content, json!("invalid_type")),
        (
            first(json!({"role": "user", "content": [{"type": "text"}]})),
            json!("messages[1].content[0].text"),
            json!("missing_required_parameter"),
        ),
        (
            first(json!({"role": "user", "content": [{"type": "image_url"}]})),
            json!("messages[1].content[0].type"),
            json!("invalid_value"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn each_tool_call_is_answered_exactly_once_before_anything_else_is_said() {
    let talk = |messages: &[Value]| completion("s", messages);
    let open = |messages: &[Value], at: &str| (talk(messages), json!(at), Value::Null);
    are_refused(vec![
        open(&[user("a"), calls(&["call_a"])], "messages.[3].role"),
        open(&[user("a"), calls(&["call_a"]), user("b")], "messages.[3].role"),
        open(&[user("a"), calls(&["call_a", "call_b"]), result("call_a")], "messages.[3].role"),
        open(
            &[user("a"), calls(&["call_a", "call_b"]), result("call_a"), user("b"), result("call_b")],
            "messages.[3].role",
        ),
        open(&[user("a"), result("call_a")], "messages.[2].role"),
        open(&[user("a"), calls(&["call_a"]), result("call_b")], "messages.[3].tool_call_id"),
        open(
            &[user("a"), calls(&["call_a"]), result("call_a"), result("call_a")],
            "messages.[4].tool_call_id",
        ),
        open(&[user("a"), calls(&["call_a", "call_a"]), result("call_a")], "messages[2].tool_calls"),
    ])
    .await;
    let history = [
        user("a"),
        calls(&["call_a", "call_b"]),
        result("call_b"),
        result("call_a"),
        json!({"role": "assistant", "content": "so"}),
        user("b"),
    ];
    is_accepted(talk(&history)).await;
}

#[tokio::test]
async fn a_call_has_an_id_a_name_and_arguments_that_need_not_be_json() {
    let talk = |call: Value| {
        completion("s", &[user("a"), json!({"role": "assistant", "tool_calls": [call]}), result("call_a")])
    };
    let changed = |pointer: &str, value: Value| talk(with(call("call_a"), &[(pointer, value)]));
    let at = |field: &str| json!(format!("messages[2].tool_calls[0].{field}"));
    let missing = json!("missing_required_parameter");
    are_refused(vec![
        (changed("/id", Value::Null), at("id"), missing.clone()),
        (changed("/id", json!("x".repeat(41))), at("id"), json!("string_above_max_length")),
        (changed("/type", Value::Null), at("type"), missing.clone()),
        (changed("/function", Value::Null), at("function"), missing),
        (changed("/function/name", json!("read file")), at("function.name"), json!("invalid_value")),
        (changed("/function/arguments", json!({})), at("function.arguments"), json!("invalid_type")),
        (
            completion("s", &[user("a"), json!({"role": "assistant", "content": "x", "tool_calls": []})]),
            json!("messages[2].tool_calls"),
            json!("empty_array"),
        ),
    ])
    .await;
    is_accepted(changed("/function/arguments", json!("{\"a\":"))).await;
}

#[tokio::test]
async fn tools_have_names_and_schemas_of_objects() {
    let changed = |pointer: &str, value: Value| with(completion("s", &[user("hello")]), &[(pointer, value)]);
    let (name, schema) = (json!("tools[0].function.name"), json!("tools[0].function.parameters"));
    let wrong_schema = json!("invalid_function_parameters");
    let tool = completion("s", &[])["tools"][0].clone();
    are_refused(vec![
        (changed("/tools", json!([])), json!("tools"), json!("empty_array")),
        (changed("/tools", json!({})), json!("tools"), json!("invalid_type")),
        (changed("/tools", json!([tool, tool])), json!("tools"), Value::Null),
        (changed("/tools/0/type", json!("wand")), json!("tools[0].type"), json!("invalid_value")),
        (changed("/tools/0/function/name", Value::Null), name.clone(), json!("missing_required_parameter")),
        (changed("/tools/0/function/name", json!("a.b")), name.clone(), json!("invalid_value")),
        (changed("/tools/0/function/name", json!("")), name.clone(), json!("invalid_value")),
        (changed("/tools/0/function/name", json!("x".repeat(65))), name, json!("string_above_max_length")),
        (
            changed("/tools/0/function/description", json!(7)),
            json!("tools[0].function.description"),
            json!("invalid_type"),
        ),
        (changed("/tools/0/function/parameters", json!({})), schema.clone(), wrong_schema.clone()),
        (
            changed("/tools/0/function/parameters", json!({"type": "string"})),
            schema.clone(),
            wrong_schema.clone(),
        ),
        (changed("/tools/0/function/parameters", json!(true)), schema, wrong_schema),
    ])
    .await;
    is_accepted(changed("/tools/0/function/name", json!("x".repeat(64)))).await;
}

#[tokio::test]
async fn a_choice_is_among_the_tools_that_are_there() {
    let changed = |value: Value| with(completion("s", &[user("hello")]), &[("/tool_choice", value)]);
    let choice = json!("tool_choice");
    let named = |name: &str| json!({"type": "function", "function": {"name": name}});
    are_refused(vec![
        (with(changed(json!("auto")), &[("/tools", Value::Null)]), choice.clone(), Value::Null),
        (changed(json!("perhaps")), choice.clone(), json!("invalid_value")),
        (changed(named("other")), choice.clone(), Value::Null),
        (
            changed(json!({"type": "function"})),
            json!("tool_choice.function.name"),
            json!("missing_required_parameter"),
        ),
        (changed(json!({"type": "tool", "name": "read_file"})), choice, json!("invalid_type")),
    ])
    .await;
    for choice in [json!("auto"), json!("none"), json!("required"), named("read_file")] {
        is_accepted(changed(choice)).await;
    }
}
