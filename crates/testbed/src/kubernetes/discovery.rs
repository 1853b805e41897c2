//! What the API server tells about itself: version, groups and resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::{Kind, Scope};

/// Answers a discovery path, given the kinds that are served; none when the path is no such path.
pub(crate) fn answer(path: &str, kinds: &[Kind], version: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["version"] => Some(version_info(version)),
        ["api"] => Some(json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
        })),
        ["apis"] => Some(json!({
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": groups(kinds).into_iter().map(|(name, version)| group(&name, version)).collect::<Vec<_>>(),
        })),
        ["apis", name] => groups(kinds).get(*name).map(|version| {
            let mut group = group(name, version);
            if let Some(members) = group.as_object_mut() {
                members.insert("kind".to_owned(), "APIGroup".into());
                members.insert("apiVersion".to_owned(), "v1".into());
            }
            group
        }),
        ["api", "v1"] => resources("", "v1", kinds),
        ["apis", group, version] => resources(group, version, kinds),
        _ => None,
    }
}

fn version_info(version: &str) -> Value {
    let mut numbers = version.trim_start_matches('v').split('.');
    json!({
        "major": numbers.next().unwrap_or("1"), "minor": numbers.next().unwrap_or("0"), "gitVersion": version,
        "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.25", "compiler": "gc", "platform": "linux/amd64",
    })
}

fn groups(kinds: &[Kind]) -> BTreeMap<String, &'static str> {
    let stored = kinds.iter().filter(|kind| !kind.group().is_empty());
    let mut groups: BTreeMap<String, &'static str> =
        stored.map(|kind| (kind.group().to_owned(), kind.version())).collect();
    groups.insert("events.k8s.io".to_owned(), "v1");
    groups.insert("authorization.k8s.io".to_owned(), "v1");
    groups
}

fn group(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str, version: &str, kinds: &[Kind]) -> Option<Value> {
    let served = kinds.iter().filter(|kind| kind.group() == group && kind.version() == version);
    let mut resources: Vec<Value> = served.flat_map(|kind| resource(*kind)).collect();
    match (group, version) {
        ("events.k8s.io", "v1") => resources.extend(resource(Kind::Event)),
        ("authorization.k8s.io", "v1") => resources.push(json!({
            "name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview", "namespaced": false,
            "kind": "SelfSubjectAccessReview", "verbs": ["create"],
        })),
        _ => {}
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty()).then(|| {
        json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
        })
    })
}

fn resource(kind: Kind) -> Vec<Value> {
    let namespaced = kind.scope() == Scope::Namespaced;
    let mut listed = vec![json!({
        "name": kind.plural(), "singularName": kind.name().to_lowercase(), "namespaced": namespaced, "kind": kind.name(),
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
    })];
    let mut subresource = |name: &str, verbs: &[&str]| {
        listed.push(json!({
            "name": format!("{}/{name}", kind.plural()), "singularName": "", "namespaced": namespaced,
            "kind": kind.name(), "verbs": verbs,
        }));
    };
    if kind.has_status_subresource() {
        subresource("status", &["get", "patch", "update"]);
    }
    if kind == Kind::Pod {
        subresource("log", &["get"]);
    }
    listed
}
