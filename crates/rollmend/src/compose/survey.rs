//! What a cluster shows of Rollouts to someone who has no configuration yet. Reads; changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::ports::{Change, Cluster};
use domain::{Annotate, Mode, Namespace, Provider, RepositoryUrl, RolloutRef};
use futures::StreamExt;
use miette::miette;
use tool_kubernetes::{
    ClusterSettings, Connection, Grant, Inspection, KubernetesCluster, Rollouts, connect, needed,
};

/// How long the lists may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Namespaces, and repositories, that are kept.
const MOST: usize = 100;

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Namespaces with Rollouts.
    pub(crate) namespaces: BTreeSet<Namespace>,
    /// Repositories that are named, each with a Rollout that does.
    pub(crate) repositories: BTreeMap<String, RolloutRef>,
    /// Names of repositories that are none.
    pub(crate) refused: u64,
}

/// Looks at every Rollout and AnalysisRun of the cluster once.
pub(crate) async fn survey(connection: &Connection) -> miette::Result<Survey> {
    let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
    may_look(&Inspection::new(client.clone())).await?;
    let cluster = KubernetesCluster::new(client, ClusterSettings::default());
    let mut survey = Survey::default();
    let look = async {
        let mut changes = cluster.changes();
        while let Some(change) = changes.next().await {
            match change {
                Change::Listed => break,
                change => survey.see(change),
            }
        }
    };
    let done = tokio::time::timeout(LIMIT, look).await;
    done.map_err(|_| miette!("failed to list the Rollouts: not done within {} s", LIMIT.as_secs()))?;
    Ok(survey)
}

/// Says at once why a list would wait for ever.
async fn may_look(inspection: &Inspection) -> miette::Result<()> {
    let sentence = |failure: domain::Failure| miette!("{}", failure.sentence());
    if inspection.rollouts().await.map_err(sentence)? == Rollouts::Absent {
        return Err(miette!("Argo Rollouts' CRDs are not installed in this cluster"));
    }
    let rights = needed(&ClusterSettings::default(), Mode::Observe, Annotate::No);
    let looked_at = ["rollouts", "analysisruns"];
    for right in rights.iter().filter(|right| looked_at.contains(&right.resource) && right.verb == "list") {
        if inspection.may(right).await.map_err(sentence)? == Grant::Withheld {
            return Err(miette!("you may not list {} {}", right.resource, right.place()));
        }
    }
    Ok(())
}

impl Survey {
    fn see(&mut self, change: Change) {
        match change {
            Change::Rollout(rollout) => {
                if self.namespaces.len() < MOST {
                    self.namespaces.insert(rollout.rollout.namespace.clone());
                }
                if let Some(named) = rollout.annotations.get("repository") {
                    self.name(named, &rollout.rollout);
                }
            }
            Change::AnalysisRun(run) => {
                for metric in &run.metrics {
                    if let Provider::Plugin { github_url: Some(named), .. } = &metric.provider {
                        self.name(named, &run.rollout);
                    }
                }
            }
            Change::RolloutGone(_) | Change::Listed => {}
        }
    }

    /// What anybody wrote into the cluster is no more than a candidate, and only where it has the form of a repository's address.
    fn name(&mut self, named: &str, by: &RolloutRef) {
        let Ok(url) = RepositoryUrl::parse(named) else {
            self.refused += 1;
            return;
        };
        // The forge makes no difference between them, and `check` refuses a repository that is listed twice.
        let url = url.to_string();
        let is_known = self.repositories.keys().any(|known| known.eq_ignore_ascii_case(&url));
        if !is_known && self.repositories.len() < MOST {
            self.repositories.insert(url, by.clone());
        }
    }
}
