//! A Kubernetes API server on a loopback port, over objects in memory.
//!
//! It answers as the real one does where clients can tell: resource versions, watches that resume or are told `410 Gone`,
//! pages, selectors, metadata-only lists, patches, refusals as `Status` objects, tokens with rules, pod logs. It admits
//! what it is given without schemas or defaults.
//!
//! This module refuses to know what acts on the objects: the stand-ins for the kubelet and the Rollouts controller do, over
//! the [`Store`].

mod access;
mod clock;
mod discovery;
mod event;
mod form;
mod kinds;
mod names;
mod object;
mod patch;
mod pod_log;
mod reading;
mod refusal;
mod request;
mod selector;
mod serving;
mod store;
mod watching;
mod writing;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

use self::{access::Access, serving::Server, watching::Orders};
pub use self::{
    access::{Rule, Token},
    clock::Clock,
    kinds::Kind,
    refusal::Refusal,
    store::Store,
};
pub(crate) use self::{
    event::{Importance, Occurrence},
    names::safe_encode,
    object::{items, members, number, remove, set, text},
    request::decode,
    store::{Change, Deed},
};
use crate::{
    kubelet::PodLogs,
    wire::{Asked, Port, Wire},
};

/// How the server is started.
#[derive(Debug, Clone)]
pub struct KubernetesOptions {
    /// Where to listen.
    pub port: Port,
    /// The tokens that are known.
    pub tokens: Vec<Token>,
    /// Whether the custom resources of Argo Rollouts are installed from the start.
    pub custom_resources: CustomResources,
    /// Whether a watch may ask for initial events (the `WatchList` feature).
    pub initial_events: InitialEvents,
    /// The uid of `kube-system`, by which a cluster is told from others.
    pub cluster_uid: String,
    /// `gitVersion` in `/version`.
    pub version: String,
    /// What time it is in the cluster.
    pub clock: Clock,
    /// Makes generated uids and names the same in every run.
    pub seed: Option<u64>,
}

/// Whether the custom resources of Argo Rollouts are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomResources {
    /// They are served.
    Installed,
    /// Their paths are 404 until [`KubernetesApi::install_custom_resources`].
    Absent,
}

/// What becomes of `sendInitialEvents` on a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialEvents {
    /// They are sent, and closed by an annotated bookmark.
    Sent,
    /// 422, as from a server that is too old for it.
    Refused,
}

/// How a watch from a forgotten version is told that it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// 200, then an ERROR event of code 410: what a server with a watch cache does.
    ByEvent,
    /// HTTP status 410.
    ByStatus,
}

/// A handle on the running server.
#[derive(Debug, Clone)]
pub struct KubernetesApi {
    wire: Wire,
    server: Arc<Server>,
}

impl Default for KubernetesOptions {
    fn default() -> Self {
        KubernetesOptions {
            port: Port::Any,
            tokens: vec![Token::admin("admin")],
            custom_resources: CustomResources::Installed,
            initial_events: InitialEvents::Sent,
            cluster_uid: "7d9c1b52-5a0e-4c4f-9a63-1f0f2f6c0a11".to_owned(),
            version: "v1.34.4".to_owned(),
            clock: Clock::system(),
            seed: None,
        }
    }
}

impl KubernetesApi {
    /// Starts the server.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn start(options: KubernetesOptions) -> std::io::Result<KubernetesApi> {
        let installed = options.custom_resources == CustomResources::Installed;
        let server = Arc::new(Server {
            store: Store::new(options.clock, options.seed, &options.cluster_uid),
            logs: PodLogs::default(),
            access: Access::new(options.tokens),
            custom_resources: AtomicBool::new(installed),
            initial_events: options.initial_events,
            version: options.version,
            orders: watch::Sender::new(Orders::default()),
        });
        let router = axum::Router::new().fallback(serving::serve).with_state(Arc::clone(&server));
        Ok(KubernetesApi { wire: Wire::serve("kubernetes", router, options.port).await?, server })
    }

    /// The server's address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// A kubeconfig, as YAML, for a caller with that token.
    pub fn kubeconfig(&self, token: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: testbed\n  cluster:\n    server: {}\nusers:\n- name: testbed\n  user:\n    token: {token:?}\ncontexts:\n- name: testbed\n  context:\n    cluster: testbed\n    user: testbed\ncurrent-context: testbed\n",
            self.url()
        )
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.server.store
    }

    /// The logs that kubelets write and `…/log` reads.
    pub fn logs(&self) -> &PodLogs {
        &self.server.logs
    }

    /// The server's wire: its record of requests, its faults, its restarts.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Every request so far that asked for a Secret.
    pub fn secret_reads(&self) -> Vec<Asked> {
        let about_secrets = |asked: &Asked| asked.path.split('/').any(|part| part == "secrets");
        self.wire.asked().into_iter().filter(about_secrets).collect()
    }

    /// Installs the custom resources of Argo Rollouts.
    pub fn install_custom_resources(&self) {
        self.server.custom_resources.store(true, Ordering::Relaxed);
    }

    /// Refuses what the rule covers with 403, whatever the token allows.
    pub fn forbid(&self, rule: Rule) {
        self.server.access.forbid(rule);
    }

    /// Lifts what [`KubernetesApi::forbid`] has imposed.
    pub fn lift_prohibitions(&self) {
        self.server.access.lift();
    }

    /// Forgets all versions but the newest. Live watches go on; who comes back from an older version is told 410.
    pub fn compact(&self, gone: Gone) {
        self.server.store.compact();
        self.server.orders.send_modify(|orders| orders.gone_by_status = gone == Gone::ByStatus);
    }

    /// Ends every live watch with an ERROR event of code 410.
    pub fn expire_watches(&self) {
        self.server.orders.send_modify(|orders| orders.expire += 1);
    }

    /// Sends a bookmark on every live watch that allows it.
    pub fn bookmark_watches(&self) {
        self.server.orders.send_modify(|orders| orders.bookmark += 1);
    }
}
