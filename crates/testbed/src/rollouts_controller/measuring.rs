//! Takes the measurements of one AnalysisRun, from its first to its end.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    assess::{self, Course, assess, completed, course, effective_count, metric_phase},
    occurrence,
    providers::{self, Measured, Surroundings},
    steps::length,
};
use crate::{
    kubelet::PodLogs,
    kubernetes::{Importance, Kind, Store, items, number, set, text},
};

/// After an error a metric is measured again in this time, in seconds of a manifest.
const ERROR_RETRY: u32 = 10;
/// How many measurements of a metric are kept in its result.
const HISTORY: usize = 10;

/// A run that is being measured.
pub(super) struct Run {
    store: Store,
    surroundings: Surroundings,
    namespace: String,
    name: String,
    second: Duration,
    started: Instant,
    /// When a metric was last measured, by its name.
    finished: BTreeMap<String, Instant>,
}

impl Run {
    pub(super) fn new(store: &Store, logs: &PodLogs, run: &Value, second: Duration) -> Self {
        Run {
            store: store.clone(),
            surroundings: Surroundings::new(store, logs, run),
            namespace: text(run, "/metadata/namespace").to_owned(),
            name: text(run, "/metadata/name").to_owned(),
            second,
            started: Instant::now(),
            finished: BTreeMap::new(),
        }
    }

    /// Measures until the run has ended or is deleted.
    pub(super) async fn measure(mut self) {
        while let Some(run) = self.present() {
            if completed(text(&run, "/status/phase")) {
                return;
            }
            let metrics = match resolved_metrics(&run) {
                Ok(metrics) => metrics,
                Err(message) => return self.give_up(&message),
            };
            let due: Vec<&Value> = metrics.iter().filter(|metric| self.is_due(&run, metric)).collect();
            if has_begun(&run) {
                let measured = join_all(due.iter().map(|metric| self.surroundings.measure(metric))).await;
                for (metric, measured) in due.iter().zip(measured) {
                    self.take(metric, measured);
                }
            }
            if completed(&self.assess(&metrics)) {
                return;
            }
            self.wait(&metrics).await;
        }
    }

    fn present(&self) -> Option<Value> {
        self.store.get(Kind::AnalysisRun, &self.namespace, &self.name)
    }

    fn is_due(&self, run: &Value, metric: &Value) -> bool {
        let done = items(run, "/status/metricResults").iter().any(|result| {
            text(result, "/name") == text(metric, "/name") && completed(text(result, "/phase"))
        });
        !done
            && course(run) == Course::Open
            && self.next(run, metric).is_some_and(|next| next <= Instant::now())
    }

    /// When the metric is to be measured next; nothing when never again.
    fn next(&self, run: &Value, metric: &Value) -> Option<Instant> {
        let Some(last) = self.finished.get(text(metric, "/name")) else {
            let delay = length(metric.get("initialDelay"), self.second).unwrap_or_default();
            return Some(self.started + delay);
        };
        let result = result_of(run, metric);
        let failed = items(&result, "/measurements").last().map(|last| text(last, "/phase") == "Error");
        let count = number(&result, "/count").unwrap_or(0);
        if effective_count(metric).is_some_and(|wanted| count >= wanted) {
            return None;
        }
        let interval = match (failed, length(metric.get("interval"), self.second)) {
            (Some(false), Some(interval)) => interval,
            _ => self.second * ERROR_RETRY,
        };
        Some(*last + interval)
    }

    fn take(&mut self, metric: &Value, measured: Measured) {
        let name = text(metric, "/name").to_owned();
        let now = self.store.clock().seconds();
        self.finished.insert(name.clone(), Instant::now());
        let mut measurement = json!({
            "phase": measured.phase, "startedAt": measured.started_at, "finishedAt": now,
        });
        for (field, value) in [
            ("/value", measured.value.map(Value::from)),
            ("/message", measured.message.map(Value::from)),
            ("/metadata", Some(measured.metadata).filter(|metadata| !metadata.is_null())),
        ] {
            if let Some(value) = value {
                set(&mut measurement, field, value);
            }
        }
        let metadata = providers::metadata(metric);
        self.change(|run| {
            let mut results = items(run, "/status/metricResults").to_vec();
            let index =
                results.iter().position(|result| text(result, "/name") == name).unwrap_or_else(|| {
                    results.push(first_result(run, &name, metadata));
                    results.len() - 1
                });
            if let Some(result) = results.get_mut(index) {
                assess::count(result, measurement);
                let mut kept = items(result, "/measurements").to_vec();
                kept.drain(..kept.len().saturating_sub(HISTORY));
                set(result, "/measurements", kept);
            }
            set(run, "/status/metricResults", results);
        });
    }

    /// Writes what the measurements make of the run; gives its phase.
    fn assess(&self, metrics: &[Value]) -> String {
        let now = self.store.clock().seconds();
        let mut ended = Vec::new();
        let changed = self.change(|run| {
            // A metric that has just decided the run ends the others with it.
            ended = [close_metrics(run, metrics), close_metrics(run, metrics)].concat();
            let assessed = assess(metrics, items(run, "/status/metricResults"), course(run));
            if text(run, "/status/startedAt").is_empty() {
                set(run, "/status/startedAt", now.as_str());
            }
            set(run, "/status/phase", assessed.phase);
            set(run, "/status/runSummary", assessed.run_summary);
            set(run, "/status/dryRunSummary", assessed.dry_run_summary);
            if !assessed.message.is_empty() {
                set(run, "/status/message", assessed.message);
            }
            if completed(assessed.phase) {
                set(run, "/status/completedAt", now.as_str());
            }
        });
        let Some(run) = changed else { return "Error".to_owned() };
        for (name, phase) in ended {
            self.report(&run, "Metric", phase, &format!("Metric '{name}' Completed. Result: {phase}"));
        }
        let phase = text(&run, "/status/phase").to_owned();
        if completed(&phase) {
            self.report(&run, "AnalysisRun", &phase, &format!("Analysis Completed. Result: {phase}"));
        }
        phase
    }

    fn give_up(&self, message: &str) {
        let now = self.store.clock().seconds();
        let changed = self.change(|run| {
            set(run, "/status/phase", "Error");
            set(run, "/status/message", message);
            set(run, "/status/completedAt", now);
        });
        if let Some(run) = changed {
            self.report(&run, "AnalysisRun", "Error", "Analysis Completed. Result: Error");
        }
    }

    /// Waits until a metric is due or somebody changes the run.
    async fn wait(&self, metrics: &[Value]) {
        let Some(run) = self.present() else { return };
        if course(&run) != Course::Open {
            return;
        }
        let open = metrics.iter().filter(|metric| !completed(text(&result_of(&run, metric), "/phase")));
        let next = open.filter_map(|metric| self.next(&run, metric)).min();
        let next = next.unwrap_or_else(|| Instant::now() + self.second * ERROR_RETRY);
        let told_or_gone = self.store.wait_for_all(Kind::AnalysisRun, &self.namespace, |runs| {
            let run = runs.iter().find(|run| text(run, "/metadata/name") == self.name);
            run.is_none_or(|run| course(run) != Course::Open || completed(text(run, "/status/phase")))
        });
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            _ = told_or_gone => {}
        }
    }

    fn change(&self, change: impl FnOnce(&mut Value)) -> Option<Value> {
        // A run that was deleted meanwhile needs no status.
        self.store.update(Kind::AnalysisRun, &self.namespace, &self.name, change).ok()
    }

    fn report(&self, run: &Value, subject: &str, phase: &str, message: &str) {
        let (importance, reason) = match (subject, phase) {
            ("Metric", "Failed") => (Importance::Warning, "MetricFailed"),
            ("Metric", "Error") => (Importance::Warning, "MetricError"),
            ("Metric", "Inconclusive") => (Importance::Normal, "MetricInconclusive"),
            ("Metric", _) => (Importance::Normal, "MetricSuccessful"),
            (_, "Failed") => (Importance::Warning, "AnalysisRunFailed"),
            (_, "Error") => (Importance::Warning, "AnalysisRunError"),
            (_, "Inconclusive") => (Importance::Normal, "AnalysisRunInconclusive"),
            _ => (Importance::Normal, "AnalysisRunSuccessful"),
        };
        self.store.report(run, occurrence(importance, reason, message.to_owned()));
    }
}

/// The first look only states that the run is running; another one follows at once.
fn has_begun(run: &Value) -> bool {
    !text(run, "/status/phase").is_empty()
}

/// Gives each open metric the phase that its measurements make; those that thereby ended, with their phase.
fn close_metrics(run: &mut Value, metrics: &[Value]) -> Vec<(String, &'static str)> {
    let course = course(run);
    let mut ended = Vec::new();
    let results = run.pointer_mut("/status/metricResults").and_then(Value::as_array_mut);
    for result in results.into_iter().flatten() {
        let name = text(result, "/name").to_owned();
        let metric = metrics.iter().find(|metric| text(metric, "/name") == name);
        let Some(metric) = metric.filter(|_| !completed(text(result, "/phase"))) else { continue };
        let phase = metric_phase(metric, result, course);
        if phase != "Running" {
            let last = items(result, "/measurements").last().cloned().unwrap_or_default();
            if let Some(message) = last.get("message") {
                set(result, "/message", message.clone());
            }
            ended.push((name, phase));
        }
        set(result, "/phase", phase);
    }
    ended
}

fn first_result(run: &Value, name: &str, metadata: Value) -> Value {
    let mut result = json!({"name": name, "phase": "Running"});
    let is_dry = items(run, "/spec/dryRun").iter().any(|dry| {
        let pattern = text(dry, "/metricName");
        pattern == name
            || regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(name))
    });
    if is_dry {
        set(&mut result, "/dryRun", true);
    }
    if !metadata.is_null() {
        set(&mut result, "/metadata", metadata);
    }
    result
}

fn result_of(run: &Value, metric: &Value) -> Value {
    let found = items(run, "/status/metricResults")
        .iter()
        .find(|result| text(result, "/name") == text(metric, "/name"));
    found.cloned().unwrap_or_default()
}

/// The metrics with `{{args.name}}` replaced everywhere in them.
fn resolved_metrics(run: &Value) -> Result<Vec<Value>, String> {
    let arguments = items(run, "/spec/args");
    let mut metrics = items(run, "/spec/metrics").to_vec();
    for metric in &mut metrics {
        resolve(metric, arguments)?;
    }
    Ok(metrics)
}

fn resolve(value: &mut Value, arguments: &[Value]) -> Result<(), String> {
    match value {
        Value::String(written) => {
            for argument in arguments {
                let (name, given) = (text(argument, "/name"), text(argument, "/value"));
                for spelling in [format!("{{{{args.{name}}}}}"), format!("{{{{ args.{name} }}}}")] {
                    *written = written.replace(&spelling, given);
                }
            }
            match written.split_once("{{args.") {
                Some((_, rest)) => {
                    let name = rest.split("}}").next().unwrap_or_default();
                    Err(format!("Unable to resolve metric arguments: failed to resolve {{{{args.{name}}}}}"))
                }
                None => Ok(()),
            }
        }
        Value::Array(list) => list.iter_mut().try_for_each(|item| resolve(item, arguments)),
        Value::Object(members) => members.values_mut().try_for_each(|item| resolve(item, arguments)),
        _ => Ok(()),
    }
}
