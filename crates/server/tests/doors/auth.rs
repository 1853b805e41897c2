//! Who may use which door.

use reqwest::Method;
use rollmend_server::{Auth, Limits};

use crate::house::{DOORS, held, house, plugin_request, tokens};

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
async fn every_door_that_shows_evidence_or_starts_work_wants_the_token() {
    let house = house(tokens(), Limits::default(), Some(Ok(held()))).await;
    for (method, path) in DOORS {
        for token in [None, Some("wrong"), Some("the-gate-token"), Some("")] {
            assert_eq!(house.status(method.clone(), path, token).await, 401, "{path} {token:?}");
        }
        assert_eq!(house.status(method, path, Some("the-strong-token")).await, 200, "{path}");
    }
}

#[tokio::test]
async fn the_gate_token_opens_the_plugins_doors_alone() {
    let house = house(tokens(), Limits::default(), Some(Ok(held()))).await;
    for (method, path) in DOORS {
        let opened = matches!(path, "/" | "/a2a/analyze" | "/a2a/health");
        let status = house.status(method, &format!("/t/the-gate-token{path}"), None).await;
        assert_eq!(status, if opened { 200 } else { 404 }, "{path}");
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(house.status(Method::GET, &format!("/t/the-gate-token{path}"), None).await, 404, "{path}");
        assert_eq!(house.status(Method::GET, path, None).await, 200, "{path}");
    }
}

#[tokio::test]
async fn attack_7_no_field_of_any_door_but_the_plugins_own_names_a_repository() {
    const EVIL: &str = "https://github.com/mallory/x";
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let mut body = plugin_request();
    for key in ["userId", "memoryId", "prompt", "repoUrl", "githubUrl", "repository"] {
        body[key] = EVIL.into();
    }
    for key in
        ["stableSelector", "canarySelector", "baseBranch", "podName", "stableLogs", "canaryLogs", "githubUrl"]
    {
        body["context"][key] = EVIL.into();
    }
    assert_eq!(house.post("/a2a/analyze", body.to_string(), None).await.0, 200);
    // The one field that does name one reaches the gate as what it is, which refuses what is not listed.
    body["context"]["repoUrl"] = EVIL.into();
    assert_eq!(house.post("/a2a/analyze", body.to_string(), None).await.0, 200);
    let query =
        format!("repoUrl={EVIL}&repository={EVIL}&githubUrl={EVIL}&extraPrompt={EVIL}&baseBranch={EVIL}");
    assert_eq!(house.get(&format!("/v1/verdict/shop/shop?{query}"), None).await.0, 200);
    for path in
        ["/a2a/events?since=0&", "/a2a/rollout/summary?namespace=shop&name=shop&", "/a2a/health?", "/readyz?"]
    {
        let (status, body) = house.get(&format!("{path}{query}"), None).await;
        assert_eq!(status, 200, "{path}");
        assert!(!body.to_string().contains("mallory"), "{path}: {body}");
    }
    let named: Vec<Option<String>> = house.asked().into_iter().map(|request| request.repository).collect();
    assert_eq!(named, [Some("https://github.com/acme/shop".to_owned()), Some(EVIL.to_owned()), None]);
    for field in ["namespace", "rolloutName"] {
        let mut body = plugin_request();
        body["context"][field] = EVIL.into();
        assert_eq!(house.post("/a2a/analyze", body.to_string(), None).await.0, 422, "{field}");
    }
}

#[tokio::test]
async fn without_a_gate_token_the_path_opens_nothing() {
    let auth = Auth::Tokens { token: "the-strong-token".into(), gate: None };
    let house = house(auth, Limits::default(), Some(Ok(held()))).await;
    assert_eq!(house.post("/t//a2a/analyze", plugin_request().to_string(), None).await.0, 401);
    assert_eq!(house.post("/t/x/a2a/analyze", plugin_request().to_string(), None).await.0, 401);
}
