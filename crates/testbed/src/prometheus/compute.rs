//! Computes a query from the samples, as Prometheus does.

use std::collections::BTreeMap;

use super::{
    language::{Aggregation, Function, Grouping, Matcher, Operator, Query},
    samples::{Labels, Sample, Samples},
};

/// What a query gives at one time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Scalar(f64),
    Vector(Vec<(Labels, f64)>),
}

/// Computes the query at a time, in seconds since 1970.
///
/// # Errors
/// In words, for what is not defined, such as two vectors that cannot be matched.
pub(super) fn compute(query: &Query, samples: &Samples, at: f64) -> Result<Outcome, String> {
    Ok(match query {
        Query::Number(number) => Outcome::Scalar(*number),
        Query::Instant(matchers) => Outcome::Vector(samples.instant(|labels| fits(matchers, labels), at)),
        Query::Over(function, matchers, window) => {
            let series = samples.range(|labels| fits(matchers, labels), at, *window);
            let over = series.into_iter().filter_map(|(labels, samples)| {
                Some((nameless(labels), over_time(*function, &samples, at, *window)?))
            });
            Outcome::Vector(over.collect())
        }
        Query::Aggregate(aggregation, grouping, inner) => {
            Outcome::Vector(aggregate(*aggregation, grouping, vector(compute(inner, samples, at)?)))
        }
        Query::Binary(operator, left, right) => {
            binary(*operator, compute(left, samples, at)?, compute(right, samples, at)?)?
        }
        Query::Quantile(quantile, inner) => {
            let quantile = scalar(&compute(quantile, samples, at)?);
            Outcome::Vector(quantiles(quantile, vector(compute(inner, samples, at)?)))
        }
        Query::Vector(inner) => Outcome::Vector(vec![(Labels::new(), scalar(&compute(inner, samples, at)?))]),
        Query::Scalar(inner) => Outcome::Scalar(scalar(&compute(inner, samples, at)?)),
    })
}

fn fits(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.label).map_or("", String::as_str)))
}

fn over_time(function: Function, samples: &[Sample], at: f64, window: f64) -> Option<f64> {
    match function {
        Function::AverageOverTime => {
            Some(samples.iter().map(|sample| sample.value).sum::<f64>() / samples.len() as f64)
        }
        Function::MaximumOverTime => samples.iter().map(|sample| sample.value).reduce(f64::max),
        Function::Increase => increase(samples, at, window),
        Function::Rate => increase(samples, at, window).map(|increase| increase / window),
    }
}

/// The increase over the window, resets of the counter added, extrapolated towards the window's ends
/// (`extrapolatedRate` of prometheus/prometheus).
fn increase(samples: &[Sample], at: f64, window: f64) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < 2 {
        return None;
    }
    let mut increase = last.value - first.value;
    for pair in samples.windows(2) {
        if let [before, after] = pair
            && after.value < before.value
        {
            increase += before.value;
        }
    }
    let sampled = last.at - first.at;
    let between = sampled / (samples.len() - 1) as f64;
    let threshold = between * 1.1;
    let (mut to_start, mut to_end) = (first.at - (at - window), at - last.at);
    if to_start >= threshold {
        to_start = between / 2.0;
    }
    if increase > 0.0 && first.value >= 0.0 {
        to_start = to_start.min(sampled * first.value / increase);
    }
    if to_end >= threshold {
        to_end = between / 2.0;
    }
    Some(increase * (sampled + to_start + to_end) / sampled)
}

fn aggregate(
    aggregation: Aggregation,
    grouping: &Grouping,
    vector: Vec<(Labels, f64)>,
) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (mut labels, value) in vector {
        match grouping {
            Grouping::By(kept) => labels.retain(|name, _| kept.contains(name)),
            Grouping::Without(dropped) => {
                labels.retain(|name, _| name != "__name__" && !dropped.contains(name));
            }
        }
        groups.entry(labels).or_default().push(value);
    }
    let one = |values: &[f64]| match aggregation {
        Aggregation::Sum => values.iter().sum(),
        Aggregation::Average => values.iter().sum::<f64>() / values.len() as f64,
        Aggregation::Minimum => values.iter().copied().fold(f64::NAN, f64::min),
        Aggregation::Maximum => values.iter().copied().fold(f64::NAN, f64::max),
        Aggregation::Count => values.len() as f64,
    };
    groups.into_iter().map(|(labels, values)| (labels, one(&values))).collect()
}

fn binary(operator: Operator, left: Outcome, right: Outcome) -> Result<Outcome, String> {
    Ok(match (operator, left, right) {
        (Operator::Or, left, right) => Outcome::Vector(union(vector(left), vector(right))),
        (Operator::And, left, right) => {
            let (mut left, right) = (vector(left), vector(right));
            left.retain(|(labels, _)| right.iter().any(|(known, _)| same_series(known, labels)));
            Outcome::Vector(left)
        }
        (operator, Outcome::Scalar(left), Outcome::Scalar(right)) => Outcome::Scalar(
            arithmetic(operator, left, right).unwrap_or_else(|truth| f64::from(u8::from(truth))),
        ),
        (operator, Outcome::Vector(left), Outcome::Scalar(right)) => {
            let one = |(labels, value)| kept(operator, labels, value, right, value);
            Outcome::Vector(left.into_iter().filter_map(one).collect())
        }
        (operator, Outcome::Scalar(left), Outcome::Vector(right)) => {
            let one = |(labels, value)| kept(operator, labels, left, value, value);
            Outcome::Vector(right.into_iter().filter_map(one).collect())
        }
        (operator, Outcome::Vector(left), Outcome::Vector(right)) => {
            Outcome::Vector(matched(operator, left, &right)?)
        }
    })
}

/// The left series, and those of the right that the left does not have.
fn union(mut left: Vec<(Labels, f64)>, mut right: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    right.retain(|(labels, _)| !left.iter().any(|(known, _)| same_series(known, labels)));
    left.extend(right);
    left
}

/// Pairs the series that have the same labels.
fn matched(
    operator: Operator,
    left: Vec<(Labels, f64)>,
    right: &[(Labels, f64)],
) -> Result<Vec<(Labels, f64)>, String> {
    let mut matched = Vec::new();
    for (labels, value) in left {
        let mut partners = right.iter().filter(|(known, _)| same_series(known, &labels));
        let Some((_, partner)) = partners.next() else { continue };
        if partners.next().is_some() {
            return Err("found duplicate series for the match group on the right hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side".to_owned());
        }
        matched.extend(kept(operator, labels, value, *partner, value));
    }
    Ok(matched)
}

/// The result for one series: a comparison keeps `shown` or drops the series.
fn kept(operator: Operator, labels: Labels, left: f64, right: f64, shown: f64) -> Option<(Labels, f64)> {
    match arithmetic(operator, left, right) {
        Ok(value) => Some((nameless(labels), value)),
        Err(true) => Some((labels, shown)),
        Err(false) => None,
    }
}

/// A number, or the truth of a comparison.
fn arithmetic(operator: Operator, left: f64, right: f64) -> Result<f64, bool> {
    match operator {
        Operator::Plus => Ok(left + right),
        Operator::Minus => Ok(left - right),
        Operator::Times => Ok(left * right),
        Operator::Divide => Ok(left / right),
        Operator::Less => Err(left < right),
        Operator::LessEqual => Err(left <= right),
        Operator::Greater => Err(left > right),
        Operator::GreaterEqual => Err(left >= right),
        #[expect(clippy::float_cmp, reason = "PromQL compares exactly as well")]
        Operator::Equal => Err(left == right),
        #[expect(clippy::float_cmp, reason = "PromQL compares exactly as well")]
        Operator::Unequal => Err(left != right),
        Operator::Or | Operator::And => Err(false),
    }
}

/// Linear within the bucket that the rank falls into (`bucketQuantile` of prometheus/prometheus).
fn quantiles(quantile: f64, vector: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (labels, count) in vector {
        let mut labels = nameless(labels);
        let Some(bound) = labels.remove("le") else { continue };
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap_or(f64::NAN) };
        groups.entry(labels).or_default().push((bound, count));
    }
    groups.into_iter().map(|(labels, buckets)| (labels, bucket_quantile(quantile, buckets))).collect()
}

fn bucket_quantile(quantile: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
    let Some((_, total)) = buckets.last().copied().filter(|(bound, _)| bound.is_infinite()) else {
        return f64::NAN;
    };
    if total == 0.0 || buckets.len() < 2 {
        return f64::NAN;
    }
    let rank = quantile * total;
    let (mut below, mut counted) = (0.0, 0.0);
    for (bound, count) in buckets {
        if count >= rank {
            if bound.is_infinite() {
                return below;
            }
            return below + (bound - below) * (rank - counted) / (count - counted);
        }
        (below, counted) = (bound, count);
    }
    f64::NAN
}

fn vector(outcome: Outcome) -> Vec<(Labels, f64)> {
    match outcome {
        Outcome::Vector(vector) => vector,
        Outcome::Scalar(number) => vec![(Labels::new(), number)],
    }
}

fn scalar(outcome: &Outcome) -> f64 {
    match outcome {
        Outcome::Scalar(number) => *number,
        Outcome::Vector(vector) => match vector.as_slice() {
            [(_, only)] => *only,
            _ => f64::NAN,
        },
    }
}

fn same_series(left: &Labels, right: &Labels) -> bool {
    let named = |labels: &Labels| {
        labels
            .iter()
            .filter(|(name, _)| *name != "__name__")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Labels>()
    };
    named(left) == named(right)
}

fn nameless(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}
