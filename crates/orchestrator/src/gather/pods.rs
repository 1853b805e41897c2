//! Pods as they are now, and as they were last seen where they are gone.

use std::time::Duration;

use domain::{AnalysisRun, Failure, Pod, Presence, Rollout};

use super::{Gatherer, Part, Subject};
use crate::effects::within;
use crate::observer::troubled_first;

impl Gatherer {
    /// The attempt's AnalysisRuns of the canary, oldest first.
    pub(super) async fn runs(
        &self,
        subject: &Subject,
        rollout: &Rollout,
        limit: Duration,
    ) -> Result<Option<Vec<AnalysisRun>>, Failure> {
        let runs = within(limit, "read AnalysisRuns", self.ports.cluster.analysis_runs(rollout)).await?;
        let ours = |run: &AnalysisRun| {
            run.canary.as_ref() == Some(&subject.identity.canary) && run.created_at >= subject.from
        };
        Ok(Some(runs.into_iter().filter(ours).collect()))
    }

    pub(super) async fn canary_pods(&self, subject: &Subject, limit: Duration) -> Result<Vec<Pod>, Failure> {
        let identity = &subject.identity;
        let most = self.settings.now().limits.canary_pods;
        let pods = self.ports.cluster.pods(&identity.rollout.namespace, &identity.canary, most);
        within(limit, "read the canary's pods", pods).await
    }

    pub(super) async fn stable_pods(
        &self,
        subject: &Subject,
        rollout: &Rollout,
        limit: Duration,
    ) -> Result<Option<Vec<Pod>>, Failure> {
        let Some(stable) = &rollout.stable else { return Ok(None) };
        let most = self.settings.now().limits.stable_pods;
        let pods = self.ports.cluster.pods(&subject.identity.rollout.namespace, stable, most);
        Ok(Some(within(limit, "read stable's pods", pods).await?))
    }
}

/// The pods of now, and those seen earlier that are gone by now, with their last status; troubled ones first, at most `most`.
pub(super) fn merged(
    read: Result<Vec<Pod>, Failure>,
    seen: Vec<Pod>,
    most: usize,
    part: &mut Part,
) -> Vec<Pod> {
    let fresh = match read {
        Ok(pods) => pods,
        Err(failure) => {
            part.miss("the canary's pods", format!("{}; as last seen", failure.sentence()));
            return limited(seen, most, part);
        }
    };
    let gone: Vec<Pod> = seen
        .into_iter()
        .filter(|old| !fresh.iter().any(|new| new.uid == old.uid))
        .map(|old| Pod { presence: Presence::Leaving, ..old })
        .collect();
    limited(fresh.into_iter().chain(gone).collect(), most, part)
}

fn limited(mut pods: Vec<Pod>, most: usize, part: &mut Part) -> Vec<Pod> {
    troubled_first(&mut pods);
    if pods.len() > most {
        part.miss(format!("{} more canary pods", pods.len() - most), format!("at most {most} are kept"));
        pods.truncate(most);
    }
    pods
}
