//! How Anthropic answers: a message, or its events.

use serde_json::{Value, json};

use crate::models::spoken::{End, Spoken, SpokenCall, Tokens, pieces};

/// The message in one piece.
pub(in crate::models) fn whole(spoken: &Spoken) -> Value {
    let mut content = Vec::new();
    if !spoken.text.is_empty() {
        content.push(json!({"type": "text", "text": spoken.text}));
    }
    content.extend(spoken.calls.iter().map(|call| tool_use(call, &input(call, spoken.end))));
    message(spoken, &content, Some(reason(spoken.end)), spoken.usage)
}

/// The message as server-sent events.
pub(in crate::models) fn stream(spoken: &Spoken) -> Vec<String> {
    // What is read is known at the start, what is written only at the end.
    let begun = spoken.usage.map(|tokens| Tokens { output: 1, ..tokens });
    let mut events = vec![
        event("message_start", json!({"message": message(spoken, &[], None, begun)})),
        event("ping", json!({})),
    ];
    let mut index = 0;
    if !spoken.text.is_empty() {
        let deltas =
            pieces(&spoken.text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece}));
        events.extend(block(index, &json!({"type": "text", "text": ""}), deltas));
        index += 1;
    }
    for call in &spoken.calls {
        let written = std::iter::once(String::new()).chain(pieces(&call.arguments));
        let deltas = written.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
        events.extend(block(index, &tool_use(call, &json!({})), deltas));
        index += 1;
    }
    let mut end = json!({"delta": {"stop_reason": reason(spoken.end), "stop_sequence": null}});
    if let (Some(end), Some(tokens)) = (end.as_object_mut(), spoken.usage) {
        end.insert("usage".to_owned(), json!({"output_tokens": tokens.output}));
    }
    events.push(event("message_delta", end));
    events.push(event("message_stop", json!({})));
    events
}

/// The list of models.
pub(in crate::models) fn models(names: &[String]) -> Value {
    let model = |name: &String| json!({"type": "model", "id": name, "display_name": name, "created_at": "2025-11-24T00:00:00Z"});
    json!({
        "data": names.iter().map(model).collect::<Vec<_>>(),
        "first_id": names.first(),
        "last_id": names.last(),
        "has_more": false,
    })
}

fn message(spoken: &Spoken, content: &[Value], reason: Option<&str>, tokens: Option<Tokens>) -> Value {
    let mut message = json!({
        "id": format!("msg_{}", spoken.id),
        "type": "message",
        "role": "assistant",
        "model": spoken.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": null,
    });
    if let (Some(message), Some(tokens)) = (message.as_object_mut(), tokens) {
        message.insert("usage".to_owned(), usage(tokens));
    }
    message
}

fn block(index: usize, content: &Value, deltas: impl Iterator<Item = Value>) -> Vec<String> {
    let mut events = vec![event("content_block_start", json!({"index": index, "content_block": content}))];
    events.extend(deltas.map(|delta| event("content_block_delta", json!({"index": index, "delta": delta}))));
    events.push(event("content_block_stop", json!({"index": index})));
    events
}

fn event(kind: &str, mut data: Value) -> String {
    if let Some(fields) = data.as_object_mut() {
        fields.insert("type".to_owned(), kind.into());
    }
    format!("event: {kind}\ndata: {data}\n\n")
}

fn tool_use(call: &SpokenCall, input: &Value) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{}", call.id), "name": call.name, "input": input})
}

/// The arguments as JSON. Those that the token limit cut off are not there at all; others that are no JSON come in
/// Anthropic's wrapping for such.
fn input(call: &SpokenCall, end: End) -> Value {
    match (serde_json::from_str(&call.arguments), end) {
        (Ok(input), _) => input,
        (Err(_), End::Limit) => json!({}),
        (Err(_), End::Done | End::Calls) => json!({"INVALID_JSON": call.arguments}),
    }
}

fn reason(end: End) -> &'static str {
    match end {
        End::Done => "end_turn",
        End::Calls => "tool_use",
        End::Limit => "max_tokens",
    }
}

/// Anthropic counts what came from the cache apart from the rest.
fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.input.saturating_sub(tokens.cached),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
        "service_tier": "standard",
    })
}
