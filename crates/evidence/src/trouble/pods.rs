//! Trouble that the canary's pods show.
//!
//! The app's own container counts when it was OOM-killed, exited non-zero or was restarted while its pod was neither being
//! deleted nor evicted. A pod that is not Ready counts past its deadline, or after a short grace when what it waits for cannot
//! heal by itself.

use domain::{
    Container, ContainerRole, ContainerState, Observation, Pod, Presence, Readiness, Termination, Trouble,
};

use crate::attempt::Attempt;

/// Waiting reasons that no time heals (kubernetes/kubernetes, `pkg/kubelet/images/types.go` and
/// `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
const HOPELESS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
];
/// `status.reason` of pods that the cluster, not the app, ended (kubernetes/kubernetes: kubelet eviction, preemption, node shutdown).
const ENDED_BY_CLUSTER: [&str; 6] =
    ["Evicted", "Preempting", "Preempted", "NodeShutdown", "Terminated", "NodeLost"];

/// The troubles of the canary's pods.
pub(super) fn troubles(observation: &Observation, attempt: &Attempt) -> Vec<Trouble> {
    let canary = observation.rollout.current.as_ref();
    observation
        .pods
        .iter()
        .filter(|pod| Some(&pod.hash) == canary && pod.presence == Presence::Staying && !is_evicted(pod))
        .flat_map(|pod| {
            let containers = pod.containers.iter().filter(|container| container.role == ContainerRole::App);
            containers.flat_map(|container| of_container(pod, container, attempt)).chain(
                overdue(pod, attempt).map(|reason| Trouble::NotReady { pod: pod.name.clone(), reason }),
            )
        })
        .collect()
}

/// Whether the cluster ended the pod.
pub(crate) fn is_evicted(pod: &Pod) -> bool {
    ENDED_BY_CLUSTER.contains(&pod.reason.as_str())
}

/// How the container ended in the attempt: now, and before its last restart.
pub(crate) fn terminations<'a>(
    pod: &'a Pod,
    container: &'a Container,
    attempt: &Attempt,
) -> impl Iterator<Item = &'a Termination> + use<'a> {
    let now = match &container.state {
        ContainerState::Terminated(termination) => Some(termination),
        ContainerState::Waiting { .. } | ContainerState::Running { .. } => None,
    };
    let attempt = *attempt;
    now.into_iter().chain(&container.last_termination).filter(move |termination| {
        let known = termination.finished_at.or(termination.started_at);
        attempt.contains(known.or(Some(pod.created_at)))
    })
}

/// The container's first reason to wait that no time heals.
pub(crate) fn hopeless(container: &Container) -> Option<&str> {
    match &container.state {
        ContainerState::Waiting { reason, .. } if HOPELESS.contains(&reason.as_str()) => Some(reason),
        _ => None,
    }
}

/// Why a pod that should be Ready by now is not, empty when unknown; `None` when it is Ready or has time left.
pub(crate) fn overdue(pod: &Pod, attempt: &Attempt) -> Option<String> {
    if pod.readiness == Readiness::Ready || pod.phase == "Succeeded" {
        return None;
    }
    let age = attempt.now - pod.created_at.max(attempt.from);
    if let Some(reason) = pod.containers.iter().find_map(hopeless)
        && age > attempt.grace
    {
        return Some(reason.to_owned());
    }
    (age > attempt.deadline).then(|| {
        let waiting = pod.containers.iter().find_map(|container| match &container.state {
            ContainerState::Waiting { reason, .. } => Some(reason.clone()),
            ContainerState::Running { .. } | ContainerState::Terminated(_) => None,
        });
        waiting.unwrap_or_default()
    })
}

/// A restart is told by itself only where no exit tells more.
fn of_container(pod: &Pod, container: &Container, attempt: &Attempt) -> Vec<Trouble> {
    let (pod_name, name) = (|| pod.name.clone(), || container.name.clone());
    let mut troubles: Vec<Trouble> = terminations(pod, container, attempt)
        .filter_map(|termination| {
            if termination.reason == "OOMKilled" {
                Some(Trouble::OomKilled { pod: pod_name(), container: name() })
            } else if termination.exit_code != 0 {
                let exit_code = termination.exit_code;
                Some(Trouble::Exited { pod: pod_name(), container: name(), exit_code })
            } else {
                None
            }
        })
        .collect();
    let restarted_in_attempt = container.restarts > 0
        && match &container.last_termination {
            Some(_) => terminations(pod, container, attempt).next().is_some(),
            None => attempt.contains(Some(pod.created_at)),
        };
    if troubles.is_empty() && restarted_in_attempt {
        troubles.push(Trouble::Restarted {
            pod: pod_name(),
            container: name(),
            restarts: container.restarts,
        });
    }
    troubles
}
