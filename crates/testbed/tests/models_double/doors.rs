//! Keys, versions, paths and models.

use serde_json::json;
use testbed::models::{Outcome, Script, Shape, Turn};

use super::caller::{Caller, KEY, completion, message, receive, user, with};

async fn caller() -> Caller {
    let script = Script {
        models: vec!["gpt-test".to_owned(), "claude-test".to_owned()],
        ..Script::of([Turn::text("hi").forever()])
    };
    Caller::new(script).await
}

#[tokio::test]
async fn openai_wants_the_key_as_a_bearer_token() {
    let caller = caller().await;
    let url = format!("{}/chat/completions", caller.server.openai_url());
    let request = completion("s", &[user("hello")]);
    for wrong in [None, Some("Bearer sk-other"), Some(KEY), Some("Basic sk-testbed")] {
        let mut sent = caller.client.post(&url).json(&request).header("x-api-key", KEY);
        if let Some(wrong) = wrong {
            sent = sent.header("authorization", wrong);
        }
        let answer = receive(sent).await;
        let error = json!({"message": "Incorrect API key provided.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"});
        assert_eq!((answer.status, answer.json()), (401, json!({"error": error})), "{wrong:?}");
    }
    let refused = Outcome::Refused { status: 401, message: "Incorrect API key provided.".to_owned() };
    assert_eq!(caller.server.requests()[0].outcome, refused);
    assert_eq!(caller.openai(&request).await.status, 200);
}

#[tokio::test]
async fn anthropic_wants_its_own_header_and_a_version() {
    let caller = caller().await;
    let url = format!("{}/v1/messages", caller.server.base_url());
    let request = message("s", &[user("hello")]);
    let bearer = receive(caller.client.post(&url).json(&request).bearer_auth(KEY)).await;
    assert_eq!(bearer.status, 401);
    let error = json!({"type": "authentication_error", "message": "invalid x-api-key"});
    assert_eq!(bearer.json(), json!({"type": "error", "error": error, "request_id": "req_testbed"}));
    let keyed = || caller.client.post(&url).json(&request).header("x-api-key", KEY);
    let missing = receive(keyed()).await.refusal();
    assert_eq!(missing, (400, "anthropic-version: header is required".to_owned()));
    let unknown = receive(keyed().header("anthropic-version", "2020-01-01")).await.refusal();
    assert_eq!(unknown, (400, "anthropic-version: \"2020-01-01\" is not a valid version".to_owned()));
    assert_eq!(receive(keyed().header("anthropic-version", "2023-06-01")).await.status, 200);
}

#[tokio::test]
async fn azure_takes_the_model_from_the_path_and_wants_a_version() {
    let caller = caller().await;
    let request = with(completion("s", &[user("hello")]), &[("/model", json!(null))]);
    let azure = async |deployment: &str, query: &str, key: &str| {
        let base = caller.server.base_url();
        let url = format!("{base}/openai/deployments/{deployment}/chat/completions{query}");
        receive(caller.client.post(url).json(&request).header("api-key", key)).await
    };
    let answer = azure("gpt-test", "?api-version=2024-10-21", KEY).await;
    assert_eq!((answer.status, answer.json()["model"].as_str()), (200, Some("gpt-test")));
    assert_eq!(caller.server.requests()[0].shape, Shape::Azure);
    assert_eq!(azure("gpt-test", "", KEY).await.refusal(), (404, "Resource not found".to_owned()));
    assert_eq!(
        azure("other", "?api-version=2024-10-21", KEY).await.json()["error"]["code"],
        "DeploymentNotFound"
    );
    let denied = azure("gpt-test", "?api-version=2024-10-21", "wrong").await;
    assert_eq!((denied.status, denied.json()["error"]["code"].as_str()), (401, Some("401")));
}

#[tokio::test]
async fn the_paths_are_served_below_any_prefix_and_others_are_not() {
    let caller = caller().await;
    let request = completion("s", &[user("hello")]);
    let post = async |path: &str| {
        let url = format!("{}{path}", caller.server.base_url());
        receive(caller.client.post(url).json(&request).bearer_auth(KEY)).await.status
    };
    assert_eq!(post("/gateway/team-a/v1/chat/completions").await, 200);
    assert_eq!(post("/chat/completions").await, 404);
    assert_eq!(post("/v1/responses").await, 404);
    let get = receive(caller.client.get(format!("{}/v1/chat/completions", caller.server.base_url()))).await;
    assert_eq!(get.refusal(), (404, "Invalid URL (GET /v1/chat/completions)".to_owned()));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_not_found_in_either_shape() {
    let caller = caller().await;
    let other = [("/model", json!("other"))];
    let answer = caller.openai(&with(completion("s", &[user("hello")]), &other)).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (404, Some("model_not_found")));
    let answer = caller.anthropic(&with(message("s", &[user("hello")]), &other)).await;
    assert_eq!(answer.refusal(), (404, "model: other".to_owned()));
    assert_eq!(answer.json()["error"]["type"], "not_found_error");
}

#[tokio::test]
async fn the_models_are_listed_in_the_shape_of_who_asks() {
    let caller = caller().await;
    let url = format!("{}/models", caller.server.openai_url());
    assert_eq!(receive(caller.client.get(&url)).await.status, 401);
    let list = receive(caller.client.get(&url).bearer_auth(KEY)).await.json();
    assert_eq!(
        (&list["object"], &list["data"][0]["id"], &list["data"][0]["object"]),
        (&json!("list"), &json!("gpt-test"), &json!("model"))
    );
    let request = caller.client.get(&url).header("x-api-key", KEY).header("anthropic-version", "2023-06-01");
    let list = receive(request).await.json();
    assert_eq!(
        (&list["data"][1]["id"], &list["data"][1]["type"], &list["has_more"]),
        (&json!("claude-test"), &json!("model"), &json!(false))
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_in_both_shapes() {
    let caller = caller().await;
    for (kind, body) in [("application/json", "{"), ("application/json", "[]"), ("text/plain", "{}")] {
        let plain = |request: reqwest::RequestBuilder| {
            let (client, request) = request.build_split();
            let mut request = request.unwrap();
            *request.body_mut() = Some(body.into());
            request.headers_mut().insert("content-type", kind.parse().unwrap());
            request.headers_mut().remove("content-length");
            reqwest::RequestBuilder::from_parts(client, request)
        };
        let openai = receive(plain(caller.openai_request(&json!({})))).await;
        let anthropic = receive(plain(caller.anthropic_request(&json!({})))).await;
        let kinds =
            [&openai, &anthropic].map(|answer| (answer.status, answer.json()["error"]["type"].clone()));
        assert_eq!(
            kinds,
            [(400, json!("invalid_request_error")), (400, json!("invalid_request_error"))],
            "{kind} {body}"
        );
    }
}
