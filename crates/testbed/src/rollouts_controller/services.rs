//! The selectors of the canary's and the stable's Service.

use serde_json::Value;

use super::occurrence;
use crate::kubernetes::{Importance, Kind, Store, set, text};

const SELECTOR: &str = "/spec/selector/rollouts-pod-template-hash";

/// Points the Service that `field` of the canary strategy names at the pods of `hash`, where there is such a Service.
pub(super) fn point(store: &Store, rollout: &Value, field: &str, hash: &str) {
    let name = text(rollout, &format!("/spec/strategy/canary/{field}"));
    let namespace = text(rollout, "/metadata/namespace");
    let Some(service) = store.get(Kind::Service, namespace, name) else { return };
    let former = text(&service, SELECTOR).to_owned();
    if former == hash || hash.is_empty() {
        return;
    }
    // A Service that was deleted meanwhile needs no selector.
    let _ = store.update(Kind::Service, namespace, name, |service| set(service, SELECTOR, hash));
    let switched = format!("Switched selector for service '{name}' from '{former}' to '{hash}'");
    store.report(rollout, occurrence(Importance::Normal, "SwitchService", switched));
}
