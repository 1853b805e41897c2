//! The daemon's figures in Prometheus' words.

use std::fmt::{Debug, Error, Formatter};
use std::sync::Arc;

use domain::Category;
use domain::ports::{Figures, Insight, ModelUse, Spread, Startup};
use domain::workflow::StateName;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// Asked at each scrape.
pub(super) struct Shown(pub(super) Arc<dyn Insight>);

impl Debug for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown")
    }
}

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let ready = u64::from(self.0.startup() == Startup::Ready);
        gauge(&mut encoder, "ready", "1 once the journal is read and the first list acted on", ready)?;
        let figures = self.0.figures();
        incidents(&mut encoder, &figures)?;
        failures(&mut encoder, &figures)?;
        models(&mut encoder, &figures)?;
        let words = "Time from the trouble of an attempt to its first verdict";
        histogram(&mut encoder, "time_to_verdict", words, &figures.to_verdict)?;
        let words = "Time from the trouble of an attempt to its pull request";
        histogram(&mut encoder, "time_to_pull_request", words, &figures.to_pull_request)?;
        gauge(&mut encoder, "canaries", "Canaries under observation", figures.canaries)?;
        gauge(&mut encoder, "log_streams", "Logs followed now", figures.streams)?;
        let words = "Bytes of log received for the canaries under observation";
        gauge(&mut encoder, "log_received_bytes", words, figures.spooled_bytes)?;
        let words = "Their logs that were not followed because of a limit";
        gauge(&mut encoder, "logs_not_followed", words, figures.not_followed)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Result<(), Error> {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
}

fn incidents(encoder: &mut DescriptorEncoder<'_>, figures: &Figures) -> Result<(), Error> {
    let help = "Incidents in the journal by state and category";
    let mut metric = encoder.encode_descriptor("incidents", help, None, MetricType::Gauge)?;
    for ((state_name, category), count) in &figures.incidents {
        let labels = [("state", state(*state_name)), ("category", category_name(*category))];
        metric.encode_family(&labels)?.encode_gauge(&i64::try_from(*count).unwrap_or(i64::MAX))?;
    }
    Ok(())
}

fn failures(encoder: &mut DescriptorEncoder<'_>, figures: &Figures) -> Result<(), Error> {
    let help = "Calls to the outside that failed, by kind";
    let mut metric = encoder.encode_descriptor("failures", help, None, MetricType::Counter)?;
    for (kind, count) in &figures.failures {
        metric.encode_family(&[("kind", *kind)])?.encode_counter::<NoLabelSet, _, f64>(count, None)?;
    }
    Ok(())
}

/// What models were used for, by their names in the file.
fn models(encoder: &mut DescriptorEncoder<'_>, figures: &Figures) -> Result<(), Error> {
    type Part = fn(&ModelUse) -> f64;
    let parts: [(&str, &str, Part); 5] = [
        ("model_calls", "Calls to models that were answered", |used| used.calls as f64),
        ("model_failures", "Calls to models that failed for good", |used| used.failures as f64),
        ("model_input_tokens", "Tokens sent to models", |used| used.cost.input_tokens as f64),
        ("model_output_tokens", "Tokens written by models", |used| used.cost.output_tokens as f64),
        ("model_cost_usd", "What models cost, in US dollars", |used| used.cost.micro_usd as f64 / 1e6),
    ];
    for (name, help, part) in parts {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (model, used) in &figures.models {
            let labels = [("model", model.as_str())];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&part(used), None)?;
        }
    }
    Ok(())
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    spread: &Spread,
) -> Result<(), Error> {
    let mut metric = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    metric.encode_histogram::<NoLabelSet>(spread.sum, spread.count(), &spread.buckets, None)
}

/// A fixed name, whatever is shown to people.
fn state(name: StateName) -> &'static str {
    match name {
        StateName::Gathering => "gathering",
        StateName::Analyzing => "analyzing",
        StateName::Judged => "judged",
        StateName::HandedOff => "handed-off",
        StateName::Patching => "patching",
        StateName::Proposing => "proposing",
        StateName::Retrying => "retrying",
        StateName::Proposed => "proposed",
        StateName::Explained => "explained",
        StateName::Escalated => "escalated",
        StateName::Withdrawn => "withdrawn",
        StateName::Declined => "declined",
        StateName::Superseded => "superseded",
    }
}

fn category_name(category: Option<Category>) -> &'static str {
    match category {
        None => "none-yet",
        Some(Category::Code) => "code",
        Some(Category::Configuration) => "configuration",
        Some(Category::Infrastructure) => "infrastructure",
        Some(Category::AnalysisTemplate) => "analysis-template",
        Some(Category::Unknown) => "unknown",
    }
}
