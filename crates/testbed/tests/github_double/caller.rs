//! A small shop on the GitHub double, and a REST caller that sees statuses, headers and bodies as they are.

use http::Method;
use serde_json::Value;
use testbed::github::{Change, GitHub, GitHubOptions, Source};

/// The repository of these tests.
pub(crate) const SHOP: &str = "acme/shop";
/// A token that may do everything.
pub(crate) const TOKEN: &str = "ghp_writes";

/// A double with `acme/shop`: two commits on `main`, one more on `fix`.
pub(crate) async fn shop() -> GitHub {
    shop_with(GitHubOptions::with_token(TOKEN, "rollmend")).await
}

/// The same with options of one's own.
pub(crate) async fn shop_with(options: GitHubOptions) -> GitHub {
    let github = GitHub::start(options).await.unwrap();
    github.create_repository(SHOP, Source::Empty).await.unwrap();
    commit(&github, "main", "price.txt", "one\n");
    commit(&github, "main", "price.txt", "two\n");
    commit(&github, "fix", "price.txt", "one\n");
    github
}

/// A human's push of one file; returns the sha.
pub(crate) fn commit(github: &GitHub, branch: &str, path: &str, text: &str) -> String {
    let change = Change { message: &format!("Set {path} to {}", text.trim()), files: &[(path, Some(text))] };
    github.human("octocat").push(SHOP, branch, &change).unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and message, what most refusals are about.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["message"].as_str().unwrap().to_owned())
    }
}

/// Calls the API with a token.
pub(crate) struct Caller {
    client: reqwest::Client,
    base: String,
    token: Option<&'static str>,
}

impl Caller {
    pub(crate) fn new(github: &GitHub, token: impl Into<Option<&'static str>>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redirects = reqwest::redirect::Policy::none();
        let client =
            reqwest::Client::builder().user_agent("tests").redirect(redirects).no_proxy().build().unwrap();
        Self { client, base: github.url(), token: token.into() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}
