//! What the pods' status and the events about them say: OOM kills, crash loops, image pull errors, failing probes, missing
//! configuration, unschedulable.
//!
//! The rule of trouble decides that something is wrong; here it gets its name. A pod that has been deleted since keeps what it
//! showed before, but how its containers ended at the deletion says nothing.

mod events;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use domain::{CaseFile, ContainerRole, ExhibitBody, ExhibitId, Pod, PodFinding, PodProblem, Side, Trouble};

use crate::attempt::Attempt;
use crate::excerpt;

/// A problem of one container as one pod shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Symptom {
    problem: PodProblem,
    container: String,
    role: ContainerRole,
    detail: String,
    /// The exhibit of the detail where it is an event's.
    exhibit: Option<ExhibitId>,
}

/// How far a pod that is not Ready is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curiosity {
    /// Only once it is past its deadline.
    Overdue,
    /// Always: the trouble is that pods did not become Ready.
    Any,
}

/// The findings on both sides, the canary's worst first.
pub(crate) fn findings(case: &CaseFile, attempt: &Attempt) -> Vec<PodFinding> {
    let curiosity = curiosity(case);
    let mut found = Found::new();
    for (exhibit, side, pod) in pods(case) {
        let curiosity = match side {
            Side::Canary => curiosity,
            Side::Stable => Curiosity::Overdue,
        };
        count(&mut found, symptoms(case, pod, attempt, curiosity), exhibit, side);
    }
    if let Some((exhibit, symptom)) = events::no_pods(case) {
        count(&mut found, vec![symptom], exhibit, Side::Canary);
    }
    let mut findings: Vec<PodFinding> =
        found.into_values().filter(|finding| finding.canary_pods > 0).collect();
    findings.sort_by_key(|finding| (finding.stable_pods > 0, finding.problem, finding.container.clone()));
    findings
}

type Found = BTreeMap<(PodProblem, String, ContainerRole), PodFinding>;

/// Counts one pod's symptoms, each once.
fn count(found: &mut Found, symptoms: Vec<Symptom>, exhibit: ExhibitId, side: Side) {
    let mut seen = BTreeSet::new();
    for symptom in symptoms {
        if !seen.insert((symptom.problem, symptom.container.clone())) {
            continue;
        }
        let key = (symptom.problem, symptom.container.clone(), symptom.role);
        let finding = found.entry(key).or_insert_with(|| PodFinding {
            exhibit: symptom.exhibit.unwrap_or(exhibit),
            problem: symptom.problem,
            container: symptom.container.clone(),
            role: symptom.role,
            canary_pods: 0,
            stable_pods: 0,
            detail: String::new(),
        });
        match side {
            Side::Canary => {
                if finding.canary_pods == 0 {
                    finding.exhibit = symptom.exhibit.unwrap_or(exhibit);
                    finding.detail = excerpt::bounded(&symptom.detail, excerpt::SHOWN);
                }
                finding.canary_pods += 1;
            }
            Side::Stable => finding.stable_pods += 1,
        }
    }
}

fn pods(case: &CaseFile) -> impl Iterator<Item = (ExhibitId, Side, &Pod)> {
    case.exhibits.iter().flat_map(|exhibit| {
        let (side, pods) = match &exhibit.body {
            ExhibitBody::Pods { side, pods } => (*side, pods.as_slice()),
            _ => (Side::Canary, &[][..]),
        };
        pods.iter().map(move |pod| (exhibit.id, side, pod))
    })
}

fn curiosity(case: &CaseFile) -> Curiosity {
    let is_about_readiness = case.header.troubles.iter().any(|trouble| {
        matches!(trouble, Trouble::ProgressDeadlineExceeded { .. } | Trouble::NotReady { .. })
    });
    if is_about_readiness { Curiosity::Any } else { Curiosity::Overdue }
}

/// A container's worst problem by status; what keeps the pod from Ready, by status or else by events.
fn symptoms(case: &CaseFile, pod: &Pod, attempt: &Attempt, curiosity: Curiosity) -> Vec<Symptom> {
    let mut symptoms: Vec<Symptom> = pod
        .containers
        .iter()
        .filter_map(|container| status::ended(case, pod, container, attempt))
        .map(|symptom| events::killed_by_probe(case, pod, &symptom).unwrap_or(symptom))
        .collect();
    if !status::should_be_ready(pod, attempt, curiosity) {
        return symptoms;
    }
    let waiting: Vec<Symptom> = pod.containers.iter().filter_map(status::waits).collect();
    if !waiting.is_empty() {
        symptoms.extend(waiting);
    } else if symptoms.is_empty() {
        symptoms.push(events::keeps_from_ready(case, pod).unwrap_or_else(|| status::not_ready(pod)));
    }
    symptoms
}
