//! What a difference between the two pod templates can explain.

use domain::{Brief, PodProblem, SpecChange};
use serde_json::Value;

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

/// A change that decides where the pod can be scheduled.
pub(super) fn scheduling(brief: &Brief) -> Option<&SpecChange> {
    const DECIDING: [&str; 6] =
        ["resources.requests", "nodeSelector", "affinity", "tolerations", "nodeName", "volumes"];
    rivals(brief).find(|change| DECIDING.iter().any(|part| change.path.contains(part)))
}

/// A change of what the kubelet asks of the pod before it counts as ready.
pub(super) fn probing(brief: &Brief) -> Option<&SpecChange> {
    rivals(brief).find(|change| change.path.contains("Probe") || change.path.contains("ports"))
}

/// A change of a reference to a ConfigMap or Secret.
pub(super) fn reference(brief: &Brief) -> Option<&SpecChange> {
    const REFERENCES: [&str; 6] = ["configMap", "secret", "envFrom", "valueFrom", "volumes", "projected"];
    rivals(brief).find(|change| {
        let text = format!("{} {}", change.path, change.canary);
        REFERENCES.iter().any(|part| text.contains(part))
    })
}

/// A change that a sign's words point at: a variable that the canary lacks and the words name, or a new value whose host they name.
pub(super) fn named_by<'a>(brief: &'a Brief, sign: Sign<'_>) -> Option<&'a SpecChange> {
    rivals(brief).find(|change| {
        let gone = change.canary.is_empty() && variable(&change.path).is_some_and(|name| sign.mentions(name));
        gone || host(&change.canary).is_some_and(|host| sign.mentions(host))
    })
}

/// The change that explains what Kubernetes itself says of a container.
pub(super) fn explains<'a>(brief: &'a Brief, problem: PodProblem, container: &str) -> Option<&'a SpecChange> {
    match problem {
        PodProblem::OomKilled => lowered_memory_limit(brief, Some(container)),
        PodProblem::ImagePull => image_change(brief, container),
        PodProblem::MissingConfiguration => reference(brief),
        PodProblem::ProbeFailing => probing(brief),
        PodProblem::Unschedulable => scheduling(brief),
        PodProblem::CrashLoop | PodProblem::Exited | PodProblem::NotReady => rivals(brief).next(),
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
