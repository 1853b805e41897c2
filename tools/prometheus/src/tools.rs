//! What a model may read of metrics: the case's series first, and the one configured Prometheus where there is one.
//!
//! Refuses to know: models, prompts, budgets, and which value would be good.

mod frozen;
mod live;
mod samples;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{CaseTools, Metrics};
use domain::{CaseFile, Side, Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Prometheus;

/// `query_metrics` over a case.
pub struct PrometheusTools {
    live: Option<Arc<Prometheus>>,
}

impl PrometheusTools {
    /// Over the case's series, and with a Prometheus over its data of the case's time as well.
    pub fn new(live: Option<Arc<Prometheus>>) -> Self {
        Self { live }
    }
}

impl CaseTools for PrometheusTools {
    fn tools(&self, case: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>> {
        let live = self.live.clone().map(|live| live as Arc<dyn Metrics>);
        vec![Arc::new(QueryMetrics { case: Arc::clone(case), live })]
    }
}

struct QueryMetrics {
    case: Arc<CaseFile>,
    live: Option<Arc<dyn Metrics>>,
}

// What a model asks for; a doc comment here would be sent to it with every schema.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The name of a metric of the AnalysisRun: gives the samples that were frozen of it. Without anything: of every metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    /// With `metric`: only this side's samples; both when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<WantedSide>,
    /// Instead of `metric`: the number of a series' exhibit, such as `E8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    exhibit: Option<String>,
    /// Instead of both: an expression in Prometheus' query language of at most 2,000 characters that has one series as its result, such as a `sum(…)`. With
    /// `from` it is asked over a range, without it for one value at `to` (the end of the evidence when absent). The answer is live, not
    /// part of the case, and cannot be cited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    query: Option<String>,
    /// Only samples from this time on, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<DateTime<Utc>>,
    /// Only samples up to this time, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<DateTime<Utc>>,
}

// Which of the two versions; inline and without doc comments it is a plain list of words in the schema.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum WantedSide {
    Canary,
    Stable,
}

impl From<WantedSide> for Side {
    fn from(side: WantedSide) -> Self {
        match side {
            WantedSide::Canary => Self::Canary,
            WantedSide::Stable => Self::Stable,
        }
    }
}

#[async_trait]
impl Tool for QueryMetrics {
    fn name(&self) -> &'static str {
        "query_metrics"
    }

    fn description(&self) -> &'static str {
        if self.live.is_some() {
            "Gives samples over time: of the failing metrics, as their own queries were run again for canary and stable and frozen \
             (`metric`, `side`), each with least, median and greatest value; or of any PromQL query against the configured Prometheus \
             within the case's time and an hour around it (`query`), which is live and cannot be cited. Read the frozen ones first."
        } else {
            "Gives the samples over time of the failing metrics, as their own queries were run again for canary and stable and frozen, \
             each with least, median and greatest value."
        }
    }

    fn schema(&self) -> Value {
        let mut schema = schema_of::<Wanted>();
        if self.live.is_none()
            && let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.retain(|name, _| name != "query");
        }
        schema
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let wanted = arguments::<Wanted>(given)?;
        if let (Some(from), Some(to)) = (wanted.from, wanted.to)
            && from > to
        {
            return Err(told("from is later than to"));
        }
        let Some(query) = &wanted.query else {
            return frozen::read(&self.case, &wanted);
        };
        if wanted.metric.is_some() || wanted.side.is_some() || wanted.exhibit.is_some() {
            return Err(told("give either query, or metric with side, or exhibit"));
        }
        match &self.live {
            Some(live) => live::ask(live.as_ref(), &self.case, query, &wanted).await,
            None => Err(told(format!("no Prometheus can be asked; {}", frozen::which(&self.case)))),
        }
    }
}

fn told(words: impl Into<String>) -> ToolFailure {
    ToolFailure::Model(words.into())
}
