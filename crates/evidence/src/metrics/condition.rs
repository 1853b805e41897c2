//! Evaluates the simple conditions that most templates have, `result[0] < 0.05`, joined by `&&` or `||`.
//!
//! Argo Rollouts evaluates them as expressions of expr-lang; whatever is not of that simple shape is unknown here, never
//! guessed.

use std::sync::LazyLock;

use domain::Metric;
use regex::Regex;

/// What a value does to a metric's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It passes.
    Passes,
    /// It fails.
    Fails,
    /// The conditions are beyond us, or neither holds.
    Unknown,
}

#[expect(clippy::unwrap_used, reason = "the expression is constant and a test uses it")]
static COMPARISON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?:result(?:\[0\])?|asFloat\(result(?:\[0\])?\)|default\(result(?:\[0\])?,\s*[\d.]+\))\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$",
    )
    .unwrap()
});

/// Judges a value by the metric's conditions.
pub(super) fn outcome(metric: &Metric, value: f64) -> Outcome {
    let success = holds(&metric.success_condition, value);
    let failure = holds(&metric.failure_condition, value);
    let has = |condition: &str| !condition.trim().is_empty();
    match (has(&metric.success_condition), has(&metric.failure_condition)) {
        (true, true) => match (success, failure) {
            (_, Some(true)) => Outcome::Fails,
            (Some(true), Some(false)) => Outcome::Passes,
            _ => Outcome::Unknown,
        },
        (true, false) => {
            success.map_or(Outcome::Unknown, |holds| if holds { Outcome::Passes } else { Outcome::Fails })
        }
        (false, true) => {
            failure.map_or(Outcome::Unknown, |holds| if holds { Outcome::Fails } else { Outcome::Passes })
        }
        (false, false) => Outcome::Unknown,
    }
}

fn holds(condition: &str, value: f64) -> Option<bool> {
    if condition.contains("&&") && condition.contains("||") {
        return None;
    }
    let each = |separator: &str| {
        condition.split(separator).map(|part| compares(part, value)).collect::<Option<Vec<bool>>>()
    };
    if condition.contains("||") {
        Some(each("||")?.contains(&true))
    } else {
        Some(!each("&&")?.contains(&false))
    }
}

#[expect(clippy::float_cmp, reason = "`==` in a template means just that")]
fn compares(condition: &str, value: f64) -> Option<bool> {
    let found = COMPARISON.captures(condition)?;
    let limit: f64 = found.get(2)?.as_str().parse().ok()?;
    Some(match found.get(1)?.as_str() {
        "<" => value < limit,
        "<=" => value <= limit,
        ">" => value > limit,
        ">=" => value >= limit,
        "==" => value == limit,
        _ => value != limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_conditions_are_evaluated_and_others_are_not_guessed() {
        for (condition, value, expected) in [
            ("result[0] < 0.05", 0.19, Some(false)),
            ("result < 0.05", 0.0, Some(true)),
            ("result[0] >= 0.95 && result[0] <= 1", 0.97, Some(true)),
            ("result[0] < 1 || result[0] > 5", 3.0, Some(false)),
            ("asFloat(result[0]) != 0", 0.0, Some(false)),
            ("len(result) == 0 || result[0] < 0.05", 0.0, None),
            ("all(result, # < 0.05)", 0.0, None),
        ] {
            assert_eq!(holds(condition, value), expected, "{condition}");
        }
    }
}
