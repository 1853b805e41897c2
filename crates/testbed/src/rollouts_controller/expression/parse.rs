//! Reads a condition.

use super::Operand;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Literal(Operand),
    Result,
    Index(Box<Expression>, Box<Expression>),
    Member(Box<Expression>, String),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
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

/// From the loosest to the tightest binding; within a row the longer sign comes first.
const ROWS: [&[(&str, Operator)]; 5] = [
    &[("||", Operator::Or), ("or ", Operator::Or)],
    &[("&&", Operator::And), ("and ", Operator::And)],
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
    rest: &'a str,
    depth: usize,
}

/// Reads a whole condition.
///
/// # Errors
/// What was not understood.
pub(super) fn parse(condition: &str) -> Result<Expression, String> {
    let mut parser = Parser { rest: condition.trim(), depth: 0 };
    let expression = parser.row(0)?;
    if parser.rest.is_empty() {
        Ok(expression)
    } else {
        Err(format!("unexpected token in {:?}", parser.rest))
    }
}

impl Parser<'_> {
    fn row(&mut self, row: usize) -> Result<Expression, String> {
        let Some(operators) = ROWS.get(row) else { return self.unary() };
        let mut left = self.row(row + 1)?;
        loop {
            let found = operators.iter().find(|(sign, _)| self.rest.starts_with(sign));
            let Some((sign, operator)) = found else { return Ok(left) };
            self.take(sign.len());
            let right = self.row(row + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Result<Expression, String> {
        for sign in ["!", "not "] {
            if self.rest.starts_with(sign) && !self.rest.starts_with("!=") {
                self.take(sign.len());
                return Ok(Expression::Not(Box::new(self.unary()?)));
            }
        }
        if self.accept("-") {
            let zero = Box::new(Expression::Literal(Operand::Number(0.0)));
            return Ok(Expression::Binary(Operator::Minus, zero, Box::new(self.unary()?)));
        }
        let mut expression = self.primary()?;
        loop {
            if self.accept("[") {
                let index = self.row(0)?;
                self.expect("]")?;
                expression = Expression::Index(Box::new(expression), Box::new(index));
            } else if self.accept(".") {
                expression = Expression::Member(Box::new(expression), self.word());
            } else {
                return Ok(expression);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        let expression = self.primary_inner();
        self.depth -= 1;
        expression
    }

    fn primary_inner(&mut self) -> Result<Expression, String> {
        if self.accept("(") {
            let inner = self.row(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        for quote in ['"', '\''] {
            if let Some(after) = self.rest.strip_prefix(quote) {
                let (inside, _) = after.split_once(quote).ok_or("literal not terminated")?;
                let text = inside.to_owned();
                self.take(inside.len() + 2);
                return Ok(Expression::Literal(Operand::Text(text)));
            }
        }
        if self.rest.starts_with(|letter: char| letter.is_ascii_digit()) {
            return self.number();
        }
        let word = self.word();
        if self.accept("(") {
            return self.call(word);
        }
        match word.as_str() {
            "result" => Ok(Expression::Result),
            "true" => Ok(Expression::Literal(Operand::Bool(true))),
            "false" => Ok(Expression::Literal(Operand::Bool(false))),
            "nil" => Ok(Expression::Literal(Operand::Nil)),
            "" => Err(format!("unexpected token in {:?}", self.rest)),
            unknown => Err(format!("unknown name {unknown}")),
        }
    }

    fn call(&mut self, name: String) -> Result<Expression, String> {
        let mut arguments = Vec::new();
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.row(0)?);
        }
        Ok(Expression::Call(name, arguments))
    }

    fn number(&mut self) -> Result<Expression, String> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '_' | 'e'))
            .unwrap_or(self.rest.len());
        let (digits, _) = self.rest.split_at(end);
        let number = digits.replace('_', "").parse().map_err(|_| format!("bad number {digits:?}"))?;
        self.take(end);
        Ok(Expression::Literal(Operand::Number(number)))
    }

    fn word(&mut self) -> String {
        let end = self
            .rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(self.rest.len());
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
        if self.accept(sign) { Ok(()) } else { Err(format!("expected {sign:?} before {:?}", self.rest)) }
    }

    fn take(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default().trim_start();
    }
}
