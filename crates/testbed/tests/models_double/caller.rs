//! A caller that speaks both shapes and sees statuses, headers and bodies as they are.

use serde_json::{Value, json};
use testbed::models::{ModelServer, ModelWorld, Script, Turn};

/// The key that the servers of these tests accept.
pub(crate) const KEY: &str = "sk-testbed";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

/// A server and a client for it.
pub(crate) struct Caller {
    pub(crate) server: ModelServer,
    pub(crate) client: reqwest::Client,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and sentence, what most refusals are about.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
    }
}

impl Caller {
    pub(crate) async fn new(script: Script) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = ModelServer::start(ModelWorld { token: KEY.to_owned(), script }).await.unwrap();
        Self { server, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// A server that always says this.
    pub(crate) async fn saying(turn: Turn) -> Self {
        Self::new(Script::of([turn.forever()])).await
    }

    pub(crate) async fn openai(&self, body: &Value) -> Answer {
        receive(self.openai_request(body)).await
    }

    pub(crate) async fn anthropic(&self, body: &Value) -> Answer {
        receive(self.anthropic_request(body)).await
    }

    pub(crate) fn openai_request(&self, body: &Value) -> reqwest::RequestBuilder {
        let url = format!("{}/chat/completions", self.server.openai_url());
        self.client.post(url).bearer_auth(KEY).json(body)
    }

    pub(crate) fn anthropic_request(&self, body: &Value) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}/v1/messages", self.server.base_url()));
        request.header("x-api-key", KEY).header("anthropic-version", "2023-06-01").json(body)
    }
}

/// Sends a request and reads all of the answer.
pub(crate) async fn receive(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// An OpenAI-shaped request with a system prompt and these further messages.
pub(crate) fn completion(system: &str, messages: &[Value]) -> Value {
    let mut all = vec![json!({"role": "system", "content": system})];
    all.extend(messages.iter().cloned());
    let tool = json!({
        "type": "function",
        "function": {"name": "read_file", "description": "Reads.", "parameters": {"type": "object", "properties": {}}},
    });
    json!({"model": "gpt-test", "max_tokens": 256, "messages": all, "tools": [tool]})
}

/// An Anthropic-shaped request with a system prompt and these messages.
pub(crate) fn message(system: &str, messages: &[Value]) -> Value {
    let tool = json!({"name": "read_file", "description": "Reads.", "input_schema": {"type": "object"}});
    json!({"model": "claude-test", "max_tokens": 256, "system": system, "messages": messages, "tools": [tool]})
}

/// A user's message, in both shapes.
pub(crate) fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// The same with something changed: the value at each JSON pointer is set; null removes a field.
pub(crate) fn with(mut body: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        match parent {
            Value::Object(fields) if value.is_null() => {
                fields.remove(field);
            }
            Value::Object(fields) => {
                fields.insert(field.to_owned(), value.clone());
            }
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other} has no {field}"),
        }
    }
    body
}
