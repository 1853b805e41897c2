//! Names what a container's status shows.

use domain::{
    CaseFile, Container, ContainerRole, ContainerState, Pod, PodProblem, Presence, Readiness, Termination,
    Trouble,
};

use super::{Curiosity, Symptom};
use crate::attempt::Attempt;
use crate::trouble::{hopeless, is_evicted, overdue, terminations};

/// From so many restarts on, a container that ends is in a loop even while it is not waiting.
const LOOP: u32 = 3;

/// How a container ended, the worst first: out of memory, in a loop, once.
pub(super) fn ended(case: &CaseFile, pod: &Pod, container: &Container, attempt: &Attempt) -> Option<Symptom> {
    if is_evicted(pod) {
        return None;
    }
    let endings: Vec<&Termination> = terminations(pod, container, attempt)
        .filter(|termination| counts(case, pod, container, termination))
        .collect();
    let is_waiting_in_loop = matches!(&container.state,
        ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff");
    let failed = endings.iter().find(|termination| termination.exit_code != 0);
    let is_restarted = container.restarts >= LOOP || failed.is_none();
    let problem = if endings.iter().any(|termination| termination.reason == "OOMKilled") {
        PodProblem::OomKilled
    } else if is_waiting_in_loop || (container.restarts > 0 && is_restarted && !endings.is_empty()) {
        PodProblem::CrashLoop
    } else if failed.is_some() {
        PodProblem::Exited
    } else {
        return None;
    };
    let ending = failed.or_else(|| endings.first());
    Some(symptom(problem, container, detail(container, ending.copied())))
}

/// How a container of a pod that is being deleted ended is the deletion's doing, unless it was trouble before.
fn counts(case: &CaseFile, pod: &Pod, container: &Container, termination: &Termination) -> bool {
    pod.presence == Presence::Staying
        || container.last_termination.as_ref() == Some(termination)
        || case.header.troubles.iter().any(|trouble| match trouble {
            Trouble::OomKilled { pod: name, container: which } => {
                *name == pod.name && *which == container.name && termination.reason == "OOMKilled"
            }
            Trouble::Exited { pod: name, container: which, exit_code } => {
                *name == pod.name && *which == container.name && *exit_code == termination.exit_code
            }
            _ => false,
        })
}

/// What a container waits for that no time heals.
pub(super) fn waits(container: &Container) -> Option<Symptom> {
    let reason = hopeless(container)?;
    let ContainerState::Waiting { message, .. } = &container.state else { return None };
    let problem = if reason.contains("Image") {
        PodProblem::ImagePull
    } else if reason == "CreateContainerConfigError" {
        PodProblem::MissingConfiguration
    } else {
        PodProblem::NotReady
    };
    Some(symptom(problem, container, joined(reason, message)))
}

/// Whether a pod is not Ready though it should be.
pub(super) fn should_be_ready(pod: &Pod, attempt: &Attempt, curiosity: Curiosity) -> bool {
    if is_evicted(pod) || pod.readiness == Readiness::Ready {
        return false;
    }
    match curiosity {
        Curiosity::Any => true,
        Curiosity::Overdue => pod.presence == Presence::Staying && overdue(pod, attempt).is_some(),
    }
}

/// Not Ready, and nothing says why.
pub(super) fn not_ready(pod: &Pod) -> Symptom {
    let container = unready(pod);
    Symptom {
        problem: PodProblem::NotReady,
        container: container.map(|container| container.name.to_string()).unwrap_or_default(),
        role: container.map_or(ContainerRole::App, |container| container.role),
        detail: joined(&pod.reason, &pod.message),
        exhibit: None,
    }
}

/// The container that keeps the pod from Ready: an init container that has not ended well, else the first that is not ready,
/// the app's before sidecars.
pub(super) fn unready(pod: &Pod) -> Option<&Container> {
    let of = |role: ContainerRole| {
        pod.containers.iter().find(|container| {
            container.role == role
                && container.readiness == Readiness::NotReady
                && !matches!(&container.state, ContainerState::Terminated(end) if end.exit_code == 0)
        })
    };
    let has_begun = pod
        .containers
        .iter()
        .any(|c| c.role == ContainerRole::App && matches!(c.state, ContainerState::Running { .. }));
    let init = if has_begun { None } else { of(ContainerRole::Init) };
    init.or_else(|| of(ContainerRole::App)).or_else(|| of(ContainerRole::Sidecar))
}

/// A symptom of a container.
pub(super) fn symptom(problem: PodProblem, container: &Container, detail: String) -> Symptom {
    Symptom { problem, container: container.name.to_string(), role: container.role, detail, exhibit: None }
}

fn detail(container: &Container, ending: Option<&Termination>) -> String {
    let restarts = match container.restarts {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        more => format!(", restarted {more} times"),
    };
    let Some(ending) = ending else { return restarts.trim_start_matches(", ").to_owned() };
    let reason = if ending.reason.is_empty() { "ended" } else { &ending.reason };
    let words = joined(&format!("{reason}, exit code {}{restarts}", ending.exit_code), &ending.message);
    words.trim().to_owned()
}

/// A reason with its message, where it has one.
fn joined(reason: &str, message: &str) -> String {
    if reason.is_empty() || message.is_empty() {
        format!("{reason}{message}")
    } else {
        format!("{reason}: {message}")
    }
}
