//! The record of what a server was asked.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::{broadcast, watch};

/// How much of a request's body is kept, in bytes.
pub const MAX_RECORDED_BODY: usize = 1024 * 1024;

/// How many requests are kept; a demo that runs for hours must not grow with them.
const MAX_RECORDED_REQUESTS: usize = 10_000;

/// How many ended requests a slow follower may lag behind before it misses some.
const FOLLOW_BACKLOG: usize = 1024;

/// One request, as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// The method.
    pub method: Method,
    /// The path as sent, percent-encoding included.
    pub path: String,
    /// The query as sent, without the question mark; empty when there is none.
    pub query: String,
    /// The headers; their names are lowercase.
    pub headers: HeaderMap,
    /// The body as far as the handler has read it, at most [`MAX_RECORDED_BODY`] bytes.
    pub body: Vec<u8>,
    /// How long the body was, in bytes, as far as the handler has read it.
    pub body_length: u64,
    /// The status of the answer; `None` while there is none, and for ever when the connection was cut.
    pub status: Option<u16>,
}

impl Asked {
    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Follows the requests that end; see [`super::Wire::follow`].
pub struct Follow {
    ended: broadcast::Receiver<Asked>,
}

impl Follow {
    /// The next request that was answered or cut (then without a status); `None` once the server is gone.
    pub async fn next(&mut self) -> Option<Asked> {
        loop {
            match self.ended.recv().await {
                Ok(asked) => return Some(asked),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the follower is too slow: some requests are not shown");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// All that one server was asked.
pub(super) struct Record {
    requests: Mutex<VecDeque<Asked>>,
    changed: watch::Sender<u64>,
    ended: broadcast::Sender<Asked>,
}

impl Record {
    /// Notes a request's head and returns its number.
    pub(super) fn arrived(&self, head: &http::request::Parts) -> u64 {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let number = requests.back().map_or(1, |last| last.number + 1);
        if requests.len() >= MAX_RECORDED_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(Asked {
            number,
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            body: Vec::new(),
            body_length: 0,
            status: None,
        });
        drop(requests);
        self.changed.send_modify(|version| *version += 1);
        number
    }

    /// Adds a piece of a request's body.
    pub(super) fn read(&self, number: u64, piece: &Bytes) {
        self.change(number, |asked| {
            let room = MAX_RECORDED_BODY.saturating_sub(asked.body.len());
            asked.body.extend(piece.iter().take(room));
            asked.body_length += piece.len() as u64;
        });
    }

    /// Notes how a request ended: with this status, or cut.
    pub(super) fn ended(&self, number: u64, status: Option<u16>) {
        let ended = self.change(number, |asked| {
            asked.status = status;
            asked.clone()
        });
        if let Some(asked) = ended {
            // Nobody following is fine.
            let _ = self.ended.send(asked);
        }
    }

    pub(super) fn all(&self) -> Vec<Asked> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn follow(&self) -> Follow {
        Follow { ended: self.ended.subscribe() }
    }

    pub(super) async fn wait_for(&self, pred: impl Fn(&Asked) -> bool) -> Asked {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if let Some(found) = self.find(&pred) {
                return found;
            }
            if changed.changed().await.is_err() {
                // The sender lives as long as this record, so it cannot be gone while it is borrowed.
                std::future::pending::<()>().await;
            }
        }
    }

    fn find(&self, pred: impl Fn(&Asked) -> bool) -> Option<Asked> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().find(|asked| pred(asked)).cloned()
    }

    fn change<T>(&self, number: u64, change: impl FnOnce(&mut Asked) -> T) -> Option<T> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = requests.iter_mut().rev().find(|asked| asked.number == number).map(change);
        drop(requests);
        self.changed.send_modify(|version| *version += 1);
        changed
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            requests: Mutex::default(),
            changed: watch::Sender::new(0),
            ended: broadcast::Sender::new(FOLLOW_BACKLOG),
        }
    }
}
