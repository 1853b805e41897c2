//! The kinds of objects the stand-in API server stores, with the facts of each that decide how it is served.

use serde_json::Value;

use super::object::text;

/// A kind of object that can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `v1/Namespace`
    Namespace,
    /// `v1/Node`
    Node,
    /// `v1/Pod`
    Pod,
    /// `v1/Event`, which is also served as `events.k8s.io/v1/Event`
    Event,
    /// `v1/Secret`; every read of one is on record, so that a test can assert that nobody does
    Secret,
    /// `v1/ConfigMap`
    ConfigMap,
    /// `v1/Service`
    Service,
    /// `coordination.k8s.io/v1/Lease`
    Lease,
    /// `apps/v1/ReplicaSet`
    ReplicaSet,
    /// `argoproj.io/v1alpha1/Rollout`
    Rollout,
    /// `argoproj.io/v1alpha1/AnalysisRun`
    AnalysisRun,
    /// `argoproj.io/v1alpha1/AnalysisTemplate`
    AnalysisTemplate,
    /// `argoproj.io/v1alpha1/ClusterAnalysisTemplate`
    ClusterAnalysisTemplate,
}

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// How `metadata.generation` and `status` of a kind behave on a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// The kind has none (Pod, Event, Secret, …).
    None,
    /// Only the spec counts, and a status is written through the `status` subresource.
    Spec,
    /// Any change outside `metadata` counts: a custom resource without a `status` subresource, as an AnalysisRun is.
    All,
}

impl Kind {
    /// All kinds, in the order in which discovery lists them.
    pub(crate) const ALL: [Kind; 13] = [
        Kind::Namespace,
        Kind::Node,
        Kind::Pod,
        Kind::Event,
        Kind::Secret,
        Kind::ConfigMap,
        Kind::Service,
        Kind::Lease,
        Kind::ReplicaSet,
        Kind::Rollout,
        Kind::AnalysisRun,
        Kind::AnalysisTemplate,
        Kind::ClusterAnalysisTemplate,
    ];

    /// The kind's name as it stands in a manifest, such as `ReplicaSet`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Namespace => "Namespace",
            Kind::Node => "Node",
            Kind::Pod => "Pod",
            Kind::Event => "Event",
            Kind::Secret => "Secret",
            Kind::ConfigMap => "ConfigMap",
            Kind::Service => "Service",
            Kind::Lease => "Lease",
            Kind::ReplicaSet => "ReplicaSet",
            Kind::Rollout => "Rollout",
            Kind::AnalysisRun => "AnalysisRun",
            Kind::AnalysisTemplate => "AnalysisTemplate",
            Kind::ClusterAnalysisTemplate => "ClusterAnalysisTemplate",
        }
    }

    /// The resource's name in a path, such as `replicasets`.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Namespace => "namespaces",
            Kind::Node => "nodes",
            Kind::Pod => "pods",
            Kind::Event => "events",
            Kind::Secret => "secrets",
            Kind::ConfigMap => "configmaps",
            Kind::Service => "services",
            Kind::Lease => "leases",
            Kind::ReplicaSet => "replicasets",
            Kind::Rollout => "rollouts",
            Kind::AnalysisRun => "analysisruns",
            Kind::AnalysisTemplate => "analysistemplates",
            Kind::ClusterAnalysisTemplate => "clusteranalysistemplates",
        }
    }

    /// The API group; the core group is the empty string.
    pub fn group(self) -> &'static str {
        match self {
            Kind::ReplicaSet => "apps",
            Kind::Lease => "coordination.k8s.io",
            Kind::Rollout | Kind::AnalysisRun | Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate => {
                "argoproj.io"
            }
            _ => "",
        }
    }

    /// The version within the group.
    pub fn version(self) -> &'static str {
        if self.is_custom() { "v1alpha1" } else { "v1" }
    }

    /// What stands in `apiVersion`.
    pub fn api_version(self) -> String {
        if self.group().is_empty() {
            self.version().to_owned()
        } else {
            format!("{}/{}", self.group(), self.version())
        }
    }

    /// Whether the kind comes from a `CustomResourceDefinition`, and is absent until that is installed.
    pub(crate) fn is_custom(self) -> bool {
        self.group() == "argoproj.io"
    }

    pub(crate) fn scope(self) -> Scope {
        match self {
            Kind::Namespace | Kind::Node | Kind::ClusterAnalysisTemplate => Scope::Cluster,
            _ => Scope::Namespaced,
        }
    }

    pub(crate) fn generation(self) -> Generation {
        match self {
            Kind::ReplicaSet | Kind::Rollout => Generation::Spec,
            Kind::AnalysisRun | Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate => Generation::All,
            _ => Generation::None,
        }
    }

    /// Whether the `status` of an object can only be written through `…/status`.
    pub(crate) fn has_status_subresource(self) -> bool {
        matches!(
            self,
            Kind::Namespace | Kind::Node | Kind::Pod | Kind::Service | Kind::ReplicaSet | Kind::Rollout
        )
    }

    /// The kind of a manifest, by its `apiVersion` and `kind`.
    pub fn of(object: &Value) -> Option<Kind> {
        let (api_version, name) = (text(object, "/apiVersion"), text(object, "/kind"));
        Kind::ALL.into_iter().find(|kind| kind.name() == name && kind.api_version() == api_version)
    }

    /// How an error names the resource: `pods`, `rollouts.argoproj.io`.
    pub(crate) fn qualified(self) -> String {
        if self.group().is_empty() {
            self.plural().to_owned()
        } else {
            format!("{}.{}", self.plural(), self.group())
        }
    }
}
