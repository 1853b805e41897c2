//! Everything outside, by trait.

use std::sync::Arc;

use domain::ports::{
    Analyst, Announcer, CaseStore, Cluster, Code, Digest, Fixer, Forge, Journal, Metrics, ModelMeter, Spool,
    Voice,
};

/// The ports that the composition root fills in; cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Reads and watches the cluster.
    pub cluster: Arc<dyn Cluster>,
    /// Follows logs into files.
    pub spool: Arc<dyn Spool>,
    /// Writes Events and the annotation.
    pub announcer: Arc<dyn Announcer>,
    /// The one Prometheus; `None` where none is configured.
    pub metrics: Option<Arc<dyn Metrics>>,
    /// Bare clones.
    pub code: Arc<dyn Code>,
    /// Pull requests; `None` where no token is configured, which ends every handoff in an escalation that says so.
    pub forge: Option<Arc<dyn Forge>>,
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// Case files.
    pub cases: Arc<dyn CaseStore>,
    /// The rules and the digestion.
    pub digest: Arc<dyn Digest>,
    /// Finds the cause.
    pub analyst: Arc<dyn Analyst>,
    /// Makes the patch.
    pub fixer: Arc<dyn Fixer>,
    /// Finds the words.
    pub voice: Arc<dyn Voice>,
    /// Counts what models were used for; `None` where none is configured.
    pub models: Option<Arc<dyn ModelMeter>>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}

/// What a case is gathered from; cheap to clone.
#[derive(Clone)]
pub struct Sources {
    /// Reads the cluster.
    pub cluster: Arc<dyn Cluster>,
    /// The followed logs; `None` where nothing was followed.
    pub spool: Option<Arc<dyn Spool>>,
    /// The one Prometheus; `None` where none is configured.
    pub metrics: Option<Arc<dyn Metrics>>,
    /// Bare clones.
    pub code: Arc<dyn Code>,
    /// The rules and the digestion.
    pub digest: Arc<dyn Digest>,
}

impl From<Ports> for Sources {
    fn from(ports: Ports) -> Self {
        let Ports { cluster, spool, metrics, code, digest, .. } = ports;
        Self { cluster, spool: Some(spool), metrics, code, digest }
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sources")
    }
}
