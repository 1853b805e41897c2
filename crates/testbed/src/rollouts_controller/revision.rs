//! The ReplicaSet of a Rollout's present template: found by its hash, or made.

use serde_json::{Map, Value, json};

use super::occurrence;
use crate::kubernetes::{Importance, Kind, Store, items, safe_encode, set, text};

pub(super) const HASH_LABEL: &str = "rollouts-pod-template-hash";
pub(super) const REVISION: &str = "/metadata/annotations/rollout.argoproj.io~1revision";
const DESIRED: &str = "/metadata/annotations/rollout.argoproj.io~1desired-replicas";

/// The ReplicaSets that a Rollout owns.
pub(super) fn owned(store: &Store, rollout: &Value) -> Vec<Value> {
    let uid = text(rollout, "/metadata/uid");
    store.list_where(Kind::ReplicaSet, text(rollout, "/metadata/namespace"), |set| {
        items(set, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid)
    })
}

/// The hash of a ReplicaSet's template, by its label.
pub(super) fn hash_of(replica_set: &Value) -> &str {
    text(replica_set, "/metadata/labels/rollouts-pod-template-hash")
}

/// A ten-letter hash over any JSON, members in order of their names (FNV-1a, 32 bits, as Kubernetes hashes templates).
pub(super) fn hash(value: &Value) -> String {
    let mut state = 0x811c_9dc5_u32;
    feed(value, &mut |bytes| {
        for byte in bytes {
            state = (state ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    });
    safe_encode(&state.to_string())
}

/// Finds or makes the ReplicaSet of the present template, and gives the Rollout its revision.
pub(super) fn sync(store: &Store, rollout: &Value) -> Option<Value> {
    let template = rollout.pointer("/spec/template")?;
    let hash = hash(template);
    let sets = owned(store, rollout);
    let revision_of = |set: &Value| text(set, REVISION).parse::<u64>().unwrap_or(0);
    let newest = sets.iter().map(revision_of).max().unwrap_or(0);
    let found = sets.into_iter().find(|set| hash_of(set) == hash);
    let (namespace, name) = (text(rollout, "/metadata/namespace"), text(rollout, "/metadata/name"));
    let revision = match &found {
        Some(set) if revision_of(set) == newest => newest,
        _ => newest + 1,
    };
    if text(rollout, REVISION) != revision.to_string() {
        store
            .update(Kind::Rollout, namespace, name, |rollout| set(rollout, REVISION, revision.to_string()))
            .ok()?;
        let updated = format!("Rollout updated to revision {revision}");
        store.report(rollout, occurrence(Importance::Normal, "RolloutUpdated", updated));
    }
    match found {
        Some(found) if revision_of(&found) == revision => Some(found),
        Some(found) => store
            .update(Kind::ReplicaSet, namespace, text(&found, "/metadata/name"), |found| {
                set(found, REVISION, revision.to_string());
            })
            .ok(),
        None => {
            let made = store.create(replica_set(rollout, template, &hash, revision)).ok()?;
            let created = format!("Created ReplicaSet {name}-{hash} (revision {revision})");
            store.report(rollout, occurrence(Importance::Normal, "NewReplicaSetCreated", created));
            Some(made)
        }
    }
}

fn replica_set(rollout: &Value, template: &Value, hash: &str, revision: u64) -> Value {
    let name = text(rollout, "/metadata/name");
    let selector = rollout.pointer("/spec/selector/matchLabels").cloned().unwrap_or_default();
    let mut template = template.clone();
    default_pod_spec(&mut template);
    set(&mut template, &format!("/metadata/labels/{HASH_LABEL}"), hash);
    let mut made = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{name}-{hash}"), "namespace": text(rollout, "/metadata/namespace"),
            "labels": template.pointer("/metadata/labels"), "annotations": {}, "ownerReferences": [owner(rollout)],
        },
        "spec": {"replicas": 0, "selector": {"matchLabels": selector}, "template": template},
        "status": {"replicas": 0},
    });
    set(&mut made, &format!("/spec/selector/matchLabels/{HASH_LABEL}"), hash);
    set(&mut made, REVISION, revision.to_string());
    let desired = rollout.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    set(&mut made, DESIRED, desired.to_string());
    for (name, value) in copied_annotations(rollout) {
        set(&mut made, &format!("/metadata/annotations/{}", name.replace('/', "~1")), value);
    }
    made
}

/// The controller's reference to the Rollout that owns an object.
pub(super) fn owner(rollout: &Value) -> Value {
    json!({
        "apiVersion": text(rollout, "/apiVersion"), "kind": text(rollout, "/kind"),
        "name": text(rollout, "/metadata/name"), "uid": text(rollout, "/metadata/uid"),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Annotations of a Rollout are copied to its ReplicaSet, but for those of kubectl and of the controller itself.
fn copied_annotations(rollout: &Value) -> Map<String, Value> {
    let all =
        rollout.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let own =
        |name: &str| name.starts_with("kubectl.kubernetes.io/") || name.starts_with("rollout.argoproj.io/");
    all.into_iter().filter(|(name, _)| !own(name)).collect()
}

/// What the API server fills in where a pod's template is silent.
fn default_pod_spec(template: &mut Value) {
    let default = |place: &mut Value, member: &str, value: Value| {
        if let Some(members) = place.as_object_mut() {
            members.entry(member.to_owned()).or_insert(value);
        }
    };
    let Some(spec) = template.get_mut("spec") else { return };
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            default(container, "imagePullPolicy", "IfNotPresent".into());
            default(container, "resources", json!({}));
            default(container, "terminationMessagePath", "/dev/termination-log".into());
            default(container, "terminationMessagePolicy", "File".into());
        }
    }
    default(spec, "dnsPolicy", "ClusterFirst".into());
    default(spec, "restartPolicy", "Always".into());
    default(spec, "schedulerName", "default-scheduler".into());
    default(spec, "securityContext", json!({}));
    default(spec, "terminationGracePeriodSeconds", 30.into());
}

fn feed(value: &Value, sink: &mut impl FnMut(&[u8])) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            sink(b"{");
            for name in names {
                sink(name.as_bytes());
                sink(b":");
                feed(members.get(name).unwrap_or(&Value::Null), sink);
            }
            sink(b"}");
        }
        Value::Array(list) => {
            sink(b"[");
            for item in list {
                feed(item, sink);
            }
            sink(b"]");
        }
        other => sink(other.to_string().as_bytes()),
    }
}
