//! The manifests of `deploy/` grant in each mode what this room asks for, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use domain::{Annotate, Mode};
use serde_json::Value;
use tool_kubernetes::{ClusterSettings, needed};

/// Every right in these files, in words.
fn granted(files: &[&str]) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let texts = files.iter().map(|file| std::fs::read_to_string(folder.join(file)).unwrap());
    let objects = texts.flat_map(|text| {
        let parsed = text.split("\n---\n").map(|part| serde_saphyr::from_str::<Value>(part).unwrap());
        parsed.collect::<Vec<_>>()
    });
    objects.flat_map(|object| rights(&object)).collect()
}

fn rights(role: &Value) -> Vec<String> {
    let namespace = role["metadata"]["namespace"].as_str().unwrap_or("*");
    let words = |value: &Value| -> Vec<String> {
        let words = value.as_array().into_iter().flatten();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut rights = Vec::new();
    for rule in role["rules"].as_array().into_iter().flatten() {
        let names = Some(words(&rule["resourceNames"])).filter(|names| !names.is_empty());
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    for name in names.clone().unwrap_or_else(|| vec!["*".to_owned()]) {
                        rights.push(format!("{verb} {group}/{resource} {name} in {namespace}"));
                    }
                }
            }
        }
    }
    rights
}

fn asked(mode: Mode, annotate: Annotate) -> BTreeSet<String> {
    let settings = ClusterSettings { lease: Some("rollmend".parse().unwrap()), ..ClusterSettings::default() };
    let words = needed(&settings, mode, annotate).into_iter().map(|right| {
        let namespace = right.namespace.map_or_else(|| "*".to_owned(), |namespace| namespace.to_string());
        format!(
            "{} {}/{} {} in {namespace}",
            right.verb,
            right.group,
            right.resource,
            right.name.unwrap_or("*")
        )
    });
    words.collect()
}

#[test]
fn the_manifests_grant_in_each_mode_what_is_asked_for_and_nothing_else() {
    let observe = granted(&["rbac-observe.yaml", "rbac-lease.yaml"]);
    assert_eq!(observe, asked(Mode::Observe, Annotate::No));
    assert_eq!(observe, asked(Mode::Observe, Annotate::Yes));
    for mode in [Mode::Explain, Mode::Propose] {
        assert_eq!(granted(&["rbac.yaml", "rbac-lease.yaml"]), asked(mode, Annotate::No), "{mode:?}");
        let annotating = granted(&["rbac.yaml", "rbac-annotate.yaml", "rbac-lease.yaml"]);
        assert_eq!(annotating, asked(mode, Annotate::Yes), "{mode:?}");
    }
}
