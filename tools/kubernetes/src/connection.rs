//! The way to the API server: from inside a cluster, or by a kubeconfig.
//!
//! Refuses to know what is asked over it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Config;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};

/// The API server ends a watch after 290 s at our wish; silence beyond that is a dead connection.
const READ_TIMEOUT: Duration = Duration::from_secs(320);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How the API server is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// By the service account of the pod that we run in.
    InCluster,
    /// By this file.
    Kubeconfig {
        /// Its path.
        path: PathBuf,
        /// The context to use; the file's current one when absent.
        context: Option<String>,
    },
    /// By the pod's service account where there is one, else by `$KUBECONFIG` or `~/.kube/config`.
    Found,
}

/// Why there is no client. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a service account nor a kubeconfig.
    #[error(
        "find a Kubernetes cluster: this is no pod with a service account, and {kubeconfig} cannot be used; run inside the cluster, or name a file with KUBECONFIG"
    )]
    Nowhere {
        /// Where a kubeconfig was looked for.
        kubeconfig: String,
        /// What is wrong with it.
        #[source]
        source: Box<KubeconfigError>,
    },
    /// The pod's service account cannot be used.
    #[error(
        "use the pod's service account: {source}; check that the pod has automountServiceAccountToken and KUBERNETES_SERVICE_HOST"
    )]
    ServiceAccount {
        /// The cause.
        #[source]
        source: Box<InClusterError>,
    },
    /// The kubeconfig cannot be used.
    #[error("use the kubeconfig {}: {source}; check the path, the context and the files that it names", path.display())]
    Kubeconfig {
        /// Its path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<KubeconfigError>,
    },
    /// What was found makes no client (a bad certificate, a missing token).
    #[error("make a client for {address}: {source}; check the certificates and the token")]
    Client {
        /// The API server's address.
        address: String,
        /// The cause.
        #[source]
        source: Box<kube::Error>,
    },
}

/// Makes a client. Nothing is asked yet, so a server that is down is no error here. Needs rustls' crypto provider to be
/// installed and a Tokio runtime.
pub async fn connect(connection: &Connection) -> Result<kube::Client, ConnectError> {
    let mut config = match connection {
        Connection::InCluster => in_cluster()?,
        Connection::Kubeconfig { path, context } => kubeconfig(path, context.as_deref()).await?,
        Connection::Found => found().await?,
    };
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.write_timeout = Some(WRITE_TIMEOUT);
    // Retries belong to those who know whether the request may be repeated.
    config.default_retry = false;
    let address = config.cluster_url.to_string();
    kube::Client::try_from(config)
        .map_err(|source| ConnectError::Client { address, source: Box::new(source) })
}

fn in_cluster() -> Result<Config, ConnectError> {
    Config::incluster().map_err(|source| ConnectError::ServiceAccount { source: Box::new(source) })
}

async fn kubeconfig(path: &Path, context: Option<&str>) -> Result<Config, ConnectError> {
    let wrong = |source| ConnectError::Kubeconfig { path: path.to_owned(), source: Box::new(source) };
    let file = Kubeconfig::read_from(path).map_err(wrong)?;
    let options =
        KubeConfigOptions { context: context.map(ToOwned::to_owned), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(file, &options).await.map_err(wrong)
}

async fn found() -> Result<Config, ConnectError> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return in_cluster();
    }
    Config::from_kubeconfig(&KubeConfigOptions::default()).await.map_err(|source| ConnectError::Nowhere {
        kubeconfig: std::env::var("KUBECONFIG").unwrap_or_else(|_| "~/.kube/config".to_owned()),
        source: Box::new(source),
    })
}
