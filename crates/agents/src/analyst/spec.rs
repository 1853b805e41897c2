//! What a difference between the two pod templates can explain.

use domain::{Brief, PodFinding, PodProblem, SpecChange};
use serde_json::Value;

use super::cause::Cause;
use super::sign::Sign;
use crate::facts::Facts;

/// Whether the change only says which version it is: image, labels, annotations.
pub(super) fn names_the_version(change: &SpecChange) -> bool {
    is_image(change) || change.path.starts_with("metadata.")
}

/// Changes that may be a cause of their own, since they say more than which version it is. The name of a list's new or lost
/// element says nothing beside its other fields.
pub(super) fn rivals(brief: &Brief) -> impl Iterator<Item = &SpecChange> {
    let is_only_name = |change: &SpecChange| {
        change.path.strip_suffix("].name").is_some_and(|element| {
            brief
                .changes
                .iter()
                .any(|other| other.path != change.path && other.path.starts_with(&format!("{element}].")))
        })
    };
    brief.changes.iter().filter(move |change| !names_the_version(change) && !is_only_name(change))
}

/// What of the two pod templates differs. The brief may have left changes out for size, so the templates themselves are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Image, labels and annotations at most.
    Version,
    /// More than that.
    More,
    /// The case lacks a template.
    Unknown,
}

/// Compares the templates of the case.
pub(super) fn difference(facts: Facts<'_>) -> Difference {
    let Some((_, stable, canary)) = facts.templates() else { return Difference::Unknown };
    if without_version(&stable.template) == without_version(&canary.template) {
        Difference::Version
    } else {
        Difference::More
    }
}

fn without_version(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("metadata");
    }
    for list in ["containers", "initContainers"] {
        let containers = template.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            container.remove("image");
        }
    }
    template
}

/// The change of a container's image.
pub(super) fn image_change<'a>(brief: &'a Brief, container: &str) -> Option<&'a SpecChange> {
    brief.changes.iter().find(|change| is_image(change) && is_of(change, container))
}

/// A memory limit that the canary has lower than stable, or has and stable has not.
pub(super) fn lowered_memory_limit<'a>(brief: &'a Brief, container: Option<&str>) -> Option<&'a SpecChange> {
    brief.changes.iter().find(|change| {
        change.path.ends_with("limits.memory")
            && container.is_none_or(|container| is_of(change, container))
            && match (bytes(&change.stable), bytes(&change.canary)) {
                (Some(stable), Some(canary)) => canary < stable,
                (None, Some(_)) => change.stable.is_empty(),
                _ => false,
            }
    })
}

/// Changes that decide where the pod can be scheduled.
fn scheduling(brief: &Brief) -> Vec<&SpecChange> {
    const DECIDING: [&str; 6] =
        ["resources.requests", "nodeSelector", "affinity", "tolerations", "nodeName", "volumes"];
    rivals(brief).filter(|change| DECIDING.iter().any(|part| change.path.contains(part))).collect()
}

/// Changes of what the kubelet asks of a container before it counts as ready.
fn probing<'a>(brief: &'a Brief, container: &str) -> Vec<&'a SpecChange> {
    let asks = |change: &&SpecChange| change.path.contains("Probe") || change.path.contains("ports");
    rivals(brief).filter(asks).filter(|change| is_of(change, container)).collect()
}

/// Changes of references to a ConfigMap or Secret: those whose new words Kubernetes repeats, or else any.
fn references<'a>(brief: &'a Brief, detail: &str) -> Vec<&'a SpecChange> {
    const REFERENCES: [&str; 6] = ["configMap", "secret", "envFrom", "valueFrom", "volumes", "projected"];
    let refers = |change: &&SpecChange| {
        let text = format!("{} {}", change.path, change.canary);
        REFERENCES.iter().any(|part| text.contains(part))
    };
    let (mut repeated, others): (Vec<_>, Vec<_>) =
        rivals(brief).filter(refers).partition(|change| is_repeated(change, detail));
    if repeated.is_empty() {
        repeated = others;
    }
    repeated
}

/// Whether words hold a text of the canary's value that stable's has not.
fn is_repeated(change: &SpecChange, words: &str) -> bool {
    let [stable, canary] = [&change.stable, &change.canary].map(|text| texts(text));
    canary.iter().any(|text| text.len() >= 2 && !stable.contains(text) && words.contains(text.as_str()))
}

/// Every text of a value that is given as JSON.
fn texts(json: &str) -> Vec<String> {
    fn collect(value: Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => texts.push(text),
            Value::Array(items) => items.into_iter().for_each(|item| collect(item, texts)),
            Value::Object(fields) => fields.into_iter().for_each(|(_, field)| collect(field, texts)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut texts = Vec::new();
    if let Ok(value) = serde_json::from_str(json) {
        collect(value, &mut texts);
    }
    texts
}

/// Changes that a sign's words point at: a variable that they name, or a new value whose host they name.
fn named_by<'a>(brief: &'a Brief, sign: Sign<'_>) -> Vec<&'a SpecChange> {
    let named = |change: &&SpecChange| {
        names_variable(change, sign) || host(&change.canary).is_some_and(|host| sign.mentions(host))
    };
    rivals(brief).filter(named).collect()
}

/// The first of them.
pub(super) fn first_named_by<'a>(brief: &'a Brief, sign: Sign<'_>) -> Option<&'a SpecChange> {
    named_by(brief, sign).into_iter().next()
}

/// Changes of variables whose names a sign's words repeat.
pub(super) fn variables_named_by<'a>(brief: &'a Brief, sign: Sign<'_>) -> Vec<&'a SpecChange> {
    rivals(brief).filter(|change| names_variable(change, sign)).collect()
}

fn names_variable(change: &SpecChange, sign: Sign<'_>) -> bool {
    variable(&change.path).is_some_and(|name| sign.names(name))
}

/// The changes that explain what Kubernetes itself says of a container, the likeliest first.
pub(super) fn explains<'a>(brief: &'a Brief, finding: &PodFinding) -> Vec<&'a SpecChange> {
    let container = finding.container.as_str();
    match finding.problem {
        PodProblem::OomKilled => lowered_memory_limit(brief, Some(container)).into_iter().collect(),
        PodProblem::ImagePull => image_change(brief, container).into_iter().collect(),
        PodProblem::MissingConfiguration => references(brief, &finding.detail),
        PodProblem::ProbeFailing => probing(brief, container),
        PodProblem::Unschedulable => scheduling(brief),
        PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady => rivals(brief).collect(),
    }
}

/// The changes that explain a cause so well that to undo them must mend it; none where they only may explain it.
pub(super) fn that_decide<'a>(brief: &'a Brief, cause: Cause<'a>) -> Vec<&'a SpecChange> {
    if cause.sign().is_some_and(|sign| !sign.novelty().is_against_canary()) {
        return Vec::new();
    }
    match cause {
        Cause::Pod { finding, change: Some(_) } => match finding.problem {
            PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady => Vec::new(),
            PodProblem::MissingConfiguration => {
                let all = explains(brief, finding).into_iter();
                all.filter(|change| is_repeated(change, &finding.detail)).collect()
            }
            PodProblem::OomKilled
            | PodProblem::ImagePull
            | PodProblem::ProbeFailing
            | PodProblem::Unschedulable => explains(brief, finding),
        },
        // The log's words alone do not say whose limit was met.
        Cause::OutOfMemory { change, .. } => change
            .into_iter()
            .filter(|change| {
                brief.pods.iter().any(|pod| pod.canary_pods > 0 && is_of(change, &pod.container))
            })
            .collect(),
        Cause::Dependency { sign, .. } | Cause::MissingKey { sign, .. } => named_by(brief, sign),
        Cause::Variable { sign, .. } => variables_named_by(brief, sign),
        _ => Vec::new(),
    }
}

fn is_image(change: &SpecChange) -> bool {
    change.path.rsplit('.').next() == Some("image")
}

fn is_of(change: &SpecChange, container: &str) -> bool {
    change.path.contains(&format!("[{container}]"))
}

/// `FEATURE_X` of `containers[shop].env[FEATURE_X].value`.
fn variable(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("env[")?;
    rest.split_once(']').map(|(name, _)| name).filter(|name| name.len() >= 2)
}

/// The host of a value that looks like an address, such as `"http://payments-v2:8080/x"`; single words of fewer than four
/// characters are no address.
fn host(value: &str) -> Option<&str> {
    let value = value.trim_matches('"');
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next()?;
    let plausible = host.len() >= 4
        && host.contains(|c: char| c.is_ascii_alphabetic() || c == '.')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plausible.then_some(host)
}

/// A Kubernetes quantity of memory in bytes, such as `"64Mi"` or `1e9`.
fn bytes(quantity: &str) -> Option<f64> {
    let text = quantity.trim_matches('"');
    let split = text.find(|c: char| c.is_ascii_alphabetic() && c != 'e').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0_f64.powi(2),
        "Gi" => 1024.0_f64.powi(3),
        "Ti" => 1024.0_f64.powi(4),
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_across_units() {
        assert!(bytes("\"64Mi\"").unwrap() < bytes("\"256Mi\"").unwrap());
        assert!(bytes("\"1Gi\"").unwrap() > bytes("\"1000M\"").unwrap());
        assert!((bytes("\"128974848\"").unwrap() - 128_974_848.0).abs() < 1.0);
        assert_eq!(bytes("\"lots\""), None);
        assert_eq!(bytes(""), None);
    }

    #[test]
    fn an_address_gives_its_host_and_a_flag_gives_none() {
        assert_eq!(host("\"http://payments-v2:8080/x\""), Some("payments-v2"));
        assert_eq!(host("\"redis.data.svc:6379\""), Some("redis.data.svc"));
        assert_eq!(host("\"on\""), None);
        assert_eq!(host("12345"), None);
        assert_eq!(host("\"a b c d\""), None);
    }
}
