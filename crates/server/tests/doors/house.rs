//! A server on a loopback port, with a gate and an insight that say what they were told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{Figures, Gate, Glance, Insight, RolloutSummary, Startup, ToldStep};
use domain::workflow::StateName;
use domain::{GateAnswer, GateRefusal, GateRequest, Promotion, RolloutRef};
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::Method;
use rollmend_server::{Auth, Doors, Limits, Reloads, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Every door that is not open to all, with a path that it understands.
pub(crate) const DOORS: [(Method, &str); 7] = [
    (Method::GET, "/"),
    (Method::POST, "/a2a/analyze"),
    (Method::GET, "/a2a/health"),
    (Method::GET, "/a2a/events"),
    (Method::GET, "/a2a/events/stream"),
    (Method::GET, "/a2a/rollout/summary?namespace=shop&name=shop"),
    (Method::GET, "/v1/verdict/shop/shop"),
];

type Said = Option<Result<GateAnswer, GateRefusal>>;

/// A gate that answers what it was told to, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Scripted {
    answer: Said,
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

    async fn glance(&self, request: GateRequest) -> Result<Glance, GateRefusal> {
        self.asked.lock().unwrap().push(request);
        self.answer.clone().map_or(Ok(Glance::NotYet), |answer| answer.map(Glance::Known))
    }
}

/// An insight that shows what it was told to.
pub(crate) struct Shown {
    pub(crate) startup: Mutex<Startup>,
    pub(crate) figures: Mutex<Figures>,
    pub(crate) rollout: Mutex<Result<RolloutSummary, GateRefusal>>,
    pub(crate) asked: Mutex<Vec<RolloutRef>>,
    steps: watch::Sender<Vec<ToldStep>>,
}

impl Shown {
    fn new() -> Self {
        let summary = RolloutSummary {
            phase: "Progressing".to_owned(),
            canary_weight: 25,
            stable_weight: 75,
            stable_pods: 3,
            canary_pods: 1,
        };
        Self {
            startup: Mutex::new(Startup::Ready),
            figures: Mutex::default(),
            rollout: Mutex::new(Ok(summary)),
            asked: Mutex::default(),
            steps: watch::channel(Vec::new()).0,
        }
    }

    /// A step happens.
    pub(crate) fn tell(&self, id: u64) {
        self.steps.send_modify(|steps| {
            steps.push(ToldStep {
                id,
                at: "2026-11-24T02:30:00Z".parse().unwrap(),
                kind: "verdict-reached",
                incident: "shop-checkout-14238ed3".parse().unwrap(),
                state: StateName::HandedOff,
                words: "cause: code, confidence 90; leads to a patch".to_owned(),
            });
        });
    }
}

#[async_trait]
impl Insight for Shown {
    fn startup(&self) -> Startup {
        self.startup.lock().unwrap().clone()
    }

    fn steps(&self, since: u64) -> Vec<ToldStep> {
        self.steps.borrow().iter().filter(|step| step.id > since).cloned().collect()
    }

    fn follow(&self, since: u64) -> BoxStream<'static, ToldStep> {
        let from = (self.steps.subscribe(), since);
        futures::stream::unfold(from, |(mut steps, since)| async move {
            let told = steps.wait_for(|steps| steps.iter().any(|step| step.id > since)).await.ok()?;
            let step = told.iter().find(|step| step.id > since).cloned()?;
            drop(told);
            let id = step.id;
            Some((step, (steps, id)))
        })
        .boxed()
    }

    fn figures(&self) -> Figures {
        self.figures.lock().unwrap().clone()
    }

    async fn rollout(&self, rollout: &RolloutRef) -> Result<RolloutSummary, GateRefusal> {
        self.asked.lock().unwrap().push(rollout.clone());
        self.rollout.lock().unwrap().clone()
    }
}

pub(crate) struct House {
    pub(crate) url: String,
    pub(crate) gate: Arc<Scripted>,
    pub(crate) insight: Arc<Shown>,
    pub(crate) reloads: Reloads,
    pub(crate) client: reqwest::Client,
    pub(crate) serving: JoinHandle<std::io::Result<()>>,
    pub(crate) cancel: CancellationToken,
}

pub(crate) async fn house(auth: Auth, limits: Limits, answer: Said) -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let gate = Arc::new(Scripted { answer, ..Scripted::default() });
    let insight = Arc::new(Shown::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cancel = CancellationToken::new();
    let reloads = Reloads::default();
    let doors =
        Doors { gate: gate.clone(), insight: insight.clone(), auth, limits, reloads: reloads.clone() };
    let serving = tokio::spawn(serve(listener, doors, cancel.clone()));
    House { url, gate, insight, reloads, client: reqwest::Client::new(), serving, cancel }
}

impl Drop for House {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl House {
    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
        token: Option<&str>,
    ) -> (u16, Value) {
        let request =
            self.client.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        Self::send(request.body(body), token).await
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        Self::send(self.client.get(format!("{}{path}", self.url)), token).await
    }

    async fn send(mut request: reqwest::RequestBuilder, token: Option<&str>) -> (u16, Value) {
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The answer's status alone; the body may never end.
    pub(crate) async fn status(&self, method: Method, path: &str, token: Option<&str>) -> u16 {
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).body(plugin_request().to_string());
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// What `/metrics` says, by series.
    pub(crate) async fn series(&self) -> BTreeMap<String, String> {
        let response = self.client.get(format!("{}/metrics", self.url)).send().await.unwrap();
        let text = response.text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    pub(crate) fn asked(&self) -> Vec<GateRequest> {
        self.gate.asked.lock().unwrap().clone()
    }
}

pub(crate) fn tokens() -> Auth {
    Auth::Tokens { token: "the-strong-token".into(), gate: Some("the-gate-token".into()) }
}

pub(crate) fn held() -> GateAnswer {
    GateAnswer {
        promotion: Promotion::Hold,
        confidence: 85,
        analysis: "18.9 % of requests failed".into(),
        root_cause: "an absent profile".into(),
        remediation: "revert 4f2c9d1".into(),
        pull_request: Some("https://github.com/acme/shop/pull/7".into()),
    }
}

pub(crate) fn plugin_request() -> Value {
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

pub(crate) fn shop() -> RolloutRef {
    RolloutRef { namespace: "shop".parse().unwrap(), name: "shop".parse().unwrap() }
}
