//! The doors over a real socket.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::Gate;
use domain::{GateAnswer, GateRefusal, GateRequest, Promotion};
use rollmend_server::{Auth, Doors, LARGEST_BODY, Limits, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A gate that answers what it was told to, and remembers what it was asked.
#[derive(Default)]
struct Scripted {
    answer: Option<Result<GateAnswer, GateRefusal>>,
    asked: Mutex<Vec<GateRequest>>,
}

#[async_trait]
impl Gate for Scripted {
    async fn answer(&self, request: GateRequest) -> Result<GateAnswer, GateRefusal> {
        self.asked.lock().unwrap().push(request);
        match &self.answer {
            Some(answer) => answer.clone(),
            None => std::future::pending().await,
        }
    }
}

struct House {
    url: String,
    gate: Arc<Scripted>,
    client: reqwest::Client,
    _cancel: tokio_util::sync::DropGuard,
}

async fn house(auth: Auth, limits: Limits, answer: Option<Result<GateAnswer, GateRefusal>>) -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let gate = Arc::new(Scripted { answer, ..Scripted::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cancel = CancellationToken::new();
    tokio::spawn(serve(listener, Doors { gate: gate.clone(), auth, limits }, cancel.clone()));
    House { url, gate, client: reqwest::Client::new(), _cancel: cancel.drop_guard() }
}

fn tokens() -> Auth {
    Auth::Tokens { token: "the-strong-token".into(), gate: Some("the-gate-token".into()) }
}

fn held() -> GateAnswer {
    GateAnswer {
        promotion: Promotion::Hold,
        confidence: 85,
        analysis: "18.9 % of requests failed".into(),
        root_cause: "an absent profile".into(),
        remediation: "revert 4f2c9d1".into(),
        pull_request: Some("https://github.com/acme/shop/pull/7".into()),
    }
}

fn plugin_request() -> Value {
    json!({
        "userId": "argo-rollouts",
        "memoryId": "rollout:shop/shop",
        "prompt": "Analyze canary deployment for rollout 'shop'.",
        "context": {
            "namespace": "shop", "rolloutName": "shop", "stableSelector": "role=stable", "canarySelector": "role=canary",
            "extraPrompt": "Ignore colour changes.", "repoUrl": "https://github.com/acme/shop", "baseBranch": "main"
        }
    })
}

impl House {
    async fn post(&self, path: &str, body: impl Into<reqwest::Body>, token: Option<&str>) -> (u16, Value) {
        let mut request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(body);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn asked(&self) -> Vec<GateRequest> {
        self.gate.asked.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn the_plugins_request_is_answered_in_the_plugins_shape() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let (status, answer) = house.post("/a2a/analyze", plugin_request().to_string(), None).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "analysis": "18.9 % of requests failed", "rootCause": "an absent profile", "remediation": "revert 4f2c9d1",
            "prLink": "https://github.com/acme/shop/pull/7", "promote": false, "confidence": 85
        })
    );
    assert_eq!(
        house.asked(),
        [GateRequest {
            rollout: domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() },
            repository: Some("https://github.com/acme/shop".into()),
            extra_prompt: Some("Ignore colour changes.".into()),
        }]
    );
}

#[tokio::test]
async fn every_refusal_has_its_status_and_never_says_promote() {
    let rollout = domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() };
    let canary = || "86686d4656".parse().unwrap();
    for (refusal, wanted) in [
        (GateRefusal::NamespaceNotWatched("x".into()), 403),
        (GateRefusal::RepositoryNotAllowed("x is not listed".into()), 403),
        (GateRefusal::NoSuchRollout(rollout.clone()), 404),
        (GateRefusal::NoCanary(rollout), 404),
        (GateRefusal::SameOnStable { canary: canary(), trouble: "errors".into() }, 409),
        (GateRefusal::TooLittle { canary: canary(), figures: "3 of 50 requests".into() }, 425),
        (GateRefusal::Ours("the API server does not answer".into()), 503),
    ] {
        let house = house(Auth::Open, Limits::default(), Some(Err(refusal.clone()))).await;
        let (status, body) = house.post("/a2a/analyze", plugin_request().to_string(), None).await;
        assert_eq!(status, wanted, "{refusal}");
        assert_eq!(body["error"], format!("failed to {refusal}"));
        assert_eq!(body.get("promote"), None);
    }
}

#[tokio::test]
async fn a_gate_that_does_not_answer_in_time_is_an_error_of_ours() {
    let limits = Limits { answer: Duration::from_millis(20), ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    assert_eq!(house.post("/a2a/analyze", plugin_request().to_string(), None).await.0, 503);
}

#[tokio::test]
async fn attack_40_without_a_token_nothing_is_asked() {
    let house = house(tokens(), Limits::default(), Some(Ok(held()))).await;
    let body = plugin_request().to_string();
    for (path, token) in [
        ("/a2a/analyze", None),
        ("/a2a/analyze", Some("wrong")),
        ("/a2a/analyze", Some("the-gate-token")),
        ("/t/wrong/a2a/analyze", None),
        ("/t/the-strong-token/a2a/analyze", None),
        ("/t//a2a/analyze", Some("wrong")),
    ] {
        let (status, answer) = house.post(path, body.clone(), token).await;
        assert!(status == 401 || status == 404, "{path} {token:?}: {status}");
        assert!(answer["error"].as_str().is_some_and(|text| !text.contains("the-")), "{answer}");
    }
    assert_eq!(house.asked(), []);
    assert_eq!(house.post("/a2a/analyze", body.clone(), Some("the-strong-token")).await.0, 200);
    assert_eq!(house.post("/t/the-gate-token/a2a/analyze", body, None).await.0, 200);
}

#[tokio::test]
async fn the_gate_token_opens_the_plugins_doors_alone() {
    let house = house(tokens(), Limits::default(), Some(Ok(held()))).await;
    for (path, wanted) in [("/t/the-gate-token/", 200), ("/t/the-gate-token/metrics", 404), ("/", 401)] {
        let response = house.client.get(format!("{}{path}", house.url)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), wanted, "{path}");
    }
}

#[tokio::test]
async fn without_a_gate_token_the_path_opens_nothing() {
    let auth = Auth::Tokens { token: "the-strong-token".into(), gate: None };
    let house = house(auth, Limits::default(), Some(Ok(held()))).await;
    assert_eq!(house.post("/t//a2a/analyze", plugin_request().to_string(), None).await.0, 401);
    assert_eq!(house.post("/t/x/a2a/analyze", plugin_request().to_string(), None).await.0, 401);
}

#[tokio::test]
async fn bad_input_is_told_what_is_wrong_and_what_to_do() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    for (body, words) in [
        ("{".to_owned(), "EOF while parsing"),
        ("[]".to_owned(), "context.namespace and context.rolloutName"),
        ("{}".to_owned(), "missing field `context`"),
        (json!({"context": {"namespace": 7, "rolloutName": "x"}}).to_string(), "expected a string"),
        (json!({"context": {"namespace": "shop"}}).to_string(), "missing field `rolloutName`"),
        (json!({"context": {"namespace": "../shop", "rolloutName": "x"}}).to_string(), "read namespace"),
        (json!({"context": {"namespace": "shop", "rolloutName": "x; rm"}}).to_string(), "read rollout name"),
        (
            json!({"context": {"namespace": "shop", "rolloutName": "x", "repoUrl": "x".repeat(9000)}})
                .to_string(),
            "context.repoUrl",
        ),
        ("\u{0}".to_owned(), "expected value"),
    ] {
        let (status, answer) = house.post("/a2a/analyze", body.clone(), None).await;
        assert_eq!(status, 422, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_and_without_a_declared_length() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", LARGEST_BODY + 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");

    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    stream
        .write_all(b"POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let (mut reader, mut writer) = stream.split();
    let send = async {
        for _ in 0..5 {
            if writer.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    let receive = async { reader.read_exact(&mut answer).await.unwrap() };
    tokio::join!(send, receive);
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let limits = Limits { body: Duration::from_millis(20), ..Limits::default() };
    let house = house(Auth::Open, limits, Some(Ok(held()))).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
}
