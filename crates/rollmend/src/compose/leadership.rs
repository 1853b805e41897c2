//! One replica acts. In a cluster a Lease in the daemon's own namespace says which; the others stand by, answer probes, and
//! begin nothing. Outside a cluster there is the lock on the journal alone.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Figures, Gate, Glance, Insight, RolloutSummary, Startup, ToldStep};
use domain::{GateAnswer, GateRefusal, GateRequest, Namespace, RolloutRef};
use futures::StreamExt;
use futures::stream::BoxStream;
use miette::{IntoDiagnostic, miette};
use server::{Doors, Limits, Reloads};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tool_kubernetes::{Connection, Held, Lease, LeasePace, LeaseSettings, Lost, connect};

use super::{Keys, listen};
use crate::config::Config;

/// Where Kubernetes tells a pod its namespace, beside the service account's token.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// For probes that are in work when this replica takes over.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// By what right this process acts.
pub(crate) enum Leadership {
    /// By the lock on its journal alone.
    Alone,
    /// By the Lease, as long as it is renewed.
    Leased(Box<Held>),
}

impl Leadership {
    /// Waits until this process may act; until then the doors say that it is passive.
    pub(crate) async fn take(config: &Config, connection: &Connection) -> miette::Result<Self> {
        let Some(namespace) = own_namespace(connection)? else { return Ok(Self::Alone) };
        // What would keep this replica from acting shall not wait for the day on which it has to.
        let keys = Keys::read(config)?;
        let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
        let settings = LeaseSettings { namespace, holder: own_name(), pace: LeasePace::default() };
        let holder = Arc::new(watch::Sender::new(None));
        let listener = listen(config).await?;
        let address = listener.local_addr().into_diagnostic()?;
        tracing::info!(%address, lease = %settings.namespace, pod = settings.holder, "standing by");
        let standby = Standby::open(listener, keys, holder.clone());
        let held = Lease::new(client, settings).acquire(&holder).await;
        standby.close().await;
        tracing::info!("this replica holds the lease");
        Ok(Self::Leased(Box::new(held)))
    }

    /// Resolves when this process must stop at once.
    pub(crate) async fn lost(&mut self) -> Lost {
        match self {
            Self::Alone => std::future::pending().await,
            Self::Leased(held) => held.keep().await,
        }
    }

    /// Does the work to its end unless leadership is lost meanwhile.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Lost> {
        match self {
            Self::Alone => Ok(work.await),
            Self::Leased(held) => held.keep_during(work).await,
        }
    }

    /// Lets the next one act without waiting.
    pub(crate) async fn release(self) {
        if let Self::Leased(held) = self {
            held.release().await;
        }
    }
}

/// The namespace of the pod that we run in: as the manifest tells, else as Kubernetes does. None outside a cluster.
pub(super) fn own_namespace(connection: &Connection) -> miette::Result<Option<Namespace>> {
    let told = std::env::var("POD_NAMESPACE").ok().filter(|told| !told.is_empty());
    let told = match (told, connection) {
        (Some(told), _) => told,
        (None, Connection::Kubeconfig { .. }) => return Ok(None),
        (None, Connection::InCluster | Connection::Found) => {
            if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() || !Path::new(POD_NAMESPACE).exists() {
                return Ok(None);
            }
            std::fs::read_to_string(POD_NAMESPACE)
                .map_err(|error| miette!("failed to read {POD_NAMESPACE}: {error}"))?
        }
    };
    let told = told.trim();
    told.parse().map(Some).map_err(|_| {
        miette!("POD_NAMESPACE is {told:?}, which is no namespace: take it from metadata.namespace")
    })
}

/// A pod's name stays over restarts of its container, of which there is one at a time. Without it, a name of this process alone.
fn own_name() -> String {
    if let Ok(pod) = std::env::var("POD_NAME")
        && !pod.is_empty()
    {
        return pod;
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}_{}_{}", host.trim(), std::process::id(), chrono::Utc::now().timestamp_millis())
}

/// The doors of a replica that does not act.
struct Standby {
    closing: CancellationToken,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Standby {
    fn open(listener: TcpListener, keys: Keys, holder: Arc<watch::Sender<Option<String>>>) -> Self {
        let bystander = Arc::new(Bystander { holder });
        let doors = Doors {
            gate: bystander.clone(),
            insight: bystander,
            auth: keys.auth,
            limits: Limits { drain: DRAIN, ..Limits::default() },
            reloads: Reloads::default(),
        };
        let closing = CancellationToken::new();
        let serving = tokio::spawn(server::serve(listener, doors, closing.clone()));
        Self { closing, serving }
    }

    /// Frees the port.
    async fn close(self) {
        self.closing.cancel();
        if self.serving.await.is_err() {
            tracing::error!("the HTTP server of the passive replica panicked");
        }
    }
}

/// Says that another acts. It never says yes: a call to a passive replica is an error, which the Rollouts controller tries again.
struct Bystander {
    holder: Arc<watch::Sender<Option<String>>>,
}

impl Bystander {
    fn refusal(&self) -> GateRefusal {
        let holder = self.holder.borrow().clone();
        GateRefusal::Ours(match holder {
            Some(holder) => format!("this replica is passive, {holder} holds the lease"),
            None => "this replica is passive: it does not hold the lease".to_owned(),
        })
    }
}

#[async_trait]
impl Gate for Bystander {
    async fn answer(&self, _: GateRequest) -> Result<GateAnswer, GateRefusal> {
        Err(self.refusal())
    }

    async fn glance(&self, _: GateRequest) -> Result<Glance, GateRefusal> {
        Err(self.refusal())
    }
}

#[async_trait]
impl Insight for Bystander {
    fn startup(&self) -> Startup {
        Startup::Passive { holder: self.holder.borrow().clone() }
    }

    fn steps(&self, _: u64) -> Vec<ToldStep> {
        Vec::new()
    }

    fn follow(&self, _: u64) -> BoxStream<'static, ToldStep> {
        futures::stream::pending().boxed()
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }

    async fn rollout(&self, _: &RolloutRef) -> Result<RolloutSummary, GateRefusal> {
        Err(self.refusal())
    }
}
