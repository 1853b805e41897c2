//! What a model may read of a case: its exhibits first, and of the live cluster only a log that the case lacks.
//!
//! Every tool reads only. None takes a namespace, a path or a kind of object: a name that is not one of the case's own reaches
//! nothing. What they return is text that anyone may have written; it leaves through one door, `sheet`, which cleans and bounds it.
//!
//! Refuses to know: models, prompts, budgets, and what the evidence means.

mod describe;
mod events;
mod exhibits;
mod finding;
mod live;
mod numbered;
mod pod_logs;
mod sheet;
mod told;

use std::sync::Arc;

use domain::ports::{CaseTools, Cluster};
use domain::{CaseFile, Redactor, Tool};

use crate::cluster::KubernetesCluster;
use describe::Describe;
use events::Events;
use exhibits::Exhibits;
use live::LiveLogs;
use pod_logs::PodLogs;

/// `pod_logs`, `describe`, `events` and `exhibits` over a case.
pub struct KubernetesTools {
    cluster: Option<(Arc<dyn Cluster>, Redactor)>,
}

impl KubernetesTools {
    /// Over the case, and over the cluster for a log that the case does not hold and whose pod is still there. What comes from the
    /// cluster goes through the redactor, as the case's evidence did.
    pub fn new(cluster: Arc<KubernetesCluster>, redactor: Redactor) -> Self {
        Self { cluster: Some((cluster, redactor)) }
    }

    /// Over the case alone, for one that is read away from its cluster.
    pub fn frozen() -> Self {
        Self { cluster: None }
    }
}

impl CaseTools for KubernetesTools {
    fn tools(&self, case: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>> {
        let live = self
            .cluster
            .as_ref()
            .map(|(cluster, redactor)| LiveLogs::new(Arc::clone(cluster), redactor.clone()));
        vec![
            Arc::new(Exhibits::new(Arc::clone(case))),
            Arc::new(Describe::new(Arc::clone(case))),
            Arc::new(PodLogs::new(Arc::clone(case), live)),
            Arc::new(Events::new(Arc::clone(case))),
        ]
    }
}
