//! An instant query to a Prometheus (`metricproviders/prometheus` of argo-rollouts).

use std::time::Duration;

use serde_json::Value;

use super::{Finding, ask, client, judged};
use crate::{
    kubernetes::{items, number, text},
    outbound,
    rollouts_controller::expression::Operand,
};

/// How long a query may take that names no `timeout`.
const TIMEOUT: u64 = 30;

pub(super) async fn measure(metric: &Value, settings: &Value) -> Result<Finding, String> {
    let address = text(settings, "/address").trim_end_matches('/');
    if !address.starts_with("http") {
        return Err("prometheus address is not configured".to_owned());
    }
    let seconds =
        number(settings, "/timeout").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(TIMEOUT);
    let mut request = client(Duration::from_secs(seconds))?
        .post(format!("{address}/api/v1/query"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(outbound::form(&[("query", text(settings, "/query"))]));
    for header in items(settings, "/headers") {
        request = request.header(text(header, "/key"), text(header, "/value"));
    }
    let (status, body) = ask(request).await?;
    let answer: Value = serde_json::from_slice(&body)
        .map_err(|_| format!("{}: {}", if status < 500 { "client_error" } else { "server_error" }, status))?;
    if text(&answer, "/status") != "success" {
        return Err(format!("{}: {}", text(&answer, "/errorType"), text(&answer, "/error")));
    }
    let samples: Vec<&str> = match text(&answer, "/data/resultType") {
        "scalar" => {
            let written = text(&answer, "/data/result/1");
            return judged(metric, &Operand::Number(parse(written)), written.to_owned());
        }
        "vector" => items(&answer, "/data/result").iter().map(|series| text(series, "/value/1")).collect(),
        "matrix" => items(&answer, "/data/result")
            .iter()
            .flat_map(|series| items(series, "/values"))
            .map(|sample| text(sample, "/1"))
            .collect(),
        _ => return Err("Prometheus metric type not supported".to_owned()),
    };
    let numbers = samples.iter().map(|written| Operand::Number(parse(written))).collect();
    judged(metric, &Operand::List(numbers), format!("[{}]", samples.join(",")))
}

fn parse(written: &str) -> f64 {
    match written {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().unwrap_or(f64::NAN),
    }
}
