//! From a brief to its cause: rules in an order, the first that fits decides.
//!
//! What Kubernetes itself says of a pod that never started comes first, since nothing ran that could have another cause; then the
//! one trace that meets a changed line; then what is missing around the service; then the service's own errors; and last a
//! metric that nothing explains. A rule claims no more than its evidence: where none fits, the cause is unknown.

use domain::{
    Brief, CaseFile, ContainerRole, Frame, Grounds, MetricFinding, MetricProblem, Novelty, PodFinding,
    PodProblem, RangeFinding, SpecChange, Standing, Suspect, SuspectReason, TemplateClass, TraceFinding,
    Trouble,
};

use super::cause::{Cause, MeasuringFault, Place, Tie, is_dependency};
use super::sign::{Sign, own_frames};
use super::spec::{self, Difference};
use crate::facts::Facts;

/// What the rules found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Diagnosis<'a> {
    /// The cause.
    pub(super) cause: Cause<'a>,
    /// What ties a commit to it.
    pub(super) tie: Tie<'a>,
    /// Another new sign that could be the cause as well.
    pub(super) contested_by: Option<Sign<'a>>,
}

/// Decides.
pub(super) fn diagnose<'a>(case: &CaseFile, brief: &'a Brief) -> Diagnosis<'a> {
    let cause = cause(case, brief);
    let tie = tie(case, brief, cause);
    let contested_by = match (cause, tie) {
        (Cause::Error { .. } | Cause::MissingKey { .. } | Cause::Variable { .. }, _)
        | (_, Tie::Only { .. }) => signs(brief).find(|sign| is_dependency(*sign)),
        _ => None,
    };
    Diagnosis { cause, tie, contested_by }
}

fn cause<'a>(case: &CaseFile, brief: &'a Brief) -> Cause<'a> {
    let against = has_evidence_against_canary(brief);
    if !against && only(case, |trouble| matches!(trouble, Trouble::GateCouldNotAnswer { .. })) {
        return Cause::GateCouldNotAnswer;
    }
    never_started(brief)
        .or_else(|| in_changed_lines(brief))
        .or_else(|| memory(brief))
        .or_else(|| around_the_service(brief))
        .or_else(|| variable(brief))
        .or_else(|| own_error(brief))
        .or_else(|| ended_or_unready(brief))
        .or_else(|| unexplained_error(brief))
        .or_else(|| metric(brief))
        .unwrap_or_else(|| nothing_against_canary(case, brief))
}

fn nothing_against_canary<'a>(case: &CaseFile, brief: &'a Brief) -> Cause<'a> {
    if brief.standing == Standing::SameOnStable {
        return Cause::SameOnStable { sign: alike(brief) };
    }
    let inconclusive = |metric: &&MetricFinding| metric.problem == MetricProblem::Inconclusive;
    let troubles = &case.header.troubles;
    if brief.metrics.iter().any(|metric| inconclusive(&metric))
        || troubles.iter().any(|trouble| matches!(trouble, Trouble::Inconclusive { .. }))
    {
        Cause::Inconclusive
    } else if troubles.iter().any(|trouble| matches!(trouble, Trouble::AbortedByHand)) {
        Cause::AbortedByHand
    } else {
        Cause::Nothing
    }
}

/// Whether the troubles are of this kind, beside the abort that follows from any.
fn only(case: &CaseFile, kind: fn(&Trouble) -> bool) -> bool {
    let follows = |trouble: &Trouble| matches!(trouble, Trouble::Aborted { .. });
    let troubles = &case.header.troubles;
    troubles.iter().any(kind) && troubles.iter().all(|trouble| kind(trouble) || follows(trouble))
}

fn has_evidence_against_canary(brief: &Brief) -> bool {
    !brief.metrics.is_empty() || pods(brief).next().is_some() || signs(brief).next().is_some()
}

/// Pods that only the canary has in trouble, the app's own container before others.
fn pods(brief: &Brief) -> impl Iterator<Item = &PodFinding> {
    let mut found: Vec<&PodFinding> =
        brief.pods.iter().filter(|pod| pod.canary_pods > 0 && pod.stable_pods == 0).collect();
    found.sort_by_key(|pod| pod.role);
    found.into_iter()
}

fn pod_with<'a>(brief: &'a Brief, problems: &[PodProblem]) -> Option<Cause<'a>> {
    problems.iter().find_map(|problem| {
        let finding = pods(brief).find(|pod| pod.problem == *problem)?;
        Some(Cause::Pod { finding, change: spec::explains(brief, finding).into_iter().next() })
    })
}

/// Signs that speak against the canary. Those that could not be compared with stable come last, and only where the digest
/// sees trouble at all.
pub(super) fn signs(brief: &Brief) -> impl Iterator<Item = Sign<'_>> {
    let all = || brief.traces.iter().map(Sign::Trace).chain(brief.templates.iter().map(Sign::Line));
    let compared = all().filter(|sign| sign.novelty().is_against_canary());
    let in_trouble = brief.standing == Standing::Trouble;
    let not_compared =
        move |sign: &Sign<'_>| in_trouble && sign.novelty() == Novelty::Unknown && sign.counts().0 > 0;
    compared.chain(all().filter(not_compared))
}

fn traces(brief: &Brief) -> impl Iterator<Item = &TraceFinding> {
    signs(brief).filter_map(|sign| match sign {
        Sign::Trace(trace) => Some(trace),
        Sign::Line(_) => None,
    })
}

fn never_started(brief: &Brief) -> Option<Cause<'_>> {
    pod_with(brief, &[PodProblem::MissingConfiguration, PodProblem::ImagePull, PodProblem::Unschedulable])
}

/// The trace that meets a changed line. Not one of memory or of a dependency: their frames only say who asked.
fn in_changed_lines(brief: &Brief) -> Option<Cause<'_>> {
    let trace = traces(brief).find(|trace| {
        matches!(Sign::Trace(trace).class(), TemplateClass::Error | TemplateClass::MissingConfiguration)
            && frame_in_lines(brief, trace).is_some()
    })?;
    Some(of_trace(brief, trace))
}

fn of_trace<'a>(brief: &'a Brief, trace: &'a TraceFinding) -> Cause<'a> {
    let sign = Sign::Trace(trace);
    if sign.class() == TemplateClass::MissingConfiguration {
        return Cause::MissingKey { sign, change: spec::first_named_by(brief, sign) };
    }
    Cause::Error { sign, crash: crashed(brief) }
}

fn crashed(brief: &Brief) -> Option<&PodFinding> {
    pods(brief).find(|pod| matches!(pod.problem, PodProblem::CrashLoop | PodProblem::Exited))
}

fn memory(brief: &Brief) -> Option<Cause<'_>> {
    let said = || {
        let sign = signs(brief).find(|sign| sign.class() == TemplateClass::OutOfMemory)?;
        Some(Cause::OutOfMemory { sign, change: spec::lowered_memory_limit(brief, None) })
    };
    pod_with(brief, &[PodProblem::OomKilled]).or_else(said)
}

fn around_the_service(brief: &Brief) -> Option<Cause<'_>> {
    let dependency = signs(brief)
        .find(|sign| is_dependency(*sign))
        .map(|sign| Cause::Dependency { sign, change: spec::first_named_by(brief, sign) });
    let key = || {
        let sign = signs(brief).find(|sign| sign.class() == TemplateClass::MissingConfiguration)?;
        Some(Cause::MissingKey { sign, change: spec::first_named_by(brief, sign) })
    };
    dependency.or_else(key)
}

/// An error that is new on the canary and names a variable that the pod template changed.
fn variable(brief: &Brief) -> Option<Cause<'_>> {
    let new = signs(brief).filter(|sign| sign.novelty().is_against_canary());
    new.filter(|sign| sign.class() == TemplateClass::Error).find_map(|sign| {
        let change = spec::variables_named_by(brief, sign).into_iter().next()?;
        Some(Cause::Variable { sign, change, crash: crashed(brief) })
    })
}

fn own_error(brief: &Brief) -> Option<Cause<'_>> {
    let crash = crashed(brief);
    traces(brief)
        .find(|trace| trace.own_frame().is_some())
        .or_else(|| traces(brief).next().filter(|_| crash.is_some()))
        .map(|trace| Cause::Error { sign: Sign::Trace(trace), crash })
}

fn ended_or_unready(brief: &Brief) -> Option<Cause<'_>> {
    let ends = [PodProblem::CrashLoop, PodProblem::Exited, PodProblem::ProbeFailing, PodProblem::NotReady];
    pod_with(brief, &ends)
}

fn unexplained_error(brief: &Brief) -> Option<Cause<'_>> {
    signs(brief).next().map(|sign| Cause::Error { sign, crash: None })
}

fn metric(brief: &Brief) -> Option<Cause<'_>> {
    let with = |problem| brief.metrics.iter().find(move |metric| metric.problem == problem);
    if let Some(failed) = with(MetricProblem::Failed) {
        return (brief.standing != Standing::SameOnStable).then_some(Cause::MetricFailed(failed));
    }
    [MetricProblem::NoData, MetricProblem::NotANumber, MetricProblem::Errored].into_iter().find_map(
        |problem| {
            let metric = with(problem)?;
            Some(Cause::Unmeasured { metric, fault: fault(metric) })
        },
    )
}

/// Whose fault an unmeasured metric is, by the controller's words: what the provider could not deliver reads like a connection
/// or a status of 5xx (argoproj/argo-rollouts, `metricproviders/prometheus`), all else is query or condition.
fn fault(metric: &MetricFinding) -> MeasuringFault {
    const PROVIDER: [&str; 10] = [
        "connection refused",
        "no such host",
        "timeout",
        "timed out",
        "deadline exceeded",
        "server_error",
        "server error",
        "bad gateway",
        "service unavailable",
        "i/o",
    ];
    let words = metric.message.to_lowercase();
    let is_providers =
        metric.problem == MetricProblem::Errored && PROVIDER.iter().any(|one| words.contains(one));
    if is_providers { MeasuringFault::Provider } else { MeasuringFault::Template }
}

fn alike(brief: &Brief) -> Option<Sign<'_>> {
    let mut both = brief
        .traces
        .iter()
        .map(Sign::Trace)
        .chain(brief.templates.iter().map(Sign::Line))
        .filter(|sign| sign.counts().0 > 0 && sign.counts().1 > 0);
    let first = both.next()?;
    Some(if is_dependency(first) { first } else { both.find(|sign| is_dependency(*sign)).unwrap_or(first) })
}

fn suspects(brief: &Brief) -> &[Suspect] {
    match &brief.range {
        RangeFinding::Known { suspects, .. } => suspects,
        RangeFinding::Unknown { .. } => &[],
    }
}

/// The suspect whose changed lines a frame of the service's own lies in, with the frame. The digest grants the ground
/// only where exactly one commit of the range changed those lines; here it is tied to this very trace.
fn frame_in_lines<'a>(brief: &'a Brief, trace: &'a TraceFinding) -> Option<(&'a Suspect, &'a Frame)> {
    suspects(brief).iter().filter(|suspect| suspect.grounds == Grounds::FrameInItsLines).find_map(|suspect| {
        suspect.reasons.iter().find_map(|reason| match reason {
            SuspectReason::FrameInLines { file, line, exhibit } if *exhibit == trace.exhibit => {
                own_frames(trace)
                    .find(|frame| frame.line == Some(*line) && base(&frame.file) == base(file))
                    .map(|frame| (suspect, frame))
            }
            _ => None,
        })
    })
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The grounds on which rules alone are sure enough. The only candidate counts only where nothing but the version changed in
/// the pod template, and the trouble is shown to be the canary's alone.
fn tie<'a>(case: &CaseFile, brief: &'a Brief, cause: Cause<'a>) -> Tie<'a> {
    if let Some(value) = value_tie(brief, cause) {
        return value;
    }
    if let Cause::Error { sign: Sign::Trace(trace), .. } | Cause::MissingKey { sign: Sign::Trace(trace), .. } =
        cause
        && trace.novelty.is_against_canary()
        && let Some((suspect, frame)) = frame_in_lines(brief, trace)
    {
        return Tie::Frame { suspect, frame };
    }
    let only = suspects(brief).iter().find(|suspect| suspect.grounds == Grounds::OnlyCandidate);
    let rival = spec::rivals(brief).next().is_some() || spec::difference(Facts::of(case)) == Difference::More;
    match only {
        Some(suspect) if is_new(brief, cause) && !rival => Tie::Only { suspect },
        _ => Tie::Loose,
    }
}

/// The commit that made the change of the pod template which explains the cause, and every other change that may: all of their
/// places in the range are its own.
fn value_tie<'a>(brief: &'a Brief, cause: Cause<'a>) -> Option<Tie<'a>> {
    let changes = spec::that_decide(brief, cause);
    let change = changes.first().copied()?;
    let (suspect, place) = suspects(brief).iter().find_map(|suspect| {
        let place = places(suspect, change).next()?;
        Some((suspect, place.0))
    })?;
    let mut all: u32 = 0;
    for change in changes {
        let own = u32::try_from(places(suspect, change).count()).unwrap_or(u32::MAX);
        if own == 0 || places(suspect, change).any(|(_, of)| of != own) {
            return None;
        }
        all = all.saturating_add(own);
    }
    Some(Tie::Value { suspect, change, place, places: all })
}

/// Where a suspect made a change of the pod template, and in how many places the whole range did.
fn places<'a>(suspect: &'a Suspect, change: &SpecChange) -> impl Iterator<Item = (Place<'a>, u32)> {
    suspect.reasons.iter().filter_map(move |reason| match reason {
        SuspectReason::SpecInLines { file, line, path, places, .. } if *path == change.path => {
            Some((Place { file, line: *line }, *places))
        }
        _ => None,
    })
}

/// Whether the cause is one that a commit can bring about, and is shown not to be stable's as well.
fn is_new(brief: &Brief, cause: Cause<'_>) -> bool {
    match cause {
        Cause::Pod { finding, change: None } => {
            brief.volume.stable_pods > 0
                && finding.role != ContainerRole::Sidecar
                && matches!(
                    finding.problem,
                    PodProblem::OomKilled
                        | PodProblem::CrashLoop
                        | PodProblem::Exited
                        | PodProblem::ProbeFailing
                )
        }
        Cause::OutOfMemory { sign, change: None }
        | Cause::MissingKey { sign, change: None }
        | Cause::Error { sign, .. } => sign.novelty().is_against_canary(),
        Cause::MetricFailed(metric) => metric.stable.is_some() && metric.stable != metric.canary,
        _ => false,
    }
}
