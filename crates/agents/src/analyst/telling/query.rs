//! What to correct in a query that finds nothing.

use domain::{MetricFinding, MetricProblem, Side};

use crate::facts::Facts;
use crate::voice::markdown::code;

/// The label by which the pods of a Rollout's versions are told apart (argoproj/argo-rollouts,
/// `pkg/apis/rollouts/v1alpha1/types.go`); Prometheus has it with underscores.
const LABEL: &str = "rollouts-pod-template-hash";

/// What to correct, where the query of the AnalysisTemplate finds nothing for stable either: then it is not the canary that
/// lacks data. `None` where that is not known.
pub(super) fn correction(facts: Facts<'_>, metric: &MetricFinding) -> Option<String> {
    if metric.problem != MetricProblem::NoData {
        return None;
    }
    let queries = [Side::Canary, Side::Stable].map(|side| facts.query(&metric.metric, side));
    let [Some((query, 0)), Some((_, 0))] = queries else { return None };
    let name = code(metric.metric.as_str(), 80);
    let either = "finds nothing for stable either";
    let what = match label_of(query, facts.canary_hash()) {
        Some(label) if label.ends_with(&LABEL.replace('-', "_")) => {
            format!("it {either}; check that Prometheus has the label {}", code(label, 80))
        }
        Some(label) => {
            format!("its label {} {either}; a Rollout's pods carry {}", code(label, 80), code(LABEL, 80))
        }
        None => format!("it {either}; check its labels and its window"),
    };
    Some(format!("Correct the query of metric {name} in the AnalysisTemplate: {what}. Then retry."))
}

/// The label that a query compares with exactly this value.
fn label_of<'a>(query: &'a str, value: &str) -> Option<&'a str> {
    let (before, _) = query.split_once(&format!("\"{value}\""))?;
    let before = before.trim_end().trim_end_matches(['=', '~']).trim_end();
    let start = before.rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    before.get(start.map_or(0, |at| at + 1)..).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_that_is_compared_with_the_hash_is_found() {
        for (query, expected) in [
            (r#"sum(rate(x{status=~"5..",pod_template_hash="86686d4656"}[1m]))"#, Some("pod_template_hash")),
            (r#"x{ version =~ "86686d4656" }"#, Some("version")),
            (r#"x{pod=~"users-86686d4656-.*"}"#, None),
            (r#"x{="86686d4656"}"#, None),
            (r#""86686d4656""#, None),
            ("x", None),
        ] {
            assert_eq!(label_of(query, "86686d4656"), expected, "{query}");
        }
    }
}
