//! An AnalysisRun with what its metrics measured.

use domain::{AnalysisRun, Measurement, Metric, MetricStanding, Provider};

use super::{aside, or_none, time};
use crate::tools::sheet::Sheet;

pub(crate) fn analysis_run(run: &AnalysisRun, sheet: &mut Sheet) {
    let AnalysisRun { name, kind, created_at, phase, message, .. } = run;
    let created = time(Some(*created_at));
    sheet.line(format!("{name}: {phase:?}{}; type {}, created {created}", aside(message), or_none(kind)));
    run.metrics.iter().for_each(|of_run| metric(of_run, sheet));
}

fn metric(metric: &Metric, sheet: &mut Sheet) {
    let standing = match metric.standing {
        MetricStanding::Deciding => "decides the run",
        MetricStanding::DryRun => "dry run: decides nothing",
    };
    let Metric { name, phase, message, failed, errors, .. } = metric;
    sheet.line("");
    sheet.line(format!(
        "metric {name}: {phase:?}{}; {failed} failed, {errors} errors; {standing}",
        aside(message)
    ));
    match &metric.provider {
        Provider::Prometheus { query } => sheet.field("Prometheus query", query),
        Provider::Web { url } => sheet.field("web request", url),
        Provider::Plugin { name, .. } => sheet.field("plugin", name),
        Provider::Other { kind } => sheet.field("provider", kind),
    }
    sheet.field("query as it was asked", metric.resolved_query.as_deref().unwrap_or_default());
    sheet.field("success condition", &metric.success_condition);
    sheet.field("failure condition", &metric.failure_condition);
    metric.measurements.iter().for_each(|measured| measurement(measured, sheet));
}

fn measurement(measurement: &Measurement, sheet: &mut Sheet) {
    let Measurement { phase, value, message, started_at, finished_at, metadata } = measurement;
    let at = time(finished_at.or(*started_at));
    sheet.line(format!("  {at} {phase:?} value {}{}", or_none(value), aside(message)));
    for (key, value) in metadata {
        sheet.line(format!("    {key}: {value}"));
    }
}
