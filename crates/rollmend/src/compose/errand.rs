//! What one command of a person's needs: the rooms that read, those who judge and mend, a purse of its own, and nothing that remembers.

use std::path::Path;
use std::sync::Arc;

use agents::Meter;
use domain::ports::{Analyst, Cluster, Fixer, ModelMeter, ModelUse};
use domain::{Failure, Proposal, Redactor};
use evidence::Evidence;
use miette::{Context, IntoDiagnostic, miette};
use orchestrator::{Offered, Settings, Sources};
use store::SqliteJournal;
use tempfile::TempDir;
use tool_github::GitHub;
use tool_kubernetes::{Connection, KubernetesCluster, connect};
use tool_prometheus::Prometheus;
use tool_repo::{BareClones, CloneSettings, HandedOver};

use super::agency::Agency;
use super::staff::Hired;
use super::{Keys, clone_settings, cluster_settings, decided, forge, model_keys, prometheus, tokens};
use crate::config::Config;

/// A patch is shown whole, however long its lines are.
const LONGEST_DIFF: usize = 64 << 20;

/// The rooms for one command. Clones, the purse and checkpoints lie in a folder of their own, which is removed in the end: what is spent
/// here counts against `[budget] per_incident` of this command alone, since the daemon may hold its journal.
pub(crate) struct Errand {
    config: Config,
    keys: Keys,
    clones: BareClones,
    cluster: Option<Arc<KubernetesCluster>>,
    prometheus: Option<Arc<Prometheus>>,
    hired: Hired,
    meter: Arc<Meter>,
    /// What cannot be used, in sentences.
    notes: Vec<String>,
    _folder: TempDir,
}

/// What becomes of an agent whose model cannot be had, such as without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unhirable {
    /// The rules take its place, and a note says so.
    Noted,
    /// The command fails.
    Fatal,
}

impl Errand {
    /// Without a cluster: for a case that was frozen before.
    pub(crate) async fn offline(config: Config, unhirable: Unhirable) -> miette::Result<Self> {
        Self::open(config, None, unhirable).await
    }

    /// With the cluster to read.
    pub(crate) async fn in_cluster(
        config: Config,
        connection: &Connection,
        unhirable: Unhirable,
    ) -> miette::Result<Self> {
        let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
        let cluster = Arc::new(KubernetesCluster::new(client, cluster_settings(&config)));
        Self::open(config, Some(cluster), unhirable).await
    }

    /// A secret that cannot be read is noted: whoever asks may not have the daemon's.
    async fn open(
        config: Config,
        cluster: Option<Arc<KubernetesCluster>>,
        unhirable: Unhirable,
    ) -> miette::Result<Self> {
        let folder = tempfile::tempdir().into_diagnostic().wrap_err("failed to make a temporary folder")?;
        let (keys, mut notes) = Keys::readable(&config);
        let clones = clones(&config, &keys, folder.path());
        let purse = SqliteJournal::open(&folder.path().join("purse.db"))
            .await
            .map_err(|error| miette!("failed to {error}"))?;
        let purse = Arc::new(purse);
        let prometheus = prometheus(&config)?;
        let meter = Arc::new(Meter::new());
        let agency = Agency {
            clones: clones.clone(),
            cluster: cluster.clone(),
            prometheus: prometheus.clone(),
            ledger: purse.clone(),
            checkpoints: purse,
            meter: meter.clone(),
            secrets: keys.values(),
        };
        let hired = match agency.hire(&config) {
            Err(why) if unhirable == Unhirable::Noted => {
                notes.push(format!("{why}; the rules judge, and a revert is all that mends"));
                agency.hire(&Config { analyzer: None, fixer: None, ..config.clone() })?
            }
            hired => hired?,
        };
        Ok(Self { config, keys, clones, cluster, prometheus, hired, meter, notes, _folder: folder })
    }

    /// Where evidence comes from; none without a cluster.
    pub(crate) fn sources(&self) -> Option<Sources> {
        let cluster: Arc<dyn Cluster> = self.cluster.clone()?;
        Some(Sources {
            cluster,
            spool: None,
            metrics: self.prometheus.clone().map(|prometheus| prometheus as _),
            code: Arc::new(self.clones.clone()),
            digest: Arc::new(Evidence::default()),
        })
    }

    /// What the operator decided.
    pub(crate) fn settings(&self) -> Settings {
        // A pod may say the key of a model that nobody asks this time.
        let secrets = self.keys.values().into_iter().chain(model_keys(&self.config));
        Settings { redactor: Redactor::new(secrets), ..decided(&self.config) }
    }

    /// What cannot be used, in sentences.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Who judges.
    pub(crate) fn analyst(&self) -> &dyn Analyst {
        self.hired.analyst.as_ref()
    }

    /// Who mends.
    pub(crate) fn fixer(&self) -> &dyn Fixer {
        self.hired.fixer.as_ref()
    }

    /// What models were used for so far, all of them together.
    pub(crate) fn used(&self) -> ModelUse {
        self.meter.models().values().fold(ModelUse::default(), |sum, one| ModelUse {
            calls: sum.calls.saturating_add(one.calls),
            failures: sum.failures.saturating_add(one.failures),
            cost: sum.cost + one.cost,
        })
    }

    /// GitHub, which a pull request needs.
    pub(crate) fn forge(&self) -> miette::Result<GitHub> {
        let advice = "add [github] with token to agents.toml, and set what it names";
        forge(&self.config, &self.keys)?.ok_or_else(|| {
            miette!(help = advice, "failed to open a pull request: there is no token for GitHub")
        })
    }

    /// Opens the pull request, or finds the one that is there.
    pub(crate) async fn offer(&self, forge: &GitHub, proposal: &Proposal) -> Result<Offered, Failure> {
        orchestrator::offer(forge, &self.clones, proposal).await
    }

    /// Writes the patch's branch into a person's own clone.
    pub(crate) async fn hand_over(&self, proposal: &Proposal, into: &Path) -> Result<HandedOver, Failure> {
        let Proposal { repository, branch, patch, .. } = proposal;
        self.clones.hand_over(repository, branch, patch, into).await
    }
}

fn clones(config: &Config, keys: &Keys, folder: &Path) -> BareClones {
    let settings = clone_settings(config, &folder.join("clones"));
    let limits = tool_repo::Limits { diff: LONGEST_DIFF, ..settings.limits };
    BareClones::new(CloneSettings { limits, ..settings }, Arc::new(tokens(config, keys)))
}
