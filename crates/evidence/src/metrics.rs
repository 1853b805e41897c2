//! What the metrics of the AnalysisRuns say against the canary.
//!
//! A query without data and a value that is no number are recognised in Argo Rollouts' words: an empty vector is `[]`, and a
//! condition on it fails with `metric result is nil or empty`, before 1.10 with `index out of range` (argoproj/argo-rollouts,
//! `utils/evaluate/evaluate.go` and `docs/analysis/prometheus.md`).

mod condition;

use domain::{
    AnalysisPhase, AnalysisRun, CaseFile, ExhibitBody, ExhibitId, Metric, MetricFinding, MetricName,
    MetricProblem, Point, Side,
};

use crate::attempt::Attempt;
use crate::excerpt;
use crate::trouble::is_evidence;
use condition::Outcome;

/// What the controller says of a condition on a result without data, now and in versions before 1.10.
const EMPTY: [&str; 2] = ["metric result is nil or empty", "index out of range"];

/// A metric that speaks against the canary, and what stable says to the same query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricJudged {
    /// For the brief.
    pub(crate) finding: MetricFinding,
    /// Stable under the same query.
    pub(crate) on_stable: OnStable,
}

/// How stable does where the canary fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnStable {
    /// The same query is fine there.
    Fine,
    /// It fails alike.
    Alike,
    /// Not asked, or the condition is beyond us.
    Unknown,
}

/// The findings, worst first.
pub(crate) fn judged(case: &CaseFile, attempt: &Attempt) -> Vec<MetricJudged> {
    let mut found: Vec<MetricJudged> = runs(case, attempt)
        .flat_map(|(exhibit, run)| run.metrics.iter().filter_map(move |metric| judge(case, exhibit, metric)))
        .collect();
    found.sort_by(|a, b| (rank(a), &a.finding.metric).cmp(&(rank(b), &b.finding.metric)));
    found
}

fn runs<'a>(case: &'a CaseFile, attempt: &Attempt) -> impl Iterator<Item = (ExhibitId, &'a AnalysisRun)> {
    let attempt = *attempt;
    case.exhibits.iter().filter_map(move |exhibit| match &exhibit.body {
        ExhibitBody::AnalysisRun { run } if attempt.contains(Some(run.created_at)) => Some((exhibit.id, run)),
        _ => None,
    })
}

fn rank(judged: &MetricJudged) -> u8 {
    match judged.finding.problem {
        MetricProblem::Failed => 0,
        MetricProblem::NotANumber => 1,
        MetricProblem::NoData => 2,
        MetricProblem::Errored => 3,
        MetricProblem::Inconclusive => 4,
    }
}

fn judge(case: &CaseFile, exhibit: ExhibitId, metric: &Metric) -> Option<MetricJudged> {
    if !is_evidence(metric) {
        return None;
    }
    let problem = problem(metric)?;
    let canary = series(case, &metric.name, Side::Canary);
    let stable = series(case, &metric.name, Side::Stable);
    let condition = if metric.success_condition.is_empty() {
        &metric.failure_condition
    } else {
        &metric.success_condition
    };
    let finding = MetricFinding {
        exhibit,
        metric: metric.name.clone(),
        problem,
        condition: excerpt::bounded(condition, excerpt::SHOWN),
        canary: last_value(metric).or_else(|| last_point(canary)),
        stable: last_point(stable),
        series: [canary, stable].into_iter().flatten().map(|(exhibit, _)| exhibit).collect(),
        message: message(metric),
    };
    Some(MetricJudged { on_stable: on_stable(metric, problem, stable), finding })
}

fn problem(metric: &Metric) -> Option<MetricProblem> {
    let plain = match metric.phase {
        AnalysisPhase::Failed => MetricProblem::Failed,
        AnalysisPhase::Error => MetricProblem::Errored,
        AnalysisPhase::Inconclusive => MetricProblem::Inconclusive,
        AnalysisPhase::Pending | AnalysisPhase::Running | AnalysisPhase::Successful => return None,
    };
    let last = metric.measurements.iter().rev().find(|m| m.phase == metric.phase);
    let (value, words) = last.map_or(("", ""), |m| (m.value.trim(), m.message.as_str()));
    let is_empty = [words, &metric.message].iter().any(|text| EMPTY.iter().any(|known| text.contains(known)));
    Some(if is_nan(value) {
        MetricProblem::NotANumber
    } else if value == "[]" || is_empty {
        MetricProblem::NoData
    } else {
        plain
    })
}

/// `NaN` alone or as an element of a vector.
fn is_nan(value: &str) -> bool {
    value.split(['[', ']', ',', ' ']).any(|part| part.eq_ignore_ascii_case("nan"))
}

/// The last value that was measured, without the brackets that Argo puts around a vector of one.
fn last_value(metric: &Metric) -> Option<String> {
    let of_phase = |m: &&domain::Measurement| m.phase == metric.phase && !m.value.is_empty();
    let last = metric.measurements.iter().rev().find(of_phase)?;
    let value = last.value.trim();
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    (!inner.is_empty()).then(|| excerpt::bounded(inner, excerpt::SHOWN))
}

/// The controller's words, and the provider's where they add something.
fn message(metric: &Metric) -> String {
    let provider =
        metric.measurements.iter().rev().map(|m| m.message.as_str()).find(|words| !words.is_empty());
    let text = match provider {
        Some(words) if metric.message.is_empty() => words.to_owned(),
        Some(words) if !metric.message.contains(words) => format!("{}: {words}", metric.message),
        _ => metric.message.clone(),
    };
    excerpt::bounded(&text, excerpt::SHOWN)
}

type Series<'a> = (ExhibitId, &'a [Point]);

fn series<'a>(case: &'a CaseFile, name: &MetricName, wanted: Side) -> Option<Series<'a>> {
    case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
        ExhibitBody::Series { metric, side, points, .. } if metric == name && *side == wanted => {
            Some((exhibit.id, points.as_slice()))
        }
        _ => None,
    })
}

fn last_point(series: Option<Series<'_>>) -> Option<String> {
    series?.1.last().map(|point| excerpt::bounded(&point.value, 40))
}

fn on_stable(metric: &Metric, problem: MetricProblem, stable: Option<Series<'_>>) -> OnStable {
    let Some((_, points)) = stable else { return OnStable::Unknown };
    let last = points.last().and_then(Point::number);
    match (problem, last) {
        (MetricProblem::NoData, None) => OnStable::Alike,
        (MetricProblem::NotANumber, Some(value)) if value.is_nan() => OnStable::Alike,
        (_, Some(value)) if !value.is_nan() => match condition::outcome(metric, value) {
            Outcome::Passes => OnStable::Fine,
            Outcome::Fails => OnStable::Alike,
            Outcome::Unknown => OnStable::Unknown,
        },
        _ => OnStable::Unknown,
    }
}
