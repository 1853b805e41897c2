//! What can be asked for, and how a person is told of it.

use std::fmt;

use domain::Namespace;

/// The kinds that this room knows. What is not here cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rollout,
    AnalysisRun,
    ReplicaSet,
    Pod,
    PodLog,
    Event,
    Namespace,
    Lease,
    /// What the API server says of itself.
    Version,
    /// What the API server serves of Argo Rollouts.
    RolloutsGroup,
    /// A question about our own rights.
    AccessReview,
}

/// An object, or a list when it has no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// None: all namespaces, or a kind that is in none.
    pub(crate) namespace: Option<Namespace>,
    pub(crate) name: Option<String>,
}

/// The verbs of RBAC that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
}

/// What is asked, as errors name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) verb: Verb,
    pub(crate) target: Target,
}

impl Kind {
    fn group(self) -> &'static str {
        match self {
            Self::Rollout | Self::AnalysisRun => "/apis/argoproj.io/v1alpha1",
            Self::ReplicaSet => "/apis/apps/v1",
            Self::Pod | Self::PodLog | Self::Event | Self::Namespace => "/api/v1",
            Self::Lease => "/apis/coordination.k8s.io/v1",
            Self::Version => "",
            Self::RolloutsGroup => "/apis/argoproj.io",
            Self::AccessReview => "/apis/authorization.k8s.io/v1",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Rollout => "rollouts",
            Self::AnalysisRun => "analysisruns",
            Self::ReplicaSet => "replicasets",
            Self::Pod | Self::PodLog => "pods",
            Self::Event => "events",
            Self::Namespace => "namespaces",
            Self::Lease => "leases",
            Self::Version => "version",
            Self::RolloutsGroup => "v1alpha1",
            Self::AccessReview => "selfsubjectaccessreviews",
        }
    }

    /// The resource as RBAC rules name it.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::PodLog => "pods/log",
            Self::RolloutsGroup => "argoproj.io/v1alpha1",
            other => other.plural(),
        }
    }

    /// Whether its objects are in namespaces.
    fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::Version | Self::RolloutsGroup | Self::AccessReview)
    }

    /// Whether Argo Rollouts' CRDs bring it.
    pub(crate) fn is_custom(self) -> bool {
        matches!(self, Self::Rollout | Self::AnalysisRun)
    }
}

impl Target {
    pub(crate) fn one(kind: Kind, namespace: &Namespace, name: impl Into<String>) -> Self {
        Self { kind, namespace: Some(namespace.clone()), name: Some(name.into()) }
    }

    pub(crate) fn list(kind: Kind, namespace: Option<&Namespace>) -> Self {
        Self { kind, namespace: namespace.cloned(), name: None }
    }

    /// The path on the API server. Every part of it was parsed as a Kubernetes name, so nothing needs escaping.
    pub(crate) fn path(&self) -> String {
        let mut path = self.kind.group().to_owned();
        if let Some(namespace) = &self.namespace {
            path.push_str("/namespaces/");
            path.push_str(namespace.as_str());
        }
        path.push('/');
        path.push_str(self.kind.plural());
        if let Some(name) = &self.name {
            path.push('/');
            path.push_str(name);
        }
        if self.kind == Kind::PodLog {
            path.push_str("/log");
        }
        path
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
        })
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.target.kind.resource())?;
        if let Some(name) = &self.target.name {
            write!(f, " {name}")?;
        }
        match &self.target.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None if self.target.name.is_none() && self.target.kind.is_namespaced() => {
                f.write_str(" in all namespaces")
            }
            None => Ok(()),
        }
    }
}
