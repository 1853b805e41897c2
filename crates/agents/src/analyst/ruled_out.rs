//! What was looked at and found not to be the cause: each a noun with the reason, cited.

use domain::{AnalysisPhase, Brief, Claim, ContainerState, ExhibitId, Novelty, Pod, RangeFinding};

use super::cause::Tie;
use super::claims::{grouped, pods as counted, points_somewhere, value};
use super::diagnosis::Diagnosis;
use super::spec::{self, Difference};
use crate::facts::Facts;
use crate::voice::markdown::code;

/// What can be ruled out, in the order in which people ask for it.
pub(super) fn ruled_out(facts: Facts<'_>, brief: &Brief, diagnosis: Diagnosis<'_>) -> Vec<Claim> {
    let mut out = Vec::new();
    out.extend(crashes(facts, brief));
    out.extend(held(facts).take(2));
    out.extend(alike(brief).take(2));
    if diagnosis.cause.change().is_none() {
        out.extend(template(facts, brief));
    }
    out.extend(other_commits(brief, diagnosis));
    out
}

fn claim(exhibit: ExhibitId, text: String) -> Claim {
    Claim { exhibit, text, canary: String::new(), stable: String::new(), quote: None }
}

fn crashes(facts: Facts<'_>, brief: &Brief) -> Option<Claim> {
    let (exhibit, pods) = facts.canary_pods()?;
    let runs = |pod: &Pod| {
        pod.containers.iter().any(|container| matches!(container.state, ContainerState::Running { .. }))
    };
    let restarts: u32 = pods.iter().flat_map(|pod| &pod.containers).map(|container| container.restarts).sum();
    let troubled = brief.pods.iter().any(|pod| pod.canary_pods > 0);
    let quiet = restarts == 0 && !troubled && pods.iter().any(runs);
    let text = format!("crashes and OOM kills, since no container of {} was restarted", counted(pods.len()));
    quiet.then(|| claim(exhibit, text))
}

fn held(facts: Facts<'_>) -> impl Iterator<Item = Claim> + '_ {
    let held = facts.deciding().filter(|(_, metric)| metric.phase == AnalysisPhase::Successful);
    held.map(|(exhibit, metric)| {
        let last = value(metric.measurements.last().map(|measurement| measurement.value.as_str()));
        let at = if last.is_empty() { last } else { format!(" at {last}") };
        claim(exhibit, format!("metric {}, which held{at}", code(metric.name.as_str(), 80)))
    })
}

fn alike(brief: &Brief) -> impl Iterator<Item = Claim> + '_ {
    let alike = brief.templates.iter().filter(|line| line.novelty == Novelty::Alike && line.stable > 0);
    alike.map(|line| {
        let counts = format!("{} times against {}", grouped(line.canary), grouped(line.stable));
        claim(line.exhibit, format!("{}, which stable logs alike ({counts})", code(&line.pattern, 100)))
    })
}

fn template(facts: Facts<'_>, brief: &Brief) -> Option<Claim> {
    let (exhibit, ..) = facts.templates()?;
    let is_the_same = spec::difference(facts) == Difference::Version && spec::rivals(brief).next().is_none();
    let text = "the pod template, of which image, labels and annotations differ at most";
    is_the_same.then(|| claim(exhibit, text.to_owned()))
}

fn other_commits(brief: &Brief, diagnosis: Diagnosis<'_>) -> Option<Claim> {
    let RangeFinding::Known { exhibit, commits, suspects, .. } = &brief.range else { return None };
    let suspect = match diagnosis.tie {
        Tie::Frame { suspect, .. } => suspect,
        Tie::Value { .. } => return others_without_the_value(*exhibit, *commits),
        Tie::Only { .. } | Tie::Loose => return None,
    };
    // The brief may hold fewer suspects than commits; all that a frame points at are known only where one without is listed.
    let all_known =
        suspects.len() as u64 == *commits || suspects.last().is_some_and(|last| !points_somewhere(last));
    if !all_known {
        return None;
    }
    let others = commits.saturating_sub(1);
    let meet = suspects.iter().filter(|other| other.sha != suspect.sha && points_somewhere(other)).count();
    let without = others.saturating_sub(meet as u64);
    let which = "no frame is in a file that they changed";
    let text = match without {
        0 => return None,
        all if all == others => format!("the other {} commits, since {which}", grouped(all)),
        some => format!("{} of the other {} commits, since {which}", grouped(some), grouped(others)),
    };
    Some(claim(*exhibit, text))
}

/// A tie by a value says that no other commit made that change.
fn others_without_the_value(exhibit: ExhibitId, commits: u64) -> Option<Claim> {
    let text = match commits.saturating_sub(1) {
        0 => return None,
        1 => "the other commit, since it did not make that change".to_owned(),
        others => format!("the other {} commits, since none of them made that change", grouped(others)),
    };
    Some(claim(exhibit, text))
}
