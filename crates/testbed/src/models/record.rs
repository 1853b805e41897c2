//! The record of what the models were asked.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

/// How many requests are kept; a demo that runs for hours must not grow with them.
const MAX_RECORDED_REQUESTS: usize = 10_000;

/// Whose shape a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// OpenAI's chat completions.
    OpenAi,
    /// The same at Azure's path.
    Azure,
    /// Anthropic's messages.
    Anthropic,
}

/// One request to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRequest {
    /// Whose shape it has.
    pub shape: Shape,
    /// The path as sent.
    pub path: String,
    /// The body; `Null` when it is no JSON.
    pub body: Value,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As the script says, with this turn (from 0) of this conversation.
    Played {
        /// The conversation's name.
        conversation: String,
        /// The turn's index.
        turn: usize,
    },
    /// Refused as the provider would refuse it.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The sentence in the error body.
        message: String,
    },
    /// It did not fit the script: answered with 500.
    Mismatch(String),
}

impl RecordedRequest {
    /// The model that was asked for; empty when none was.
    pub fn model(&self) -> &str {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default()
    }
}

/// All that was asked of one server.
#[derive(Debug, Default)]
pub(super) struct Record {
    requests: Mutex<VecDeque<RecordedRequest>>,
    changed: watch::Sender<()>,
}

impl Record {
    pub(super) fn add(&self, request: RecordedRequest) {
        let mut requests = self.requests();
        if requests.len() >= MAX_RECORDED_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
        drop(requests);
        self.changed.send_replace(());
    }

    /// Resolves when so many requests were recorded, at once where they were already.
    pub(super) async fn has(&self, count: usize) {
        let mut changed = self.changed.subscribe();
        while self.requests().len() < count {
            // The sender lives as long as this record, so it cannot be gone while it is borrowed.
            let _ = changed.changed().await;
        }
    }

    pub(super) fn all(&self) -> Vec<RecordedRequest> {
        self.requests().iter().cloned().collect()
    }

    pub(super) fn mismatches(&self) -> Vec<String> {
        let requests = self.requests();
        let problems = requests.iter().filter_map(|request| match &request.outcome {
            Outcome::Mismatch(problem) => Some(problem.clone()),
            Outcome::Played { .. } | Outcome::Refused { .. } => None,
        });
        problems.collect()
    }

    fn requests(&self) -> MutexGuard<'_, VecDeque<RecordedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
