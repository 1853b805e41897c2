//! The failing metrics' own queries, run again for canary and stable over the window.

use chrono::{DateTime, Duration, Utc};
use domain::ports::Metrics;
use domain::{AnalysisPhase, ExhibitBody, Metric, MetricName, MetricStanding, PodHash, Provider, Side};

use super::{Gatherer, Part, Seen, Subject};
use crate::effects::within;

/// At most so many failing metrics are asked again.
const MOST: usize = 10;
/// Every window begins so long before the attempt, so that it shows how things were.
const BEFORE: Duration = Duration::minutes(5);

/// One query for one side.
struct Question {
    metric: MetricName,
    side: Side,
    query: String,
}

impl Gatherer {
    pub(super) async fn series(&self, subject: &Subject, seen: &Seen) -> Part {
        let mut part = Part::default();
        let failing = failing(seen);
        let Some((_, _)) = failing.first() else { return part };
        let Some(metrics) = self.ports.metrics.as_deref() else {
            part.miss("the failing metrics over time", "[cluster] prometheus is not set in agents.toml");
            return part;
        };
        let mut questions = Vec::new();
        for (metric, query) in failing.into_iter().take(MOST) {
            ask_both(&mut questions, &mut part, &metric, &query, subject, seen.rollout.stable.as_ref());
        }
        let from = subject.from - BEFORE;
        let to = self.clock.now();
        let answers = futures::future::join_all(
            questions.into_iter().map(|question| answer(metrics, question, from, to, seen.limit)),
        );
        for answer in answers.await {
            part.join(answer);
        }
        part
    }
}

impl Seen {
    /// The canary's hash, as its Rollout or else its pods show it.
    pub(super) fn canary_hash(&self) -> Option<&PodHash> {
        self.rollout.canary().or_else(|| self.canary.first().map(|pod| &pod.hash))
    }
}

/// Deciding Prometheus metrics that failed, with the query as it was run; each name once.
fn failing(seen: &Seen) -> Vec<(MetricName, String)> {
    let mut found: Vec<(MetricName, String)> = Vec::new();
    for metric in seen.runs.iter().flat_map(|run| &run.metrics).filter(|metric| speaks_against(metric)) {
        let Provider::Prometheus { query } = &metric.provider else { continue };
        let query = metric.resolved_query.as_ref().unwrap_or(query).clone();
        if !found.iter().any(|(name, _)| *name == metric.name) {
            found.push((metric.name.clone(), query));
        }
    }
    found
}

fn speaks_against(metric: &Metric) -> bool {
    metric.standing == MetricStanding::Deciding
        && (metric.failed > 0
            || metric.errors > 0
            || matches!(
                metric.phase,
                AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive
            ))
}

fn ask_both(
    questions: &mut Vec<Question>,
    part: &mut Part,
    metric: &MetricName,
    query: &str,
    subject: &Subject,
    stable: Option<&PodHash>,
) {
    if query.contains("{{") {
        part.miss(format!("metric {metric} over time"), "its query still has arguments to be filled in");
        return;
    }
    questions.push(Question { metric: metric.clone(), side: Side::Canary, query: query.to_owned() });
    let canary = subject.identity.canary.as_str();
    match stable {
        Some(stable) if query.contains(canary) => questions.push(Question {
            metric: metric.clone(),
            side: Side::Stable,
            query: query.replace(canary, stable.as_str()),
        }),
        _ => part.miss(
            format!("metric {metric} of stable"),
            "the query does not tell the two apart: it does not contain the canary's pod hash",
        ),
    }
}

async fn answer(
    metrics: &dyn Metrics,
    question: Question,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: std::time::Duration,
) -> Part {
    let Question { metric, side, query } = question;
    let mut part = Part::default();
    match within(limit, "query Prometheus", metrics.range(&query, from, to)).await {
        Ok(points) => {
            part.add(format!("series {metric} {side}"), ExhibitBody::Series { metric, side, query, points });
        }
        Err(failure) => part.miss(format!("metric {metric} of {side} over time"), failure.sentence()),
    }
    part
}
