//! What a command that only looks needs: the rooms that read, and none that writes or remembers.

use std::sync::Arc;

use domain::ports::Cluster;
use evidence::Evidence;
use miette::{Context, IntoDiagnostic, miette};
use orchestrator::{Settings, Sources};
use tempfile::TempDir;
use tool_kubernetes::{Connection, KubernetesCluster, connect};

use super::{Auth, Keys, clones, cluster_settings, prometheus, settings};
use crate::config::{Access, Config};

/// The rooms that read. Clones go to a folder of their own, which is removed in the end.
pub(crate) struct Looking {
    /// Where evidence comes from.
    pub(crate) sources: Sources,
    /// What the operator decided.
    pub(crate) settings: Settings,
    /// What cannot be used, in sentences.
    pub(crate) notes: Vec<String>,
    _clones: TempDir,
}

impl Looking {
    /// Connects the rooms. A secret that cannot be read is noted: whoever asks may not have the daemon's.
    pub(crate) async fn open(config: &Config, connection: &Connection) -> miette::Result<Self> {
        let folder = tempfile::tempdir().into_diagnostic().wrap_err("failed to make a folder for clones")?;
        let mut config = config.clone();
        config.daemon.clones = folder.path().join("clones");
        let (keys, notes) = keys(&config);
        let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
        let cluster: Arc<dyn Cluster> = Arc::new(KubernetesCluster::new(client, cluster_settings(&config)));
        let sources = Sources {
            cluster,
            spool: None,
            metrics: prometheus(&config)?.map(|prometheus| prometheus as _),
            code: Arc::new(clones(&config, &keys)),
            digest: Arc::new(Evidence::default()),
        };
        Ok(Self { sources, settings: settings(&config, &keys), notes, _clones: folder })
    }
}

/// The secrets that can be read. The doors' tokens serve here only to be taken out of what is read.
pub(super) fn keys(config: &Config) -> (Keys, Vec<String>) {
    let auth = match &config.daemon.access {
        Access::Open => Auth::Open,
        Access::Tokens { token, gate } => match token.reveal("[daemon] auth.token") {
            Ok(token) => {
                let gate = gate.as_ref().and_then(|gate| gate.reveal("[daemon] auth.gate_token").ok());
                Auth::Tokens { token, gate }
            }
            Err(_) => Auth::Open,
        },
    };
    let mut notes = Vec::new();
    let github = config.github.as_ref().and_then(|github| match github.token.reveal("[github] token") {
        Ok(token) => Some(token),
        Err(error) => {
            notes.push(format!("{error}; repositories are read without a token"));
            None
        }
    });
    (Keys { auth, github }, notes)
}
