//! Which pods come first where there is not room for all. An order only: what counts as trouble is the digest's rule.

use std::cmp::Reverse;

use domain::{Container, ContainerState, Pod};

/// Pods that look troubled first, then the newest.
pub(crate) fn troubled_first(pods: &mut [Pod]) {
    pods.sort_by_key(|pod| (!looks_troubled(pod), Reverse(pod.created_at), pod.name.clone()));
}

fn looks_troubled(pod: &Pod) -> bool {
    pod.phase == "Failed" || pod.containers.iter().any(container_looks_troubled)
}

fn container_looks_troubled(container: &Container) -> bool {
    let stuck = match &container.state {
        ContainerState::Waiting { reason, .. } => {
            !matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing")
        }
        ContainerState::Terminated(ended) => ended.exit_code != 0,
        ContainerState::Running { .. } => false,
    };
    stuck || container.restarts > 0
}
