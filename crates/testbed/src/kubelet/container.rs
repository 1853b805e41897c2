//! What a container is to the kubelet, and what the runner makes of it.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::kubernetes::{items, members, text};

/// A container that is about to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's labels.
    pub labels: BTreeMap<String, String>,
    /// The container's name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// `command` of the container.
    pub command: Vec<String>,
    /// `args` of the container.
    pub args: Vec<String>,
    /// `env` of the container, plain values only.
    pub env: BTreeMap<String, String>,
    /// A free loopback address for it to listen on.
    pub address: SocketAddr,
}

/// The process that stands for a container.
#[derive(Debug)]
pub struct Launch {
    /// The command; the kubelet adds the container's `env` and takes over its streams.
    pub command: tokio::process::Command,
    /// When the container counts as ready.
    pub readiness: Readiness,
}

/// When a container counts as ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// As soon as it runs.
    AtOnce,
    /// While this URL answers 2xx or 3xx; asked again after each period.
    Http {
        /// The URL.
        url: String,
        /// The time between two probes.
        every: Duration,
    },
}

/// The container cannot be started, as when its image is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct LaunchRefused {
    /// The waiting reason: `ErrImagePull`, `CreateContainerConfigError`, …
    pub reason: String,
    /// The words for it.
    pub message: String,
}

/// Makes processes of containers.
pub trait Runner: Send + Sync + 'static {
    /// The process for the container.
    ///
    /// # Errors
    /// When there is none; the container then waits with that reason and is tried again.
    fn launch(&self, container: &ContainerSpec) -> Result<Launch, LaunchRefused>;
}

impl<F> Runner for F
where
    F: Fn(&ContainerSpec) -> Result<Launch, LaunchRefused> + Send + Sync + 'static,
{
    fn launch(&self, container: &ContainerSpec) -> Result<Launch, LaunchRefused> {
        self(container)
    }
}

impl ContainerSpec {
    pub(crate) fn of(pod: &Value, container: &Value, address: SocketAddr) -> Self {
        let words = |pointer: &str| {
            items(container, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let labels = members(pod, "/metadata/labels")
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
        let variables = items(container, "/env")
            .iter()
            .map(|variable| (text(variable, "/name").to_owned(), text(variable, "/value").to_owned()));
        ContainerSpec {
            namespace: text(pod, "/metadata/namespace").to_owned(),
            pod: text(pod, "/metadata/name").to_owned(),
            labels: labels.collect(),
            name: text(container, "/name").to_owned(),
            image: text(container, "/image").to_owned(),
            command: words("/command"),
            args: words("/args"),
            env: variables.collect(),
            address,
        }
    }
}
