//! Events as the recorders of controllers write them: the same occurrence again raises a count.

use serde_json::{Value, json};

use super::{
    kinds::Kind,
    object::{number, set, text},
    store::Store,
};

/// How an event is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Importance {
    Normal,
    Warning,
}

/// What happened to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) importance: Importance,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// Who says so, such as `rollouts-controller`.
    pub(crate) component: &'static str,
}

impl Store {
    /// Writes an event about `object`.
    pub(crate) fn report(&self, object: &Value, occurrence: Occurrence) {
        let namespace = text(object, "/metadata/namespace");
        let uid = text(object, "/metadata/uid");
        let now = self.clock().seconds();
        let same = self.list_where(Kind::Event, namespace, |event| {
            text(event, "/involvedObject/uid") == uid
                && text(event, "/reason") == occurrence.reason
                && text(event, "/message") == occurrence.message
        });
        // An event about an object that is just being removed may fail, and then nobody misses it.
        let _ = match same.first() {
            Some(event) => self.update(Kind::Event, namespace, text(event, "/metadata/name"), |event| {
                set(event, "/count", number(event, "/count").unwrap_or(1) + 1);
                set(event, "/lastTimestamp", now);
            }),
            None => self.insert(Kind::Event, self.first(object, occurrence, &now)),
        };
    }

    fn first(&self, object: &Value, occurrence: Occurrence, now: &str) -> Value {
        let nanos = self.clock().now().timestamp_nanos_opt().unwrap_or_default();
        let ending = nanos.wrapping_add(i64::try_from(self.version()).unwrap_or_default());
        let namespace = text(object, "/metadata/namespace");
        let mut event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {
                "name": format!("{}.{ending:x}", text(object, "/metadata/name")), "namespace": namespace,
            },
            "involvedObject": {
                "apiVersion": text(object, "/apiVersion"), "kind": text(object, "/kind"), "namespace": namespace,
                "name": text(object, "/metadata/name"), "uid": text(object, "/metadata/uid"),
                "resourceVersion": text(object, "/metadata/resourceVersion"),
            },
            "type": match occurrence.importance {
                Importance::Normal => "Normal",
                Importance::Warning => "Warning",
            },
            "reason": occurrence.reason, "count": 1, "eventTime": null,
            "firstTimestamp": now, "lastTimestamp": now, "source": {"component": occurrence.component},
            "reportingComponent": occurrence.component, "reportingInstance": "",
        });
        set(&mut event, "/message", occurrence.message);
        event
    }
}
