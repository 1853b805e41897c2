//! The shop's processes: how a pod becomes one, and where each listens.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use miette::{Context, IntoDiagnostic};
use serde_json::Value;
use shop::{Plot, Release};
use testbed::kubelet::{ContainerSpec, Launch, LaunchRefused, Readiness, Runner};
use testbed::kubernetes::{Kind, Store};
use testbed::prometheus::{Target, Targets};
use tokio::process::Command;

use super::super::object::{items, text};
use super::manifests::NAMESPACE;

/// The label by which the pods of a version are told from others.
pub(super) const HASH_LABEL: &str = "/metadata/labels/rollouts-pod-template-hash";
/// The time between two readiness probes.
const PROBE: Duration = Duration::from_millis(100);

/// Every pod of the shop with the address of its process; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Pods {
    store: Store,
    /// This program, which is also the shop's.
    program: PathBuf,
    plot: Plot,
    /// Where the processes run.
    folder: PathBuf,
    addresses: Arc<Mutex<BTreeMap<String, SocketAddr>>>,
}

/// A pod that takes requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Serving {
    pub(super) pod: String,
    pub(super) hash: String,
    pub(super) address: SocketAddr,
}

impl Pods {
    pub(super) fn new(store: Store, plot: Plot, folder: PathBuf) -> miette::Result<Self> {
        let program =
            std::env::current_exe().into_diagnostic().wrap_err("failed to find this program's own file")?;
        Ok(Self { store, program, plot, folder, addresses: Arc::default() })
    }

    /// Runs this program as the release that a container's image names.
    pub(super) fn runner(&self) -> impl Runner {
        let pods = self.clone();
        move |container: &ContainerSpec| {
            let version = container.image.rsplit(':').next().unwrap_or_default();
            let known = [Release::First, pods.plot.last_release()];
            let release = known.into_iter().find(|release| release.version() == version);
            let release = release.ok_or_else(|| LaunchRefused {
                reason: "ErrImagePull".to_owned(),
                message: format!("there is no image {}", container.image),
            })?;
            let mut command = Command::new(&pods.program);
            let port = container.address.port().to_string();
            command.args(["demo-shop", "--release", release.name(), "--port", port.as_str()]);
            // A container does not see the variables of whoever watches the demo.
            command.env_clear().current_dir(&pods.folder);
            pods.addresses().insert(container.pod.clone(), container.address);
            let url = format!("http://{}/healthz", container.address);
            Ok(Launch { command, readiness: Readiness::Http { url, every: PROBE } })
        }
    }

    /// The pods that are ready and not on their way out.
    pub(super) fn serving(&self) -> Vec<Serving> {
        let addresses = self.addresses().clone();
        let pods = self.store.list(Kind::Pod, Some(NAMESPACE));
        let ready = pods.iter().filter(|pod| {
            let is_ready = |condition: &Value| {
                text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
            };
            pod.pointer("/metadata/deletionTimestamp").is_none_or(Value::is_null)
                && items(pod, "/status/conditions").iter().any(is_ready)
        });
        ready
            .filter_map(|pod| {
                let (name, hash) = (text(pod, "/metadata/name"), text(pod, HASH_LABEL));
                let address = *addresses.get(name)?;
                Some(Serving { pod: name.to_owned(), hash: hash.to_owned(), address })
            })
            .collect()
    }

    /// What Prometheus scrapes: kube-state-metrics, and the pods that serve, labelled as its Kubernetes discovery would.
    pub(super) fn targets(&self, state_metrics: String) -> Targets {
        let pods = self.clone();
        Arc::new(move || {
            let of_pods = Target { url: state_metrics.clone(), labels: BTreeMap::new() };
            let serving = pods.serving().into_iter();
            let target = |serving: Serving| Target {
                url: format!("http://{}/metrics", serving.address),
                labels: BTreeMap::from([
                    ("pod".to_owned(), serving.pod),
                    ("rollouts_pod_template_hash".to_owned(), serving.hash),
                ]),
            };
            std::iter::once(of_pods).chain(serving.map(target)).collect()
        })
    }

    fn addresses(&self) -> MutexGuard<'_, BTreeMap<String, SocketAddr>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
