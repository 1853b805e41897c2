//! What names the repository of a canary.

use domain::{AnalysisRun, NamedRepository, PodHash, Provider, Rollout};

/// The annotation, and the plugin's `githubUrl` in the newest AnalysisRun of the hash that has one; a request names its own.
pub(crate) fn named(rollout: &Rollout, canary: &PodHash, runs: &[AnalysisRun]) -> NamedRepository {
    let mut runs: Vec<&AnalysisRun> = runs.iter().filter(|run| run.canary.as_ref() == Some(canary)).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.created_at));
    let plugin = runs.iter().flat_map(|run| &run.metrics).find_map(|metric| match &metric.provider {
        Provider::Plugin { github_url, .. } => github_url.clone(),
        Provider::Prometheus { .. } | Provider::Web { .. } | Provider::Other { .. } => None,
    });
    NamedRepository { annotation: rollout.annotations.get("repository").cloned(), plugin, request: None }
}
