//! A log that the case lacks, from the cluster, where its pod is still the one that the case is about.

use std::sync::Arc;

use domain::ports::{Cluster, LogSource, LogSpan};
use domain::{
    CaseFile, Container, ContainerName, ExhibitBody, Failure, Incarnation, LogExcerpt, Pod, PodHash, PodName,
    Redactor, Side, ToolFailure,
};

use super::finding::{no_such, which_logs};
use super::pod_logs::Wanted;
use super::sheet::{LINE, shown};

/// How much of a live log is kept, in bytes.
const LIMIT: u64 = 256 * 1024;
/// How many pods of a hash are looked through.
const PODS: usize = 2_000;

/// Reads logs of the incident's own pods. Nothing that a model names is put into a request before a pod of that very name was
/// found among those of the case's two hashes, in the incident's namespace.
pub(super) struct LiveLogs {
    cluster: Arc<dyn Cluster>,
    redactor: Redactor,
}

impl LiveLogs {
    pub(super) fn new(cluster: Arc<dyn Cluster>, redactor: Redactor) -> Self {
        Self { cluster, redactor }
    }

    /// The log since the attempt began, bounded and redacted.
    pub(super) async fn read(
        &self,
        case: &CaseFile,
        pod: &str,
        wanted: &Wanted,
    ) -> Result<LogExcerpt, ToolFailure> {
        let Ok(name) = pod.parse::<PodName>() else {
            return Err(no_such("pod", pod, &which_logs(case)));
        };
        let (side, pod) = self.still_there(case, &name).await?;
        let container = container(&pod, wanted.container.as_deref())?;
        let source = LogSource {
            namespace: case.header.identity.rollout.namespace.clone(),
            pod: pod.name.clone(),
            pod_uid: pod.uid.clone(),
            container: container.name.clone(),
            role: container.role,
            side,
            which: wanted.which.map_or(Incarnation::Current, Incarnation::from),
        };
        let span = LogSpan { since: Some(case.header.from), tail_lines: None, limit_bytes: LIMIT };
        let log = self.cluster.log(&source, span).await.map_err(|failure| told(&failure))?;
        Ok(self.redactor.redact(log))
    }

    /// The pod of that name with one of the case's hashes, unless it was made anew since.
    async fn still_there(&self, case: &CaseFile, name: &PodName) -> Result<(Side, Pod), ToolFailure> {
        let namespace = &case.header.identity.rollout.namespace;
        for (side, hash) in hashes(case) {
            let pods = self.cluster.pods(namespace, hash, PODS).await.map_err(|failure| told(&failure))?;
            let Some(pod) = pods.into_iter().find(|pod| pod.name == *name) else { continue };
            if known(case, name).is_some_and(|known| known.uid != pod.uid) {
                let which = which_logs(case);
                return Err(ToolFailure::Model(format!(
                    "pod {name} of this case is gone; another has its name now and is not read; {which}"
                )));
            }
            return Ok((side, pod));
        }
        let which = which_logs(case);
        Err(ToolFailure::Model(format!(
            "there is no pod {name} of this case in the cluster any more; {which}"
        )))
    }
}

/// The hashes that the case is about.
fn hashes(case: &CaseFile) -> Vec<(Side, &PodHash)> {
    let stable = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Rollout { rollout } => rollout.stable.as_ref(),
        _ => None,
    });
    let canary = &case.header.identity.canary;
    let stable = stable.filter(|hash| *hash != canary).map(|hash| (Side::Stable, hash));
    std::iter::once((Side::Canary, canary)).chain(stable).collect()
}

/// The pod as the case holds it.
fn known<'c>(case: &'c CaseFile, name: &PodName) -> Option<&'c Pod> {
    case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Pods { pods, .. } => pods.iter().find(|pod| pod.name == *name),
        _ => None,
    })
}

/// The container that is meant: the named one, else the only one.
fn container<'p>(pod: &'p Pod, named: Option<&str>) -> Result<&'p Container, ToolFailure> {
    let all = || pod.containers.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    match (named, pod.containers.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(ToolFailure::Model(format!("name a container of pod {}: {}", pod.name, all()))),
        (Some(named), containers) => {
            let name = named.parse::<ContainerName>().ok();
            containers
                .iter()
                .find(|container| Some(&container.name) == name.as_ref())
                .ok_or_else(|| no_such("container", named, &format!("the pod has {}", all())))
        }
    }
}

/// What went wrong, for the model: the case is still there without the live cluster.
fn told(failure: &Failure) -> ToolFailure {
    let why = shown(&failure.what, LINE);
    ToolFailure::Model(format!(
        "the cluster could not be read (failed to {why}); go on with the case's own logs"
    ))
}
