//! What names the commit of a version, best first.
//!
//! A revision label or annotation on the pod template or the Rollout, else the version label, else the image's tag. Whether a
//! repository has such a commit or tag is for others to say; a digest names none, and is told so that they can say it.

use domain::{ReplicaSet, Revision, Rollout};
use serde_json::Value;

/// The OCI's key for a source revision (opencontainers/image-spec, `annotations.md`).
const REVISION: &str = "org.opencontainers.image.revision";
/// Kubernetes' key for a version (kubernetes/website, "Recommended Labels").
const VERSION: &str = "app.kubernetes.io/version";
/// Containers that are injected beside the app's.
const SIDECARS: [&str; 6] =
    ["istio-proxy", "linkerd-proxy", "cloud-sql-proxy", "envoy", "vault-agent", "datadog-agent"];
/// Tags that move: they name no version.
const MOVING: [&str; 6] = ["latest", "main", "master", "stable", "dev", "edge"];

/// What names the version of a ReplicaSet. The Rollout's own annotation speaks of its current version only.
pub(crate) fn of(rollout: &Rollout, replica_set: &ReplicaSet) -> Vec<Revision> {
    let template = &replica_set.template;
    let mut found = Vec::new();
    for kind in ["label", "annotation"] {
        let value = template.pointer(&format!("/metadata/{kind}s")).and_then(|map| map.get(REVISION));
        push(&mut found, value.and_then(Value::as_str), &format!("{kind} {REVISION}"));
    }
    push(
        &mut found,
        replica_set.source_revision.as_deref(),
        &format!("the ReplicaSet's annotation {REVISION}"),
    );
    if rollout.current.as_ref() == Some(&replica_set.hash) {
        let value = rollout.annotations.get(REVISION).map(String::as_str);
        push(&mut found, value, &format!("the Rollout's annotation {REVISION}"));
    }
    let version = template.pointer("/metadata/labels").and_then(|labels| labels.get(VERSION));
    push(&mut found, version.and_then(Value::as_str), &format!("label {VERSION}"));
    if let Some(image) = image(template) {
        from_image(&mut found, image);
    }
    found
}

fn image(template: &Value) -> Option<&str> {
    let containers = template.pointer("/spec/containers")?.as_array()?;
    let is_app = |container: &&Value| {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        !SIDECARS.contains(&name)
    };
    containers.iter().find(is_app)?.get("image")?.as_str()
}

fn from_image(found: &mut Vec<Revision>, image: &str) {
    let (reference, digest) = match image.split_once('@') {
        Some((reference, digest)) => (reference, Some(digest)),
        None => (image, None),
    };
    let name = reference.rsplit('/').next().unwrap_or(reference);
    let tag = name.split_once(':').map(|(_, tag)| tag);
    if let Some(tag) = tag.filter(|tag| !MOVING.contains(tag)) {
        push(found, Some(tag), "image tag");
        push(found, commit_in(tag), "the last part of the image tag");
    }
    if let (None, Some(digest)) = (tag, digest) {
        push(found, Some(digest), "image digest, which names no commit");
    }
}

/// A commit at the end of a tag, as in `main-4f2c9d1` or `1.0.0-5-g4f2c9d1`.
fn commit_in(tag: &str) -> Option<&str> {
    let (_, last) = tag.rsplit_once(['-', '_', '.'])?;
    let last = last.strip_prefix('g').unwrap_or(last);
    let is_commit = (7..=40).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit.then_some(last)
}

/// Adds a text that can be a tag, commit or version; anything else is no name.
fn push(found: &mut Vec<Revision>, named: Option<&str>, source: &str) {
    let Some(named) = named.map(str::trim) else { return };
    let is_name = !named.is_empty()
        && named.len() <= 128
        && !named.starts_with('-')
        && !named.contains("..")
        && named.chars().all(|c| c.is_ascii_alphanumeric() || "._/+-:".contains(c));
    if is_name && !found.iter().any(|known| known.named == named) {
        found.push(Revision { named: named.to_owned(), source: source.to_owned() });
    }
}
