//! The one Prometheus.

use chrono::Utc;
use domain::Failure;
use domain::ports::Metrics;

use super::Findings;
use crate::compose::Probes;
use crate::config::Config;

const AREA: &str = "metrics";
/// A query that any Prometheus answers and that reads no series.
const ANY: &str = "vector(1)";

pub(super) async fn look(config: &Config, probes: &Probes, findings: &mut Findings) -> miette::Result<()> {
    let metrics = match probes.metrics() {
        Ok(Some(metrics)) => metrics,
        Ok(None) => {
            let words = "[cluster] prometheus is not set: failing metrics are not looked at over time, requests not counted";
            return findings.note(AREA, words);
        }
        Err(why) => return findings.bad(AREA, why.to_string()),
    };
    let answered = metrics.instant(ANY, Utc::now()).await;
    let reached = answered.is_ok();
    match answered {
        Ok(_) => findings.good(AREA, "Prometheus answers")?,
        Err(failure) => {
            let advice = "check [cluster] prometheus and the network policies on the way";
            findings.bad(AREA, format!("{}; {advice}", failure.sentence()))?;
        }
    }
    match &config.gate.requests {
        Some(query) if reached => {
            let counted = requests(metrics.as_ref(), query).await;
            findings.tested(AREA, counted, "the [gate] requests query is understood")
        }
        _ => Ok(()),
    }
}

/// The query as for a canary that there is not: the answer is empty, unless the query is wrong.
async fn requests(metrics: &dyn Metrics, query: &str) -> Result<(), Failure> {
    let query = query.replace("{{hash}}", "0000000000").replace("{{window}}", "60s");
    metrics.instant(&query, Utc::now()).await.map(|_| ())
}
