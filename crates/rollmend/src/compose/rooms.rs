//! The rooms that reach the outside and the disk, connected once for a daemon.

use std::sync::Arc;

use agents::{Meter, Speaker};
use domain::ports::Forge;
use evidence::Evidence;
use miette::miette;
use orchestrator::Ports;
use store::{CaseFolder, SqliteJournal};
use tool_github::GitHub;
use tool_kubernetes::{Connection, KubernetesCluster, LogSpool, connect};
use tool_prometheus::Prometheus;
use tool_repo::BareClones;

use super::agency::Agency;
use super::staff::Staff;
use super::{Keys, clones, cluster_settings, forge, prometheus, spool_settings};
use crate::config::Config;

/// Each is one value, however many use it.
pub(super) struct Rooms {
    pub(super) journal: Arc<SqliteJournal>,
    pub(super) cases: CaseFolder,
    pub(super) spool: Arc<LogSpool>,
    cluster: Arc<KubernetesCluster>,
    prometheus: Option<Arc<Prometheus>>,
    clones: BareClones,
    forge: Option<Arc<GitHub>>,
    meter: Arc<Meter>,
}

impl Rooms {
    /// Opens what lies on the disk and prepares what lies outside, of which nothing has to be up yet.
    pub(super) async fn open(config: &Config, keys: &Keys, connection: &Connection) -> miette::Result<Self> {
        let journal = SqliteJournal::open(&config.daemon.journal)
            .await
            .map_err(|error| miette!("failed to {error}"))?;
        let cases = CaseFolder::open(&config.daemon.cases).map_err(|error| miette!("failed to {error}"))?;
        let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
        let spool = LogSpool::open(client.clone(), spool_settings(config, keys)).await;
        let spool = spool.map_err(|failure| miette!("{}", failure.sentence()))?;
        Ok(Self {
            journal: Arc::new(journal),
            cases,
            spool: Arc::new(spool),
            cluster: Arc::new(KubernetesCluster::new(client, cluster_settings(config))),
            prometheus: prometheus(config)?,
            clones: clones(config, keys),
            forge: forge(config, keys)?.map(Arc::new),
            meter: Arc::new(Meter::new()),
        })
    }

    /// Those who find people for them.
    pub(super) fn agency(&self, keys: &Keys) -> Agency {
        Agency {
            clones: self.clones.clone(),
            cluster: Some(self.cluster.clone()),
            prometheus: self.prometheus.clone(),
            ledger: self.journal.clone(),
            checkpoints: self.journal.clone(),
            meter: self.meter.clone(),
            secrets: keys.values(),
        }
    }

    /// The ports that they keep.
    pub(super) fn ports(&self, staff: Arc<Staff>) -> Ports {
        Ports {
            cluster: self.cluster.clone(),
            spool: self.spool.clone(),
            announcer: self.cluster.clone(),
            metrics: self.prometheus.clone().map(|prometheus| prometheus as _),
            code: Arc::new(self.clones.clone()),
            forge: self.forge.clone().map(|forge| forge as Arc<dyn Forge>),
            journal: self.journal.clone(),
            cases: Arc::new(self.cases.clone()),
            digest: Arc::new(Evidence::default()),
            analyst: staff.clone(),
            fixer: staff,
            voice: Arc::new(Speaker),
            models: Some(self.meter.clone()),
        }
    }
}
