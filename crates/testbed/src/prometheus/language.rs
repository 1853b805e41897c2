//! Reads the part of `PromQL` that canary analyses use.

mod parse;

pub(super) use self::parse::parse;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Query {
    Number(f64),
    /// The newest values of the series.
    Instant(Vec<Matcher>),
    /// `rate(…[window])` and its kin; the window in seconds.
    Over(Function, Vec<Matcher>, f64),
    /// `sum by (…) (…)` and its kin.
    Aggregate(Aggregation, Grouping, Box<Query>),
    Binary(Operator, Box<Query>, Box<Query>),
    Quantile(Box<Query>, Box<Query>),
    /// `vector(n)`
    Vector(Box<Query>),
    /// `scalar(v)`
    Scalar(Box<Query>),
}

/// One condition of a selector.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) test: Test,
}

/// How a label's value is tested.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Equal(String),
    Unequal(String),
    Fits(regex::Regex),
    FitsNot(regex::Regex),
}

/// A function over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Rate,
    Increase,
    AverageOverTime,
    MaximumOverTime,
}

/// How a group becomes one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregation {
    Sum,
    Average,
    Minimum,
    Maximum,
    Count,
}

/// Which labels are left of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Times,
    Divide,
}

impl Matcher {
    pub(super) fn matches(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::Unequal(unwanted) => value != unwanted,
            Test::Fits(pattern) => pattern.is_match(value),
            Test::FitsNot(pattern) => !pattern.is_match(value),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && match (&self.test, &other.test) {
                (Test::Equal(left), Test::Equal(right)) | (Test::Unequal(left), Test::Unequal(right)) => {
                    left == right
                }
                (Test::Fits(left), Test::Fits(right)) | (Test::FitsNot(left), Test::FitsNot(right)) => {
                    left.as_str() == right.as_str()
                }
                _ => false,
            }
    }
}
