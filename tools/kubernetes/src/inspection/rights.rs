//! The rights that this room's requests need, and those that it is better without. `deploy/rbac.yaml` grants the former.

use domain::{Annotate, Mode, Namespace};

use crate::lease::LEASE;
use crate::settings::{ClusterSettings, Namespaces};

const CORE: &str = "";
const ARGO: &str = "argoproj.io";
const COORDINATION: &str = "coordination.k8s.io";

/// A right, as RBAC names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// Such as `list`.
    pub verb: &'static str,
    /// The API group; empty for the core's.
    pub group: &'static str,
    /// The resource, with the subresource after a slash, such as `pods/log`.
    pub resource: &'static str,
    /// The one object that it is for; none for all.
    pub name: Option<&'static str>,
    /// The namespace; none for all of them, or for what is in none.
    pub namespace: Option<Namespace>,
}

impl Right {
    /// Where it holds, as in `in the namespace shop`.
    pub fn place(&self) -> String {
        match (&self.namespace, self.name) {
            (Some(namespace), _) => format!("in the namespace {namespace}"),
            (None, Some(name)) => format!("for {name}"),
            (None, None) => "in all namespaces".to_owned(),
        }
    }
}

/// What the daemon asks for with these settings: reads in each watched namespace; from `explain` on it also writes Events, and the
/// annotation where that is set; in any mode its own Lease, where it has one.
pub fn needed(settings: &ClusterSettings, mode: Mode, annotate: Annotate) -> Vec<Right> {
    let mut asked: Vec<(&str, &str, &[&str])> = vec![
        (ARGO, "rollouts", &["get", "list", "watch"]),
        (ARGO, "analysisruns", &["list", "watch"]),
        ("apps", "replicasets", &["list"]),
        (CORE, "pods", &["get", "list", "watch"]),
        (CORE, "pods/log", &["get"]),
    ];
    match mode {
        Mode::Observe => asked.push((CORE, "events", &["list"])),
        Mode::Explain | Mode::Propose => asked.push((CORE, "events", &["list", "create"])),
    }
    if annotate == Annotate::Yes && mode != Mode::Observe {
        asked.push((ARGO, "rollouts", &["patch"]));
    }
    let mut rights = in_each(&settings.namespaces, &asked);
    if settings.name.is_none() {
        let name = Some("kube-system");
        rights.push(Right { verb: "get", group: CORE, resource: "namespaces", name, namespace: None });
    }
    rights.extend(settings.lease.iter().flat_map(of_lease));
    rights
}

/// RBAC cannot say by which name something may be created.
fn of_lease(namespace: &Namespace) -> [Right; 3] {
    [("get", Some(LEASE)), ("update", Some(LEASE)), ("create", None)].map(|(verb, name)| Right {
        verb,
        group: COORDINATION,
        resource: "leases",
        name,
        namespace: Some(namespace.clone()),
    })
}

/// What nobody should give it: it would never use it, and whoever takes it over would.
pub fn needless(settings: &ClusterSettings, mode: Mode, annotate: Annotate) -> Vec<Right> {
    let mut asked: Vec<(&str, &str, &[&str])> = vec![
        (CORE, "secrets", &["get", "list"]),
        (CORE, "pods", &["create", "delete"]),
        (CORE, "pods/exec", &["create"]),
        (ARGO, "rollouts", &["create", "update", "delete"]),
    ];
    if annotate == Annotate::No || mode == Mode::Observe {
        asked.push((ARGO, "rollouts", &["patch"]));
    }
    in_each(&settings.namespaces, &asked)
}

fn in_each(
    namespaces: &Namespaces,
    asked: &[(&'static str, &'static str, &'static [&'static str])],
) -> Vec<Right> {
    let right = |namespace: &Option<Namespace>| {
        let namespace = namespace.clone();
        asked.iter().flat_map(move |(group, resource, verbs)| {
            let namespace = namespace.clone();
            verbs.iter().map(move |verb| Right {
                verb,
                group,
                resource,
                name: None,
                namespace: namespace.clone(),
            })
        })
    };
    namespaces.scopes().iter().flat_map(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(rights: &[Right]) -> Vec<String> {
        rights.iter().map(|right| format!("{} {} {}", right.verb, right.resource, right.place())).collect()
    }

    #[test]
    fn a_daemon_that_observes_asks_for_no_write() {
        let rights = needed(&ClusterSettings::default(), Mode::Observe, Annotate::Yes);
        assert!(rights.iter().all(|right| matches!(right.verb, "get" | "list" | "watch")), "{rights:?}");
        assert!(listed(&rights).contains(&"get namespaces for kube-system".to_owned()));
    }

    #[test]
    fn the_lease_is_asked_for_in_its_own_namespace_and_nowhere_else() {
        let settings =
            ClusterSettings { lease: Some("rollmend".parse().unwrap()), ..ClusterSettings::default() };
        let rights = needed(&settings, Mode::Observe, Annotate::No);
        let lease = rights.iter().filter(|right| right.resource == "leases");
        let lease: Vec<_> = lease.map(|right| (right.verb, right.name, right.place())).collect();
        let place = "in the namespace rollmend".to_owned();
        assert_eq!(
            lease,
            [
                ("get", Some("rollmend"), place.clone()),
                ("update", Some("rollmend"), place.clone()),
                ("create", None, place),
            ]
        );
    }

    #[test]
    fn each_watched_namespace_is_asked_for_by_itself() {
        let namespaces = Namespaces::Listed(vec!["a".parse().unwrap(), "b".parse().unwrap()]);
        let settings =
            ClusterSettings { namespaces, name: Some("eu".parse().unwrap()), ..ClusterSettings::default() };
        let rights = listed(&needed(&settings, Mode::Explain, Annotate::No));
        assert!(rights.contains(&"create events in the namespace a".to_owned()), "{rights:?}");
        assert!(rights.contains(&"watch pods in the namespace b".to_owned()), "{rights:?}");
        assert!(
            !rights.iter().any(|right| right.contains("all namespaces") || right.contains("kube-system"))
        );
    }

    #[test]
    fn a_right_that_is_needed_is_never_called_needless() {
        for mode in [Mode::Observe, Mode::Explain, Mode::Propose] {
            for annotate in [Annotate::Yes, Annotate::No] {
                let needed = needed(&ClusterSettings::default(), mode, annotate);
                let needless = needless(&ClusterSettings::default(), mode, annotate);
                assert!(needless.iter().all(|right| !needed.contains(right)), "{mode:?} {annotate:?}");
            }
        }
    }
}
