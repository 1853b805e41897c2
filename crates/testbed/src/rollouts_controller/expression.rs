//! The conditions of metrics: the part of the expression language (expr-lang) that templates use.
//!
//! Numbers, text, `result` with indices and members, comparisons, arithmetic, `&&`, `||`, `!`, and the functions `len`,
//! `isNaN`, `isInf`, `isNil`, `asInt`, `asFloat`, `default`.

mod parse;

use serde_json::Value;

use self::parse::{Expression, Operator};

/// A value within an expression; unlike JSON's, numbers may be NaN.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Nil,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Operand>),
    Members(serde_json::Map<String, Value>),
}

/// What a metric's conditions make of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Successful,
    Failed,
    Inconclusive,
}

impl From<&Value> for Operand {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Operand::Nil,
            Value::Bool(truth) => Operand::Bool(*truth),
            Value::Number(number) => Operand::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Operand::Text(text.clone()),
            Value::Array(list) => Operand::List(list.iter().map(Operand::from).collect()),
            Value::Object(members) => Operand::Members(members.clone()),
        }
    }
}

/// Judges a result by a metric's `successCondition` and `failureCondition`, either of which may be empty.
///
/// # Errors
/// The sentence that becomes the measurement's message.
pub(super) fn judge(result: &Operand, success: &str, failure: &str) -> Result<Judgement, String> {
    let check = |name: &str, condition: &str| {
        evaluate(condition, result).map_err(|problem| {
            let empty = matches!(result, Operand::Nil) || *result == Operand::List(Vec::new());
            let problem = if empty {
                "metric result is nil or empty: no data returned from the metric provider".to_owned()
            } else {
                problem
            };
            format!("could not evaluate {name} \"{condition}\": {problem}")
        })
    };
    let (succeeded, failed) = match (success, failure) {
        ("", "") => (true, false),
        (success, "") => {
            let succeeded = check("successCondition", success)?;
            (succeeded, !succeeded)
        }
        ("", failure) => {
            let failed = check("failureCondition", failure)?;
            (!failed, failed)
        }
        (success, failure) => (check("successCondition", success)?, check("failureCondition", failure)?),
    };
    Ok(match (succeeded, failed) {
        (_, true) => Judgement::Failed,
        (true, false) => Judgement::Successful,
        (false, false) => Judgement::Inconclusive,
    })
}

fn evaluate(condition: &str, result: &Operand) -> Result<bool, String> {
    match compute(&parse::parse(condition)?, result)? {
        Operand::Bool(truth) => Ok(truth),
        other => Err(format!("expected bool, but got {}", kind(&other))),
    }
}

fn compute(expression: &Expression, result: &Operand) -> Result<Operand, String> {
    match expression {
        Expression::Literal(operand) => Ok(operand.clone()),
        Expression::Result => Ok(result.clone()),
        Expression::Index(list, index) => index_into(&compute(list, result)?, &compute(index, result)?),
        Expression::Member(object, name) => member_of(&compute(object, result)?, name),
        Expression::Call(name, arguments) => {
            let values: Vec<Operand> =
                arguments.iter().map(|argument| compute(argument, result)).collect::<Result<_, _>>()?;
            call(name, &values)
        }
        Expression::Not(inner) => match compute(inner, result)? {
            Operand::Bool(truth) => Ok(Operand::Bool(!truth)),
            other => Err(format!("invalid operation: ! (mismatched type {})", kind(&other))),
        },
        Expression::Binary(operator, left, right) => {
            let left = compute(left, result)?;
            match (operator, &left) {
                (Operator::And, Operand::Bool(false)) | (Operator::Or, Operand::Bool(true)) => Ok(left),
                (Operator::And | Operator::Or, Operand::Bool(_)) => compute(right, result),
                _ => combine(*operator, &left, &compute(right, result)?),
            }
        }
    }
}

fn index_into(list: &Operand, index: &Operand) -> Result<Operand, String> {
    match (list, index) {
        (Operand::List(list), Operand::Number(index)) => {
            let found = list.iter().enumerate().find(|(place, _)| (*place as f64 - index).abs() < 0.5);
            found
                .map(|(_, operand)| operand.clone())
                .ok_or_else(|| "reflect: slice index out of range".to_owned())
        }
        (Operand::Members(_), Operand::Text(name)) => member_of(list, name),
        _ => Err(format!("cannot fetch from {}", kind(list))),
    }
}

fn member_of(object: &Operand, name: &str) -> Result<Operand, String> {
    match object {
        Operand::Members(members) => Ok(members.get(name).map_or(Operand::Nil, Operand::from)),
        other => Err(format!("cannot fetch {name} from {}", kind(other))),
    }
}

fn call(name: &str, arguments: &[Operand]) -> Result<Operand, String> {
    Ok(match (name, arguments) {
        ("len", [Operand::List(list)]) => Operand::Number(list.len() as f64),
        ("len", [Operand::Text(text)]) => Operand::Number(text.len() as f64),
        ("len", [Operand::Members(members)]) => Operand::Number(members.len() as f64),
        ("isNaN", [Operand::Number(number)]) => Operand::Bool(number.is_nan()),
        ("isInf", [Operand::Number(number)]) => Operand::Bool(number.is_infinite()),
        ("isNil", [value]) => Operand::Bool(*value == Operand::Nil),
        ("default", [Operand::Nil, other]) => other.clone(),
        ("default", [value, _]) => value.clone(),
        ("asFloat", [Operand::Number(number)]) => Operand::Number(*number),
        ("asInt", [Operand::Number(number)]) => Operand::Number(number.trunc()),
        ("asFloat" | "asInt", [Operand::Text(text)]) => Operand::Number(
            text.trim()
                .parse()
                .map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))?,
        ),
        (name, arguments) => {
            let kinds: Vec<&str> = arguments.iter().map(kind).collect();
            return Err(format!("cannot call {name} with ({})", kinds.join(", ")));
        }
    })
}

fn combine(operator: Operator, left: &Operand, right: &Operand) -> Result<Operand, String> {
    if let (Operand::Number(left), Operand::Number(right)) = (left, right) {
        return Ok(match operator {
            Operator::Less => Operand::Bool(left < right),
            Operator::LessEqual => Operand::Bool(left <= right),
            Operator::Greater => Operand::Bool(left > right),
            Operator::GreaterEqual => Operand::Bool(left >= right),
            #[expect(clippy::float_cmp, reason = "the expression language compares exactly as well")]
            Operator::Equal => Operand::Bool(left == right),
            #[expect(clippy::float_cmp, reason = "the expression language compares exactly as well")]
            Operator::Unequal => Operand::Bool(left != right),
            Operator::Plus => Operand::Number(left + right),
            Operator::Minus => Operand::Number(left - right),
            Operator::Times => Operand::Number(left * right),
            Operator::Divide => Operand::Number(left / right),
            Operator::And | Operator::Or => return Err("invalid operation on numbers".to_owned()),
        });
    }
    match operator {
        Operator::Equal => Ok(Operand::Bool(left == right)),
        Operator::Unequal => Ok(Operand::Bool(left != right)),
        _ => Err(format!(
            "invalid operation: {operator:?} (mismatched types {} and {})",
            kind(left),
            kind(right)
        )),
    }
}

fn kind(operand: &Operand) -> &'static str {
    match operand {
        Operand::Nil => "nil",
        Operand::Bool(_) => "bool",
        Operand::Number(_) => "float64",
        Operand::Text(_) => "string",
        Operand::List(_) => "[]float64",
        Operand::Members(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(result: &Value, success: &str, failure: &str) -> Result<Judgement, String> {
        judge(&Operand::from(result), success, failure)
    }

    #[test]
    fn conditions_that_templates_use_are_judged_as_argo_does() {
        assert_eq!(judged(&json!([0.01]), "result[0] < 0.05", ""), Ok(Judgement::Successful));
        assert_eq!(judged(&json!([0.5]), "result[0] < 0.05", ""), Ok(Judgement::Failed));
        assert_eq!(
            judged(&json!([]), "len(result) == 0 || result[0] >= 0.95", ""),
            Ok(Judgement::Successful)
        );
        assert_eq!(
            judged(&json!([0.07]), "result[0] < 0.05", "result[0] > 0.1"),
            Ok(Judgement::Inconclusive)
        );
        assert_eq!(
            judged(&json!({"ok": true, "n": {"x": 3}}), "result.ok && result.n.x == 3", ""),
            Ok(Judgement::Successful)
        );
        assert_eq!(judged(&json!("no"), "", "result != 'yes'"), Ok(Judgement::Failed));
        assert_eq!(judged(&json!(0.85), "result > 0.50", ""), Ok(Judgement::Successful));
        assert_eq!(judged(&json!(1), "", ""), Ok(Judgement::Successful));
    }

    #[test]
    fn nan_is_less_than_nothing_and_more_than_nothing() {
        let nan = Operand::List(vec![Operand::Number(f64::NAN)]);
        assert_eq!(judge(&nan, "result[0] < 0.05", ""), Ok(Judgement::Failed));
        assert_eq!(judge(&nan, "", "result[0] >= 0.05"), Ok(Judgement::Successful));
        assert_eq!(judge(&nan, "isNaN(result[0])", ""), Ok(Judgement::Successful));
    }

    #[test]
    fn no_data_is_an_error_that_says_so() {
        assert_eq!(
            judged(&json!([]), "result[0] < 0.05", ""),
            Err("could not evaluate successCondition \"result[0] < 0.05\": metric result is nil or empty: no data returned from the metric provider".to_owned())
        );
    }
}
