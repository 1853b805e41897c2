//! Names what the events about a pod show, where its status does not.

use domain::{CaseFile, ClusterEvent, ContainerRole, ExhibitBody, ExhibitId, Pod, PodProblem};

use super::{Symptom, status};

/// SIGKILL and SIGTERM, with which the kubelet ends a container whose liveness probe fails.
const SIGNALS: [&str; 2] = ["exit code 137", "exit code 143"];

/// A container that was ended because its liveness or startup probe failed did not crash.
pub(super) fn killed_by_probe(case: &CaseFile, pod: &Pod, symptom: &Symptom) -> Option<Symptom> {
    let is_killed = symptom.problem != PodProblem::OomKilled
        && SIGNALS.iter().any(|signal| symptom.detail.contains(signal));
    if !is_killed {
        return None;
    }
    let (exhibit, event) = about_pod(case, pod).find(|(_, event)| {
        event.reason == "Unhealthy"
            && ["Liveness", "Startup"].iter().any(|probe| event.message.starts_with(probe))
    })?;
    Some(Symptom {
        problem: PodProblem::ProbeFailing,
        detail: event.message.clone(),
        exhibit: Some(exhibit),
        ..symptom.clone()
    })
}

/// What keeps a pod from Ready.
pub(super) fn keeps_from_ready(case: &CaseFile, pod: &Pod) -> Option<Symptom> {
    let mut found: Vec<(PodProblem, ExhibitId, &ClusterEvent)> =
        about_pod(case, pod).filter_map(|(exhibit, event)| Some((problem(event)?, exhibit, event))).collect();
    found.sort_by_key(|(problem, ..)| *problem == PodProblem::ProbeFailing);
    let (problem, exhibit, event) = found.first()?;
    let container = status::unready(pod);
    Some(Symptom {
        problem: *problem,
        container: container.map(|container| container.name.to_string()).unwrap_or_default(),
        role: container.map_or(ContainerRole::App, |container| container.role),
        detail: event.message.clone(),
        exhibit: Some(*exhibit),
    })
}

/// The canary's ReplicaSet cannot make pods at all: a quota or an admission webhook refuses them.
pub(super) fn no_pods(case: &CaseFile) -> Option<(ExhibitId, Symptom)> {
    let canary = case.header.identity.canary.as_str();
    let (exhibit, event) = events(case).find(|(_, event)| {
        event.reason == "FailedCreate"
            && event.about.starts_with("ReplicaSet/")
            && event.about.ends_with(canary)
    })?;
    let symptom = Symptom {
        problem: PodProblem::Unschedulable,
        container: String::new(),
        role: ContainerRole::App,
        detail: event.message.clone(),
        exhibit: Some(exhibit),
    };
    Some((exhibit, symptom))
}

fn events(case: &CaseFile) -> impl Iterator<Item = (ExhibitId, &ClusterEvent)> {
    case.exhibits.iter().rev().flat_map(|exhibit| {
        let events = match &exhibit.body {
            ExhibitBody::Events { events } => events.as_slice(),
            _ => &[],
        };
        events.iter().rev().map(move |event| (exhibit.id, event))
    })
}

fn about_pod<'a>(case: &'a CaseFile, pod: &Pod) -> impl Iterator<Item = (ExhibitId, &'a ClusterEvent)> {
    let about = format!("Pod/{}", pod.name);
    events(case).filter(move |(_, event)| event.about == about)
}

/// Reasons as kubelet and scheduler write them (kubernetes/kubernetes, `pkg/kubelet/events/event.go`).
fn problem(event: &ClusterEvent) -> Option<PodProblem> {
    let says = |words: &str| event.message.contains(words);
    Some(match event.reason.as_str() {
        "FailedScheduling" => PodProblem::Unschedulable,
        "Unhealthy" => PodProblem::ProbeFailing,
        "FailedMount" if says("not found") || says("references non-existent") => {
            PodProblem::MissingConfiguration
        }
        "Failed" if says("couldn't find key") || says("not found in") => PodProblem::MissingConfiguration,
        "Failed" if says("configmap") || says("secret") => PodProblem::MissingConfiguration,
        "Failed" if says("pull image") || says("ErrImagePull") || says("ImagePullBackOff") => {
            PodProblem::ImagePull
        }
        "BackOff" if says("pulling image") => PodProblem::ImagePull,
        _ => return None,
    })
}
