//! The metrics of an AnalysisRun: `spec.metrics` merged with `status.metricResults`.

use std::collections::BTreeMap;

use domain::{Measurement, Metric, MetricStanding, Provider};
use regex::RegexBuilder;
use serde_json::Value;

use super::analysis_run::phase;
use crate::field::{self, MESSAGE, QUERY, WORD};

/// At most so many metrics of a run.
const METRICS: usize = 50;
/// At most so many of the last measurements; the controller keeps ten by default.
const MEASUREMENTS: usize = 20;
/// At most so many entries of a measurement's metadata, each of at most so many bytes.
const METADATA: usize = 32;
/// The largest regular expression under `dryRun` that is tried.
const PATTERN: usize = 512;

pub(super) fn metrics(run: &Value) -> Vec<Metric> {
    let results: BTreeMap<String, &Value> = field::items(run, "/status/metricResults")
        .map(|result| (field::text(result, "/name", WORD), result))
        .collect();
    let dry: Vec<String> =
        field::items(run, "/spec/dryRun").map(|rule| field::text(rule, "/metricName", PATTERN)).collect();
    field::items(run, "/spec/metrics")
        .take(METRICS)
        .filter_map(|spec| {
            let name = field::text(spec, "/name", WORD);
            metric(spec, results.get(&name).copied().unwrap_or(&Value::Null), &dry)
        })
        .collect()
}

fn metric(spec: &Value, result: &Value, dry: &[String]) -> Option<Metric> {
    let name = field::text(spec, "/name", WORD);
    let is_dry = field::is_set(result, "/dryRun") || dry.iter().any(|pattern| matches(pattern, &name));
    let resolved = field::text(result, "/metadata/ResolvedPrometheusQuery", QUERY);
    let measurements: Vec<&Value> = field::items(result, "/measurements").rev().take(MEASUREMENTS).collect();
    Some(Metric {
        name: name.parse().ok()?,
        provider: provider(spec),
        success_condition: field::text(spec, "/successCondition", QUERY),
        failure_condition: field::text(spec, "/failureCondition", QUERY),
        standing: if is_dry { MetricStanding::DryRun } else { MetricStanding::Deciding },
        phase: phase(result, "/phase"),
        message: field::text(result, "/message", MESSAGE),
        failed: field::number(result, "/failed").unwrap_or(0),
        errors: field::number(result, "/error").unwrap_or(0),
        resolved_query: Some(resolved).filter(|query| !query.is_empty()),
        measurements: measurements.into_iter().rev().map(measurement).collect(),
    })
}

/// A name under `dryRun` is a regular expression that has to match somewhere (argoproj/argo-rollouts, `GetDryRunMetrics`). One
/// that is none here matches only itself.
fn matches(pattern: &str, name: &str) -> bool {
    match RegexBuilder::new(pattern).size_limit(1 << 20).build() {
        Ok(regex) => regex.is_match(name),
        Err(_) => pattern == name,
    }
}

fn provider(spec: &Value) -> Provider {
    let Some((kind, provider)) =
        spec.pointer("/provider").and_then(Value::as_object).and_then(|p| p.iter().next())
    else {
        return Provider::Other { kind: String::new() };
    };
    match kind.as_str() {
        "prometheus" => Provider::Prometheus { query: field::text(provider, "/query", QUERY) },
        "web" => Provider::Web { url: field::text(provider, "/url", QUERY) },
        "plugin" => plugin(provider),
        other => Provider::Other { kind: field::cut(other, WORD) },
    }
}

fn plugin(provider: &Value) -> Provider {
    let Some((name, settings)) = provider.as_object().and_then(|plugins| plugins.iter().next()) else {
        return Provider::Other { kind: "plugin".to_owned() };
    };
    let github_url = field::text(settings, "/githubUrl", QUERY);
    Provider::Plugin {
        name: field::cut(name, WORD),
        github_url: Some(github_url).filter(|url| !url.is_empty()),
    }
}

fn measurement(value: &Value) -> Measurement {
    Measurement {
        phase: phase(value, "/phase"),
        value: field::text(value, "/value", MESSAGE),
        message: field::text(value, "/message", MESSAGE),
        started_at: field::time(value, "/startedAt"),
        finished_at: field::time(value, "/finishedAt"),
        metadata: field::texts(value, "/metadata", METADATA, MESSAGE),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_under_dry_run_is_a_regular_expression_as_in_argo() {
        assert!(matches(".*", "error-rate"));
        assert!(matches("error", "error-rate"), "it need not match the whole name");
        assert!(matches("^error-rate$", "error-rate"));
        assert!(!matches("latency", "error-rate"));
        assert!(matches("a(", "a(") && !matches("a(", "ab"), "a broken one matches only itself");
    }

    #[test]
    fn only_metrics_named_under_dry_run_decide_nothing() {
        let run = json!({
            "spec": {"dryRun": [{"metricName": "lat.*"}], "metrics": [
                {"name": "latency", "provider": {"prometheus": {"query": "q"}}},
                {"name": "errors", "provider": {"web": {"url": "http://x/"}}},
            ]},
        });
        let standings: Vec<_> = metrics(&run).into_iter().map(|m| (m.name.to_string(), m.standing)).collect();
        assert_eq!(
            standings,
            [("latency".into(), MetricStanding::DryRun), ("errors".into(), MetricStanding::Deciding)]
        );
    }

    #[test]
    fn each_provider_is_told_by_its_key() {
        let of = |provider: Value| super::provider(&json!({"provider": provider}));
        assert_eq!(of(json!({"job": {}})), Provider::Other { kind: "job".into() });
        assert_eq!(of(json!({"web": {"url": "http://x"}})), Provider::Web { url: "http://x".into() });
        assert_eq!(
            of(
                json!({"plugin": {"argoproj-labs/metric-ai": {"agentUrl": "http://a", "githubUrl": "https://github.com/a/b"}}})
            ),
            Provider::Plugin {
                name: "argoproj-labs/metric-ai".into(),
                github_url: Some("https://github.com/a/b".into())
            }
        );
        assert_eq!(of(json!({})), Provider::Other { kind: String::new() });
        assert_eq!(of(json!("x")), Provider::Other { kind: String::new() });
    }

    #[test]
    fn of_many_measurements_the_last_are_kept_oldest_first_and_bounded() {
        let measurements: Vec<_> = (0..100)
            .map(|n| json!({"phase": "Failed", "value": n.to_string(), "metadata": {"k": "x".repeat(100_000)}}))
            .collect();
        let run = json!({
            "spec": {"metrics": [{"name": "m", "provider": {}}]},
            "status": {"metricResults": [{"name": "m", "phase": "Failed", "measurements": measurements}]},
        });
        let kept = &metrics(&run)[0].measurements;
        assert_eq!((kept.len(), kept[0].value.as_str(), kept[19].value.as_str()), (20, "80", "99"));
        assert!(kept[0].metadata["k"].len() <= MESSAGE);
    }
}
