//! A query of the model's own, to the one configured Prometheus, within the case's time.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::ports::Metrics;
use domain::{CaseFile, Failure, Point, ToolFailure, ToolOutput};

use super::samples::{Samples, shown};
use super::{Wanted, frozen, told};

/// The longest query of a model, in characters.
const LONGEST: usize = 2_000;
/// How far before and after the case's evidence may be asked for.
const AROUND: TimeDelta = TimeDelta::hours(1);

/// The samples, marked as no part of the case.
pub(super) async fn ask(
    prometheus: &dyn Metrics,
    case: &CaseFile,
    query: &str,
    wanted: &Wanted,
) -> Result<ToolOutput, ToolFailure> {
    if !(1..=LONGEST).contains(&query.chars().count()) {
        return Err(told(format!("query has 1 to {LONGEST} characters")));
    }
    let to = within(case, wanted.to.unwrap_or(case.header.frozen_at))?;
    let failed = |failure: Failure| why(&failure, case);
    let points: Vec<Point> = match wanted.from {
        None => prometheus.instant(query, to).await.map_err(failed)?.into_iter().collect(),
        Some(from) if from > to => {
            return Err(told("from is later than the end of the evidence: give to as well"));
        }
        Some(from) => prometheus.range(query, within(case, from)?, to).await.map_err(failed)?,
    };
    let mut text = "LIVE, answered just now, not part of the case: cannot be cited\n".to_owned();
    let rest = Samples::new(points.iter()).write(&mut text, 1);
    let rest = rest.map(|()| "samples between those shown: ask for a shorter time by from and to".to_owned());
    Ok(ToolOutput { text, rest })
}

/// The time, unless it is too far from the case's.
fn within(case: &CaseFile, at: DateTime<Utc>) -> Result<DateTime<Utc>, ToolFailure> {
    let (first, last) = (case.header.from - AROUND, case.header.frozen_at + AROUND);
    if (first..=last).contains(&at) {
        return Ok(at);
    }
    let [at, first, last] = [at, first, last].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    Err(told(format!("{at} is not within an hour of the case: times are from {first} to {last}")))
}

/// What went wrong, for the model: without Prometheus there are still the case's own series.
fn why(failure: &Failure, case: &CaseFile) -> ToolFailure {
    let series = frozen::which(case);
    told(format!("Prometheus gave no answer: failed to {}; {series}", shown(&failure.what)))
}
