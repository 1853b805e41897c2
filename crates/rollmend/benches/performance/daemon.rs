//! The daemon that is measured, and how it is asked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::house::{Canary, House, NAMESPACE, ROLLOUT};
use crate::service::Service;
use crate::table::Row;

/// A binary with the name of its column.
pub(crate) struct Binary {
    pub(crate) name: String,
    path: PathBuf,
}

/// Deploys a version and waits until its log is followed and it is held where its analysis begins.
pub(crate) async fn begin_canary(house: &House, version: &str) -> Canary {
    let canary = house.begin_canary_as(version).await;
    house.rollout("paused", |rollout| rollout["status"]["pauseConditions"].is_array()).await;
    canary
}

/// A running one.
pub(crate) struct Running {
    pub(crate) service: Service,
    pub(crate) door: SocketAddr,
    client: Client,
}

impl Binary {
    /// Those that are to be measured.
    pub(crate) fn named() -> Vec<Self> {
        let named = std::env::var("ROLLMEND_MEASURED").unwrap_or_default();
        let mut binaries: Vec<Self> = named
            .split_whitespace()
            .map(|pair| {
                let (name, path) = pair.split_once('=').unwrap_or_else(|| panic!("{pair} is no NAME=PATH"));
                Self { name: name.to_owned(), path: path.into() }
            })
            .collect();
        if binaries.is_empty() {
            binaries
                .push(Self { name: "this build".to_owned(), path: env!("CARGO_BIN_EXE_rollmend").into() });
        }
        binaries
    }

    pub(crate) fn size(&self) -> Row {
        let bytes = std::fs::metadata(&self.path).unwrap().len();
        Row::new("size of the binary, stripped", "≤ 30 MB", format!("{:.1} MB", bytes as f64 / 1e6))
    }

    /// Starts it in that house; nothing is waited for.
    pub(crate) fn spawn(&self, house: &House) -> Service {
        // The house would start the binary of its own build, which arrives as `$1`.
        let script = format!("shift; exec '{}' \"$@\"", self.path.display());
        house.files.spawn_as(&["sh", "-c", &script, "--"])
    }

    /// Starts it in that house and waits until it is ready.
    pub(crate) async fn run(&self, house: &House) -> Running {
        let service = self.spawn(house);
        let running = Running { door: service.address().await, service, client: client() };
        running.ready().await;
        running
    }
}

impl Running {
    /// Waits for `/readyz`, looked at each millisecond.
    pub(crate) async fn ready(&self) {
        let mut looks = tokio::time::interval(Duration::from_millis(1));
        while self.get("/readyz").await.0 != 200 {
            looks.tick().await;
        }
    }

    /// Status and body of a page.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.client.get(format!("http://{}{path}", self.door)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asks the gate as the metric plugin does.
    pub(crate) async fn ask(&self) -> (u16, Value) {
        let question = json!({
            "userId": "argo-rollouts", "memoryId": format!("rollout:{NAMESPACE}/{ROLLOUT}"),
            "prompt": format!("Analyze canary deployment for rollout '{ROLLOUT}'. Namespace: {NAMESPACE}."),
            "context": {
                "namespace": NAMESPACE, "rolloutName": ROLLOUT, "stableSelector": "role=stable", "canarySelector": "role=canary",
            },
        });
        let door = format!("http://{}/a2a/analyze", self.door);
        let answer = self.client.post(door).json(&question).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A series of `/metrics`, 0 while it is not there.
    pub(crate) async fn series(&self, name: &str) -> f64 {
        let (_, shown) = self.get("/metrics").await;
        let value = shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.service.pid()
    }

    pub(crate) async fn stop(self) {
        let (status, lines) = self.service.terminate().await;
        assert!(status.success(), "{}", lines.join("\n"));
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}
