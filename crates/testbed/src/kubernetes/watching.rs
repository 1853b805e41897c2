//! WATCH: a stream of JSON lines that goes on until its time is up, its place is gone, or the connection ends.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::{
    InitialEvents,
    form::{self, Extent},
    kinds::Kind,
    object::text,
    reading,
    refusal::Refusal,
    request::Form,
    selector::Selector,
    serving::{Asking, Server},
    store::{Change, Changes, Deed},
};

/// How long a watch lasts that names no `timeoutSeconds` (the API server takes 30–60 minutes).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1_800);

/// What a test orders all live watches to do; a raised number is a new order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// Send a bookmark.
    pub(crate) bookmark: u64,
    /// Say that the place is gone, and end.
    pub(crate) expire: u64,
    /// New watches from a compacted version are refused by HTTP status instead of within the stream.
    pub(crate) gone_by_status: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bookmarks {
    Wanted,
    Unwanted,
}

struct Watcher {
    kind: Kind,
    form: Form,
    extent: Extent,
    namespace: Option<String>,
    selector: Selector,
    bookmarks: Bookmarks,
    changes: Changes,
    pending: VecDeque<Value>,
    deadline: Instant,
    orders: watch::Receiver<Orders>,
    obeyed: Orders,
    ended: bool,
}

/// Answers with a stream of changes.
pub(crate) fn watch(server: &Server, asking: &Asking) -> Result<Response, Refusal> {
    let wants_initial = asking.query.is_set("sendInitialEvents");
    if wants_initial && server.initial_events == InitialEvents::Refused {
        return Err(initial_events_refused());
    }
    let from = asking.query.number("resourceVersion")?.filter(|from| *from > 0 && !wants_initial);
    let (start, initial) = match from {
        Some(from) => (from, VecDeque::new()),
        None => server.store.snapshot(asking.kind, asking.ask.namespace.as_deref()),
    };
    let mut watcher = Watcher::new(server, asking, start)?;
    for object in initial {
        if watcher.selector.matches(&object) {
            watcher.push("ADDED", &object);
        }
    }
    if wants_initial {
        watcher.bookmark(start, json!({"k8s.io/initial-events-end": "true"}));
    }
    if let Err(refusal) = server.store.can_watch_from(start) {
        if refusal.code != StatusCode::GONE || watcher.obeyed.gone_by_status {
            return Err(refusal);
        }
        watcher.fail(&refusal);
    }
    let lines = stream::unfold(watcher, |mut watcher| async move {
        let line = watcher.next().await?;
        Some((Ok::<_, Infallible>(format!("{line}\n")), watcher))
    });
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/json")], Body::from_stream(lines)).into_response())
}

impl Watcher {
    fn new(server: &Server, asking: &Asking, start: u64) -> Result<Self, Refusal> {
        let timeout = asking.query.number("timeoutSeconds")?.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
        let wanted = asking.query.is_set("allowWatchBookmarks");
        let orders = server.orders.subscribe();
        let obeyed = *orders.borrow();
        Ok(Watcher {
            kind: asking.kind,
            form: asking.form,
            extent: asking.extent,
            namespace: asking.ask.namespace.clone(),
            selector: reading::selector(asking)?,
            bookmarks: if wanted { Bookmarks::Wanted } else { Bookmarks::Unwanted },
            changes: server.store.changes(start),
            pending: VecDeque::new(),
            deadline: Instant::now() + timeout,
            orders,
            obeyed,
            ended: false,
        })
    }

    /// The next event, or nothing when the watch has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                biased;
                Ok(()) = self.orders.changed() => self.obey(),
                change = self.changes.next() => match change {
                    Ok(change) => self.take(&change),
                    Err(refusal) => self.fail(&refusal),
                },
                () = tokio::time::sleep_until(self.deadline) => {
                    self.bookmark(self.changes.seen(), Value::Null);
                    self.ended = true;
                }
            }
        }
    }

    fn take(&mut self, change: &Change) {
        let elsewhere = self
            .namespace
            .as_deref()
            .is_some_and(|namespace| text(&change.object, "/metadata/namespace") != namespace);
        if change.kind != self.kind || elsewhere {
            return;
        }
        let is = self.selector.matches(&change.object);
        let was = change.before.as_ref().map_or(is, |before| self.selector.matches(before));
        match (change.deed, was, is) {
            (Deed::Added, _, true) | (Deed::Modified, false, true) => self.push("ADDED", &change.object),
            (Deed::Modified, true, true) => self.push("MODIFIED", &change.object),
            (Deed::Modified, true, false) | (Deed::Deleted, _, true) => self.push("DELETED", &change.object),
            (_, _, false) => {}
        }
    }

    fn push(&mut self, event: &str, object: &Value) {
        let object = form::outgoing(object, self.form, self.extent);
        self.pending.push_back(json!({"type": event, "object": object}));
    }

    fn obey(&mut self) {
        let orders = *self.orders.borrow_and_update();
        if orders.expire != self.obeyed.expire {
            let seen = self.changes.seen();
            self.fail(&Refusal::expired(format!("too old resource version: {seen} ({})", seen + 1)));
        } else if orders.bookmark != self.obeyed.bookmark {
            self.bookmark(self.changes.seen(), Value::Null);
        }
        self.obeyed = orders;
    }

    fn bookmark(&mut self, version: u64, annotations: Value) {
        if self.bookmarks == Bookmarks::Unwanted {
            return;
        }
        let (kind, api_version) = form::object_type(self.kind, self.form, self.extent);
        let mut metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
        if let (Some(members), false) = (metadata.as_object_mut(), annotations.is_null()) {
            members.insert("annotations".to_owned(), annotations);
        }
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata});
        self.pending.push_back(json!({"type": "BOOKMARK", "object": object}));
    }

    fn fail(&mut self, refusal: &Refusal) {
        self.pending.push_back(json!({"type": "ERROR", "object": refusal.to_status()}));
        self.ended = true;
    }
}

/// How a server without the `WatchList` feature answers.
fn initial_events_refused() -> Refusal {
    let mut refusal = Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
    );
    refusal.details = json!({
        "group": "meta.k8s.io", "kind": "ListOptions",
        "causes": [{
            "reason": "FieldValueForbidden", "field": "sendInitialEvents",
            "message": "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        }],
    });
    refusal
}
