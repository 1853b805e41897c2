//! A recursive descent over the text.

use super::{Aggregation, Function, Grouping, Matcher, Operator, Query, Test};
use crate::prometheus::exposition::quoted;

/// From the loosest to the tightest binding; within a row the longer sign comes first.
const ROWS: [&[(&str, Operator)]; 5] = [
    &[("or ", Operator::Or)],
    &[("and ", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Divide)],
];
/// How deep parentheses may be nested.
const DEPTH: usize = 64;

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    depth: usize,
}

/// Reads a whole query.
///
/// # Errors
/// In Prometheus' words, with the place as line and column.
pub(in crate::prometheus) fn parse(query: &str) -> Result<Query, String> {
    if query.trim().is_empty() {
        return Err("unknown position: parse error: no expression found in input".to_owned());
    }
    let mut parser = Parser { whole: query, rest: query.trim_start(), depth: 0 };
    let parsed = parser.row(0)?;
    if parser.rest.is_empty() { Ok(parsed) } else { Err(parser.unexpected()) }
}

impl Parser<'_> {
    fn row(&mut self, row: usize) -> Result<Query, String> {
        let Some(operators) = ROWS.get(row) else { return self.primary() };
        let mut left = self.row(row + 1)?;
        loop {
            let found = operators.iter().find(|(sign, _)| self.rest.starts_with(sign));
            let Some((sign, operator)) = found else { return Ok(left) };
            self.take(sign.len());
            let right = self.row(row + 1)?;
            left = Query::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    fn primary(&mut self) -> Result<Query, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        let query = self.primary_inner();
        self.depth -= 1;
        query
    }

    fn primary_inner(&mut self) -> Result<Query, String> {
        if self.accept("(") {
            let inner = self.row(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.rest.starts_with('{') {
            return Ok(Query::Instant(self.matchers()?));
        }
        if self.rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
            return self.number().map(Query::Number);
        }
        if self.accept("-") {
            let zero = Box::new(Query::Number(0.0));
            return Ok(Query::Binary(Operator::Minus, zero, Box::new(self.primary()?)));
        }
        let before = self.rest;
        let word = self.word();
        if let Some(aggregation) = aggregation(&word) {
            return self.aggregate(aggregation);
        }
        if !self.rest.starts_with('(') {
            if word.is_empty() {
                return Err(self.unexpected());
            }
            self.rest = before;
            return self.selector().map(Query::Instant);
        }
        self.call(&word)
    }

    fn call(&mut self, name: &str) -> Result<Query, String> {
        let over = match name {
            "rate" | "irate" => Some(Function::Rate),
            "increase" => Some(Function::Increase),
            "avg_over_time" => Some(Function::AverageOverTime),
            "max_over_time" => Some(Function::MaximumOverTime),
            _ => None,
        };
        if over.is_none() && !matches!(name, "histogram_quantile" | "vector" | "scalar") {
            return Err(self.error(&format!("unknown function with name {name:?}")));
        }
        self.expect("(")?;
        let query = match over {
            Some(function) => {
                let matchers = self.selector()?;
                self.expect("[")?;
                let window = self.duration()?;
                self.expect("]")?;
                Query::Over(function, matchers, window)
            }
            None if name == "histogram_quantile" => {
                let quantile = self.row(0)?;
                self.expect(",")?;
                Query::Quantile(Box::new(quantile), Box::new(self.row(0)?))
            }
            None if name == "vector" => Query::Vector(Box::new(self.row(0)?)),
            None => Query::Scalar(Box::new(self.row(0)?)),
        };
        self.expect(")")?;
        Ok(query)
    }

    fn aggregate(&mut self, aggregation: Aggregation) -> Result<Query, String> {
        let before = self.grouping()?;
        self.expect("(")?;
        let inner = self.row(0)?;
        self.expect(")")?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or(Grouping::By(Vec::new())),
        };
        Ok(Query::Aggregate(aggregation, grouping, Box::new(inner)))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, String> {
        let by = self.accept("by");
        if !by && !self.accept("without") {
            return Ok(None);
        }
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.accept(")") {
            labels.push(self.word());
            if !self.accept(",") && !self.rest.starts_with(')') {
                return Err(self.unexpected());
            }
        }
        Ok(Some(if by { Grouping::By(labels) } else { Grouping::Without(labels) }))
    }

    fn selector(&mut self) -> Result<Vec<Matcher>, String> {
        let name = self.word();
        let mut matchers = Vec::new();
        if !name.is_empty() {
            matchers.push(Matcher { label: "__name__".to_owned(), test: Test::Equal(name) });
        }
        if self.rest.starts_with('{') {
            matchers.extend(self.matchers()?);
        }
        if matchers.is_empty() { Err(self.unexpected()) } else { Ok(matchers) }
    }

    fn matchers(&mut self) -> Result<Vec<Matcher>, String> {
        self.expect("{")?;
        let mut matchers = Vec::new();
        while !self.accept("}") {
            let label = self.word();
            let signs = ["=~", "!~", "!=", "="];
            let sign = signs.into_iter().find(|sign| self.rest.starts_with(sign));
            let sign = sign.ok_or_else(|| self.unexpected())?;
            self.take(sign.len());
            let value = self.text()?;
            let pattern = || regex::Regex::new(&format!("^(?s:{value})$")).map_err(|error| error.to_string());
            let test = match sign {
                "=~" => Test::Fits(pattern()?),
                "!~" => Test::FitsNot(pattern()?),
                "!=" => Test::Unequal(value),
                _ => Test::Equal(value),
            };
            matchers.push(Matcher { label, test });
            if !self.accept(",") && !self.rest.starts_with('}') {
                return Err(self.unexpected());
            }
        }
        Ok(matchers)
    }

    fn text(&mut self) -> Result<String, String> {
        if let Some(after) = self.rest.strip_prefix('\'') {
            let (inside, _) =
                after.split_once('\'').ok_or_else(|| self.error("unterminated quoted string"))?;
            let value = inside.to_owned();
            self.take(inside.len() + 2);
            return Ok(value);
        }
        let after = self.rest.strip_prefix('"').ok_or_else(|| self.unexpected())?;
        let (value, rest) = quoted(after).ok_or_else(|| self.error("unterminated quoted string"))?;
        self.take(self.rest.len() - rest.len());
        Ok(value)
    }

    fn duration(&mut self) -> Result<f64, String> {
        let end = self.rest.find(']').ok_or_else(|| self.unexpected())?;
        let written = serde_json::Value::from(self.rest.get(..end).unwrap_or_default().trim());
        let seconds = crate::rollouts_controller::duration(Some(&written)).filter(|seconds| *seconds > 0.0);
        let seconds =
            seconds.ok_or_else(|| self.error(&format!("not a valid duration string: {written}")))?;
        self.take(end);
        Ok(seconds)
    }

    fn number(&mut self) -> Result<f64, String> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != 'e')
            .unwrap_or(self.rest.len());
        let digits = self.rest.get(..end).unwrap_or_default();
        let number =
            digits.parse().map_err(|_| self.error(&format!("bad number or duration syntax: {digits:?}")))?;
        self.take(end);
        Ok(number)
    }

    fn word(&mut self) -> String {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
        let end = self.rest.find(|letter| !letters(letter)).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default().to_owned();
        self.take(end);
        word
    }

    fn accept(&mut self, sign: &str) -> bool {
        let there = self.rest.starts_with(sign);
        if there {
            self.take(sign.len());
        }
        there
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.accept(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn take(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default().trim_start();
    }

    fn unexpected(&self) -> String {
        match self.rest.chars().next() {
            Some(letter) => self.error(&format!("unexpected character: {letter:?}")),
            None => self.error("unexpected end of input"),
        }
    }

    fn error(&self, problem: &str) -> String {
        let place = self.whole.len() - self.rest.len();
        let before = self.whole.get(..place).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{line}:{column}: parse error: {problem}")
    }
}

fn aggregation(word: &str) -> Option<Aggregation> {
    Some(match word {
        "sum" => Aggregation::Sum,
        "avg" => Aggregation::Average,
        "min" => Aggregation::Minimum,
        "max" => Aggregation::Maximum,
        "count" => Aggregation::Count,
        _ => return None,
    })
}
