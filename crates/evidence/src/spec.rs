//! The difference of two pod templates.
//!
//! Containers, variables, volumes and whatever else has a name are matched by it. Our own annotations, the hash label and what
//! tells canary from stable by design are left out.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CaseFile, ExhibitBody, SpecChange};
use serde_json::Value;

use crate::excerpt;

/// Deeper values are compared as a whole.
const DEPTH: usize = 16;
/// Changes kept before packing.
const CHANGES: usize = 200;
/// Keys that name an element of a list (kubernetes/api: `patchMergeKey` of the pod spec's lists).
const NAMES: [&str; 4] = ["name", "mountPath", "containerPort", "key"];

/// What differs between stable's template and the canary's.
pub(crate) fn changes(case: &CaseFile) -> Vec<SpecChange> {
    let mut found = Vec::new();
    for exhibit in &case.exhibits {
        if let ExhibitBody::Templates { stable: Some(stable), canary: Some(canary) } = &exhibit.body {
            let mut differences = Vec::new();
            compare("", Some(&stable.template), Some(&canary.template), DEPTH, &mut differences);
            found.extend(differences.into_iter().map(|(path, stable, canary)| SpecChange {
                exhibit: exhibit.id,
                path,
                stable,
                canary,
            }));
        }
    }
    found
}

type Difference = (String, String, String);

fn compare(
    path: &str,
    stable: Option<&Value>,
    canary: Option<&Value>,
    depth: usize,
    found: &mut Vec<Difference>,
) {
    if stable == canary || found.len() >= CHANGES || is_expected(path, stable, canary) {
        return;
    }
    match (stable, canary) {
        (Some(Value::Object(_)) | None, Some(Value::Object(_))) | (Some(Value::Object(_)), None)
            if depth > 0 =>
        {
            let keys: BTreeSet<&String> = [stable, canary]
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .flat_map(|o| o.keys())
                .collect();
            for key in keys {
                compare(
                    &joined(path, key),
                    stable.and_then(|v| v.get(key)),
                    canary.and_then(|v| v.get(key)),
                    depth - 1,
                    found,
                );
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if depth > 0 => {
            lists(path, old, new, depth, found);
        }
        _ => found.push((shown_path(path), shown(stable), shown(canary))),
    }
}

fn lists(path: &str, stable: &[Value], canary: &[Value], depth: usize, found: &mut Vec<Difference>) {
    let (Some(old), Some(new)) = (by_name(stable), by_name(canary)) else {
        found.push((shown_path(path), text(&Value::from(stable)), text(&Value::from(canary))));
        return;
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        compare(&format!("{path}[{name}]"), old.get(name).copied(), new.get(name).copied(), depth - 1, found);
    }
}

/// The elements by name; `None` when one has none or two share one.
fn by_name(list: &[Value]) -> Option<BTreeMap<String, &Value>> {
    let mut named = BTreeMap::new();
    for element in list {
        let name = NAMES.iter().find_map(|key| match element.get(*key)? {
            Value::String(name) => Some(name.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })?;
        if named.insert(name, element).is_some() {
            return None;
        }
    }
    Some(named)
}

/// What differs by design: the hash, our annotations, and labels that Rollouts puts on both sides (`canaryMetadata` and
/// `stableMetadata`), which say `canary` and `stable`.
fn is_expected(path: &str, stable: Option<&Value>, canary: Option<&Value>) -> bool {
    let metadata =
        |key: &str| path == format!("metadata.labels.{key}") || path == format!("metadata.annotations.{key}");
    let is_ours = path.starts_with("metadata.annotations.rollmend.dev/");
    let tells_sides = path.starts_with("metadata.")
        && stable.is_none_or(|value| value == "stable")
        && canary.is_none_or(|value| value == "canary");
    metadata("rollouts-pod-template-hash") || is_ours || tells_sides || path == "metadata.creationTimestamp"
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// `spec.` goes without saying.
fn shown_path(path: &str) -> String {
    excerpt::bounded(path.strip_prefix("spec.").unwrap_or(path), 200)
}

fn shown(value: Option<&Value>) -> String {
    value.map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    excerpt::bounded(&value.to_string(), 200)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(stable: &Value, canary: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        compare("", Some(stable), Some(canary), DEPTH, &mut found);
        found
    }

    fn difference(path: &str, stable: &str, canary: &str) -> Difference {
        (path.to_owned(), stable.to_owned(), canary.to_owned())
    }

    #[test]
    fn what_has_a_name_is_matched_by_it() {
        let stable = json!({"spec": {"containers": [
            {"name": "proxy", "image": "proxy:1"},
            {"name": "shop", "image": "shop:1.0.0", "env": [{"name": "A", "value": "1"}, {"name": "FEATURE_X", "value": "false"}]}],
            "volumes": [{"name": "data"}]}});
        let canary = json!({"spec": {"containers": [
            {"name": "shop", "image": "shop:1.1.0", "env": [{"name": "FEATURE_X", "value": "true"}, {"name": "A", "value": "1"}],
             "resources": {"limits": {"memory": "64Mi"}}},
            {"name": "proxy", "image": "proxy:1"}],
            "initContainers": [{"name": "migrate"}]}});
        assert_eq!(
            differences(&stable, &canary),
            [
                difference("containers[shop].env[FEATURE_X].value", "\"false\"", "\"true\""),
                difference("containers[shop].image", "\"shop:1.0.0\"", "\"shop:1.1.0\""),
                difference("containers[shop].resources.limits.memory", "", "\"64Mi\""),
                difference("initContainers", "", r#"[{"name":"migrate"}]"#),
                difference("volumes", r#"[{"name":"data"}]"#, ""),
            ]
        );
    }

    #[test]
    fn our_annotations_the_hash_and_what_tells_the_sides_apart_are_left_out() {
        let stable = json!({"metadata": {"labels": {"rollouts-pod-template-hash": "a", "role": "stable"}}});
        let canary = json!({"metadata": {
            "labels": {"rollouts-pod-template-hash": "b", "role": "canary"},
            "annotations": {"rollmend.dev/repository": "x", "team": "shop"}}});
        assert_eq!(differences(&stable, &canary), [difference("metadata.annotations.team", "", "\"shop\"")]);
    }

    #[test]
    fn lists_with_doubled_names_are_compared_as_a_whole_and_values_are_bounded() {
        let stable = json!({"args": ["a"], "env": [{"name": "A"}, {"name": "A"}]});
        let canary = json!({"args": ["x".repeat(9_000)], "env": [{"name": "A"}]});
        let found = differences(&stable, &canary);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|(_, old, new)| old.len() <= 200 && new.len() <= 200));
    }
}
