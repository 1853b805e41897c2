//! A pod with its containers.

use domain::{Container, ContainerRole, ContainerState, Pod, Presence, Readiness, Termination};

use super::{aside, time};
use crate::tools::sheet::Sheet;

pub(crate) fn pod(pod: &Pod, sheet: &mut Sheet) {
    let presence = match pod.presence {
        Presence::Staying => "",
        Presence::Leaving => ", being deleted or gone",
    };
    let Pod { name, hash, phase, reason, message, created_at, .. } = pod;
    sheet.line(format!(
        "pod {name}: {phase}{}, {}{presence}; hash {hash}, created {}",
        aside(reason),
        ready(pod.readiness),
        time(Some(*created_at))
    ));
    sheet.field("  message", message);
    pod.containers.iter().for_each(|of_pod| container(of_pod, sheet));
}

fn container(container: &Container, sheet: &mut Sheet) {
    let role = match container.role {
        ContainerRole::App => "app",
        ContainerRole::Init => "init",
        ContainerRole::Sidecar => "sidecar",
    };
    let Container { name, image, image_id, restarts, .. } = container;
    sheet.line(format!(
        "  {role} container {name}: {}, {}, {restarts} restarts; image {image}{}",
        state(&container.state),
        ready(container.readiness),
        aside(image_id)
    ));
    if let Some(last) = &container.last_termination {
        sheet.line(format!("    the run before: {}", termination(last)));
    }
}

fn ready(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Ready => "ready",
        Readiness::NotReady => "not ready",
    }
}

fn state(state: &ContainerState) -> String {
    match state {
        ContainerState::Waiting { reason, message } => format!("waiting, {reason}{}", aside(message)),
        ContainerState::Running { since } => format!("running since {}", time(*since)),
        ContainerState::Terminated(ended) => termination(ended),
    }
}

fn termination(ended: &Termination) -> String {
    let Termination { exit_code, reason, message, started_at, finished_at } = ended;
    format!(
        "ended with exit code {exit_code}, {reason}{}, ran from {} to {}",
        aside(message),
        time(*started_at),
        time(*finished_at)
    )
}
