//! Both pod templates, and where they differ.

use std::collections::{BTreeMap, BTreeSet};

use domain::ReplicaSet;
use serde_json::Value;

use crate::tools::sheet::Sheet;

/// Deeper values are one leaf.
const DEPTH: usize = 16;
/// So many leaves of a template are looked at.
const LEAVES: usize = 5_000;
/// Keys that name an element of a list (kubernetes/api: `patchMergeKey` of the pod spec's lists).
const NAMES: [&str; 4] = ["name", "mountPath", "containerPort", "key"];
/// What differs between any two versions and says nothing.
const EXPECTED: [&str; 2] = ["metadata.labels.rollouts-pod-template-hash", "metadata.creationTimestamp"];

/// Each value of the pod templates by its path, such as `spec.containers[shop].image`.
type Leaves = BTreeMap<String, String>;

/// Where the two differ, one line for each path.
pub(crate) fn difference(stable: Option<&ReplicaSet>, canary: Option<&ReplicaSet>, sheet: &mut Sheet) {
    let (Some(stable), Some(canary)) = (stable, canary) else {
        sheet.line("the two cannot be compared: one of them could not be had");
        return;
    };
    let (old, new) = (leaves(&stable.template), leaves(&canary.template));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing: Vec<&String> = paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path) && !EXPECTED.contains(&path.as_str()))
        .collect();
    sheet.line(format!("{} differences:", differing.len()));
    for path in differing {
        let value = |leaves: &Leaves| leaves.get(path).map_or("(absent)", String::as_str).to_owned();
        sheet.line(format!("{path}: stable {} | canary {}", value(&old), value(&new)));
    }
}

/// Both, a line for each value.
pub(crate) fn templates(stable: Option<&ReplicaSet>, canary: Option<&ReplicaSet>, sheet: &mut Sheet) {
    for (side, set) in [("canary", canary), ("stable", stable)] {
        sheet.line("");
        let Some(set) = set else {
            sheet.line(format!("{side}: could not be had"));
            continue;
        };
        let revision = set.revision.map_or_else(|| "(none)".to_owned(), |revision| revision.to_string());
        sheet.line(format!("{side}: hash {}, revision {revision}", set.hash));
        sheet.field("source revision", set.source_revision.as_deref().unwrap_or_default());
        for (path, value) in leaves(&set.template) {
            sheet.line(format!("{path}: {value}"));
        }
    }
}

fn leaves(template: &Value) -> Leaves {
    let mut found = Leaves::new();
    collect(String::new(), template, DEPTH, &mut found);
    found
}

fn collect(path: String, value: &Value, depth: usize, found: &mut Leaves) {
    if found.len() >= LEAVES {
        return;
    }
    match value {
        Value::Object(fields) if depth > 0 && !fields.is_empty() => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(path, value, depth - 1, found);
            }
        }
        Value::Array(elements) if depth > 0 && !elements.is_empty() => {
            for (name, element) in named(elements) {
                collect(format!("{path}[{name}]"), element, depth - 1, found);
            }
        }
        leaf => {
            found.insert(path, leaf.to_string());
        }
    }
}

/// The elements by name where each has one of its own, else by number.
fn named(elements: &[Value]) -> Vec<(String, &Value)> {
    let name = |element: &Value| {
        NAMES.iter().find_map(|key| match element.get(*key)? {
            Value::String(name) => Some(name.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let names: BTreeSet<String> = elements.iter().filter_map(name).collect();
    let is_named = names.len() == elements.len();
    let numbered = elements.iter().enumerate();
    numbered
        .map(|(number, element)| {
            (name(element).filter(|_| is_named).unwrap_or_else(|| number.to_string()), element)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tools::sheet::Sheet;

    fn set(template: Value) -> ReplicaSet {
        let hash = "86686d4656".parse().unwrap();
        ReplicaSet { hash, revision: Some(2), source_revision: None, template }
    }

    #[test]
    fn what_has_a_name_is_matched_by_it_and_only_differences_are_told() {
        let template = |memory: &str, hash: &str| {
            set(json!({
                "metadata": {"labels": {"app": "shop", "rollouts-pod-template-hash": hash}},
                "spec": {"containers": [
                    {"name": "shop", "args": ["a", memory], "resources": {"limits": {"memory": memory}}},
                ]},
            }))
        };
        let mut sheet = Sheet::default();
        difference(Some(&template("256Mi", "a")), Some(&template("64Mi", "b")), &mut sheet);
        let text = sheet.page(None, |_| String::new()).unwrap().text;
        let expected = "2 differences:\n\
            spec.containers[shop].args[1]: stable \"256Mi\" | canary \"64Mi\"\n\
            spec.containers[shop].resources.limits.memory: stable \"256Mi\" | canary \"64Mi\"\n";
        assert_eq!(text, expected);
    }
}
