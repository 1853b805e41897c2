//! The case's own series.

use std::collections::BTreeSet;

use domain::{CaseFile, ExhibitBody, ExhibitId, MetricName, Point, Side, ToolFailure, ToolOutput};

use super::samples::{Samples, shown};
use super::{Wanted, told};

/// Series of one call.
const MOST: usize = 8;

/// A frozen series.
struct Series<'c> {
    id: ExhibitId,
    metric: &'c MetricName,
    side: Side,
    query: &'c str,
    points: &'c [Point],
}

/// The wanted series' samples.
pub(super) fn read(case: &CaseFile, wanted: &Wanted) -> Result<ToolOutput, ToolFailure> {
    let found: Vec<Series<'_>> = match &wanted.exhibit {
        Some(_) if wanted.metric.is_some() || wanted.side.is_some() => {
            return Err(told("give either metric with side, or exhibit"));
        }
        Some(named) => vec![by_exhibit(case, named)?],
        None => by_metric(case, wanted)?,
    };
    let room = MOST.min(found.len()).max(1);
    let mut text = String::new();
    let mut rest = None;
    for series in found.iter().take(MOST) {
        let Series { id, metric, side, query, .. } = series;
        text.push_str(&shown(&format!("{id}: metric {metric} of {side}, query {query}")));
        text.push('\n');
        let within = |point: &&Point| {
            wanted.from.is_none_or(|from| point.at >= from) && wanted.to.is_none_or(|to| point.at <= to)
        };
        let samples = Samples::new(series.points.iter().filter(within));
        rest = samples.write(&mut text, room).or(rest);
    }
    let rest = match (found.get(MOST), rest) {
        (Some(next), _) => {
            Some(format!("more series: call query_metrics {{\"exhibit\":\"{}\"}} and on", next.id))
        }
        (None, Some(())) => {
            Some("samples between those shown: call query_metrics with from and to".to_owned())
        }
        (None, None) => None,
    };
    Ok(ToolOutput { text, rest })
}

/// Which series there are, as a fragment.
pub(super) fn which(case: &CaseFile) -> String {
    let names: Vec<String> = all(case)
        .take(30)
        .map(|series| format!("{} ({} of {})", series.id, series.metric, series.side))
        .collect();
    if names.is_empty() {
        return "this case holds no series; what was measured stands in the AnalysisRun".to_owned();
    }
    format!("series are {}", shown(&names.join(", ")))
}

fn by_exhibit<'c>(case: &'c CaseFile, named: &str) -> Result<Series<'c>, ToolFailure> {
    let number = named.trim().trim_start_matches(['E', 'e']).parse().ok().map(ExhibitId);
    all(case)
        .find(|series| Some(series.id) == number)
        .ok_or_else(|| told(format!("{} is no series of this case; {}", shown(named), which(case))))
}

fn by_metric<'c>(case: &'c CaseFile, wanted: &Wanted) -> Result<Vec<Series<'c>>, ToolFailure> {
    let side = wanted.side.map(Side::from);
    let metric = wanted.metric.as_deref();
    let found: Vec<Series<'c>> = all(case)
        .filter(|series| side.is_none_or(|side| series.side == side))
        .filter(|series| metric.is_none_or(|metric| series.metric.as_str() == metric))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let of = side.map(|side| format!(" of {side}")).unwrap_or_default();
    let what = metric.map(|metric| format!(" of metric {}", shown(metric))).unwrap_or_default();
    let measured = measured(case);
    let hint = if metric.is_some_and(|metric| measured.contains(metric)) {
        "; its measurements stand in the AnalysisRun"
    } else {
        ""
    };
    Err(told(format!("there is no series{what}{of}{hint}; {}", which(case))))
}

fn all(case: &CaseFile) -> impl Iterator<Item = Series<'_>> {
    case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
        ExhibitBody::Series { metric, side, query, points } => {
            Some(Series { id: exhibit.id, metric, side: *side, query, points })
        }
        _ => None,
    })
}

/// Names of the AnalysisRuns' metrics.
fn measured(case: &CaseFile) -> BTreeSet<&str> {
    let metrics = case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
        ExhibitBody::AnalysisRun { run } => Some(&run.metrics),
        _ => None,
    });
    metrics.flatten().map(|metric| metric.name.as_str()).collect()
}
