//! The ReplicaSet controller: as many pods as the ReplicaSet asks for.

use serde_json::{Value, json};

use crate::kubernetes::{Importance, Kind, Occurrence, Store, items, members, number, set, text};

/// Makes or deletes pods, and counts them in the ReplicaSet's status.
pub(super) fn reconcile(store: &Store, replica_set: &Value) {
    let pods = pods(store, replica_set);
    let leaving = |pod: &&Value| !text(pod, "/metadata/deletionTimestamp").is_empty();
    let mut present: Vec<&Value> = pods.iter().filter(|pod| !leaving(pod)).collect();
    let wanted = usize::try_from(number(replica_set, "/spec/replicas").unwrap_or(0)).unwrap_or_default();
    for _ in present.len()..wanted {
        create(store, replica_set);
    }
    present.sort_by_key(|pod| (is_ready(pod), std::cmp::Reverse(number_of(pod))));
    for pod in present.iter().take(present.len().saturating_sub(wanted)) {
        let name = text(pod, "/metadata/name");
        // Gone already is gone.
        let _ = store.delete(Kind::Pod, text(pod, "/metadata/namespace"), name);
        report(store, replica_set, "SuccessfulDelete", format!("Deleted pod: {name}"));
    }
    count(store, replica_set);
}

/// The pods that a ReplicaSet owns, leaving ones included.
pub(super) fn pods(store: &Store, replica_set: &Value) -> Vec<Value> {
    let uid = text(replica_set, "/metadata/uid");
    store.list_where(Kind::Pod, text(replica_set, "/metadata/namespace"), |pod| {
        items(pod, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid)
    })
}

/// Sets the ReplicaSet's `spec.replicas`.
pub(super) fn scale(store: &Store, replica_set: &Value, replicas: i64) {
    let (namespace, name) = (text(replica_set, "/metadata/namespace"), text(replica_set, "/metadata/name"));
    // Gone already needs no scale.
    let _ = store.update(Kind::ReplicaSet, namespace, name, |found| set(found, "/spec/replicas", replicas));
}

/// Gives the ReplicaSet and its pods the metadata of their role, stable or canary, instead of `former`.
pub(super) fn assume_role(store: &Store, replica_set: &Value, role: &Value, former: &Value) {
    const ANNOTATION: &str = "/metadata/annotations/rollout.argoproj.io~1ephemeral-metadata";
    let written = role.to_string();
    if role.is_null() || text(replica_set, ANNOTATION) == written {
        return;
    }
    let relabel = |object: &mut Value, prefix: &str| {
        for part in ["labels", "annotations"] {
            for (name, _) in members(former, &format!("/{part}")) {
                crate::kubernetes::remove(
                    object,
                    &format!("{prefix}/metadata/{part}/{}", name.replace('/', "~1")),
                );
            }
            for (name, value) in members(role, &format!("/{part}")) {
                set(object, &format!("{prefix}/metadata/{part}/{}", name.replace('/', "~1")), value.clone());
            }
        }
    };
    let (namespace, name) = (text(replica_set, "/metadata/namespace"), text(replica_set, "/metadata/name"));
    let _ = store.update(Kind::ReplicaSet, namespace, name, |found| {
        set(found, ANNOTATION, written);
        relabel(found, "/spec/template");
    });
    for pod in pods(store, replica_set) {
        let _ = store.update(Kind::Pod, namespace, text(&pod, "/metadata/name"), |pod| relabel(pod, ""));
    }
}

fn create(store: &Store, replica_set: &Value) {
    let name = text(replica_set, "/metadata/name");
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{name}-"), "namespace": text(replica_set, "/metadata/namespace"),
            "labels": replica_set.pointer("/spec/template/metadata/labels"),
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": text(replica_set, "/metadata/uid"),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": replica_set.pointer("/spec/template/spec"), "status": {"phase": "Pending"},
    });
    if let Some(annotations) = replica_set.pointer("/spec/template/metadata/annotations") {
        set(&mut pod, "/metadata/annotations", annotations.clone());
    }
    match store.create(pod) {
        Ok(pod) => {
            let created = format!("Created pod: {}", text(&pod, "/metadata/name"));
            report(store, replica_set, "SuccessfulCreate", created);
        }
        Err(error) => tracing::warn!(%error, "failed to create a pod"),
    }
}

fn count(store: &Store, replica_set: &Value) {
    let pods = pods(store, replica_set);
    let present = pods.iter().filter(|pod| text(pod, "/metadata/deletionTimestamp").is_empty());
    let (all, ready) =
        present.fold((0_i64, 0_i64), |(all, ready), pod| (all + 1, ready + i64::from(is_ready(pod))));
    let (namespace, name) = (text(replica_set, "/metadata/namespace"), text(replica_set, "/metadata/name"));
    // Gone already needs no count.
    let _ = store.update(Kind::ReplicaSet, namespace, name, |found| {
        let generation = number(found, "/metadata/generation").unwrap_or(1);
        let mut status = json!({"replicas": all, "observedGeneration": generation});
        for (field, number) in
            [("fullyLabeledReplicas", all), ("readyReplicas", ready), ("availableReplicas", ready)]
        {
            if number > 0 {
                set(&mut status, &format!("/{field}"), number);
            }
        }
        set(found, "/status", status);
    });
}

fn is_ready(pod: &Value) -> bool {
    items(pod, "/status/conditions")
        .iter()
        .any(|condition| text(condition, "/type") == "Ready" && text(condition, "/status") == "True")
}

/// Pods made later have higher versions at first; the resourceVersion serves as their age.
fn number_of(pod: &Value) -> u64 {
    text(pod, "/metadata/resourceVersion").parse().unwrap_or_default()
}

fn report(store: &Store, replica_set: &Value, reason: &'static str, message: String) {
    let component = "replicaset-controller";
    store.report(replica_set, Occurrence { importance: Importance::Normal, reason, message, component });
}
