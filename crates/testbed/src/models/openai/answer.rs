//! How OpenAI answers: a chat completion, or its chunks.

use serde_json::{Value, json};

use crate::models::asking::Delivery;
use crate::models::spoken::{End, Spoken, SpokenCall, Tokens, pieces};

/// When all completions were made, in seconds since 1970: answers do not depend on the time.
const CREATED: u64 = 1_764_000_000;

/// The completion in one piece.
pub(in crate::models) fn whole(spoken: &Spoken) -> Value {
    let mut message = json!({
        "role": "assistant",
        "content": content(spoken),
        "refusal": null,
        "annotations": [],
    });
    if let (Some(message), false) = (message.as_object_mut(), spoken.calls.is_empty()) {
        message.insert("tool_calls".to_owned(), spoken.calls.iter().map(call).collect());
    }
    let mut completion = json!({
        "id": format!("chatcmpl-{}", spoken.id),
        "object": "chat.completion",
        "created": CREATED,
        "model": spoken.model,
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": reason(spoken.end),
        }],
        "service_tier": "default",
        "system_fingerprint": null,
    });
    if let (Some(completion), Some(tokens)) = (completion.as_object_mut(), spoken.usage) {
        completion.insert("usage".to_owned(), usage(tokens));
    }
    completion
}

/// The completion as server-sent events.
pub(in crate::models) fn stream(spoken: &Spoken, delivery: Delivery) -> Vec<String> {
    let mut deltas = vec![json!({"role": "assistant", "content": content(spoken).as_str().map(|_| "")})];
    deltas.extend(pieces(&spoken.text).into_iter().map(|piece| json!({"content": piece})));
    for (index, one) in spoken.calls.iter().enumerate() {
        deltas.push(json!({"tool_calls": [{
            "index": index,
            "id": call_id(one),
            "type": "function",
            "function": {"name": one.name, "arguments": ""},
        }]}));
        let arguments = pieces(&one.arguments).into_iter();
        deltas.extend(
            arguments
                .map(|piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})),
        );
    }
    let chosen = |delta: Value, reason: Option<&str>| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
    let mut choices: Vec<Value> = deltas.into_iter().map(|delta| chosen(delta, None)).collect();
    choices.push(chosen(json!({}), Some(reason(spoken.end))));
    let mut events: Vec<String> =
        choices.into_iter().map(|choices| event(&chunk(spoken, &choices, None, delivery))).collect();
    if let (Delivery::StreamWithUsage, Some(tokens)) = (delivery, spoken.usage) {
        events.push(event(&chunk(spoken, &json!([]), Some(usage(tokens)), delivery)));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// The list of models.
pub(in crate::models) fn models(names: &[String]) -> Value {
    let model = |name| json!({"id": name, "object": "model", "created": CREATED, "owned_by": "testbed"});
    json!({"object": "list", "data": names.iter().map(model).collect::<Vec<_>>()})
}

fn chunk(spoken: &Spoken, choices: &Value, usage: Option<Value>, delivery: Delivery) -> Value {
    let mut chunk = json!({
        "id": format!("chatcmpl-{}", spoken.id),
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": spoken.model,
        "choices": choices,
        "service_tier": "default",
        "system_fingerprint": null,
    });
    if let (Some(chunk), Delivery::StreamWithUsage) = (chunk.as_object_mut(), delivery) {
        chunk.insert("usage".to_owned(), usage.unwrap_or(Value::Null));
    }
    chunk
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// Calls come with null where there is no text; an answer with nothing in it has an empty text.
fn content(spoken: &Spoken) -> Value {
    if spoken.text.is_empty() && !spoken.calls.is_empty() {
        return Value::Null;
    }
    Value::from(spoken.text.as_str())
}

fn call(call: &SpokenCall) -> Value {
    json!({
        "id": call_id(call),
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    })
}

fn call_id(call: &SpokenCall) -> String {
    format!("call_{}", call.id)
}

fn reason(end: End) -> &'static str {
    match end {
        End::Done => "stop",
        End::Calls => "tool_calls",
        End::Limit => "length",
    }
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
