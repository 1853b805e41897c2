//! `{{capture:REGEX}}` in an answer: what a script takes over from the request that it answers.

use regex::Regex;
use serde_json::Value;

use super::asking::Asking;

const OPENING: &str = "{{capture:";

/// A text in pieces: what stands there, and what is to be found.
enum Piece<'a> {
    Plain(&'a str),
    Capture(Regex),
}

/// Whether all captures in the text can be compiled.
pub(super) fn check(text: &str) -> Result<(), String> {
    pieces(text).map(|_| ())
}

/// Whether all captures in the strings of a value can be compiled.
pub(super) fn check_all(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().try_for_each(check_all),
        Value::Object(fields) => fields.values().try_for_each(check_all),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// The text with its captures filled in.
///
/// # Errors
/// In words, when one finds nothing.
pub(super) fn fill(text: &str, asking: &Asking) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text)? {
        match piece {
            Piece::Plain(plain) => filled.push_str(plain),
            Piece::Capture(regex) => filled.push_str(find(&regex, asking)?),
        }
    }
    Ok(filled)
}

/// The value with the captures in its strings filled in.
///
/// # Errors
/// In words, when one finds nothing.
pub(super) fn fill_all(value: &Value, asking: &Asking) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, asking)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_all(item, asking)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill_all(value, asking)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

fn find<'a>(regex: &Regex, asking: &'a Asking) -> Result<&'a str, String> {
    let found = asking.shown().find_map(|text| {
        let captures = regex.captures(text)?;
        captures.get(1).or_else(|| captures.get(0)).map(|found| found.as_str())
    });
    found.ok_or_else(|| format!("nothing that the model was shown fits {:?}", regex.as_str()))
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once(OPENING) {
        let end = closing(after).ok_or_else(|| format!("has a capture without an end: {text:?}"))?;
        let (expression, behind) = after.split_at(end);
        let regex =
            Regex::new(expression).map_err(|error| format!("has the capture {expression:?}: {error}"))?;
        pieces.extend([Piece::Plain(plain), Piece::Capture(regex)]);
        rest = behind.strip_prefix("}}").unwrap_or(behind);
    }
    pieces.push(Piece::Plain(rest));
    Ok(pieces)
}

/// Where the closing braces stand: the last two of the first run of braces that has at least two, since an expression may
/// end with one of its own (`[0-9a-f]{7}`).
fn closing(text: &str) -> Option<usize> {
    let start = text.find("}}")?;
    let run = text.bytes().skip(start).take_while(|byte| *byte == b'}').count();
    Some(start + run - 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::asking::{Message, Role};

    fn asking() -> Asking {
        let message = |role, text: &str| Message { role, text: text.to_owned(), bytes: text.len() };
        Asking {
            system: "the sha is 0000000".to_owned(),
            messages: vec![
                message(Role::User, "look at E1 and E2"),
                message(Role::Assistant, "I see E9"),
                message(Role::Tool, "commit deadbeefcafe touched E7"),
            ],
            ..Asking::default()
        }
    }

    #[test]
    fn a_capture_takes_the_first_group_or_all_from_the_newest_message_that_fits() {
        let filled = fill(
            "revert {{capture:commit ([0-9a-f]{7})}} for {{capture:E\\d}}, not {{capture:sha is (0+)}}",
            &asking(),
        );
        assert_eq!(filled, Ok("revert deadbee for E7, not 0000000".to_owned()));
        let value = json!({"a": ["{{capture:look at (E\\d)}}", 1, null], "b": {"c": "plain"}});
        assert_eq!(fill_all(&value, &asking()), Ok(json!({"a": ["E1", 1, null], "b": {"c": "plain"}})));
    }

    #[test]
    fn what_the_assistant_said_itself_is_never_captured() {
        assert!(fill("{{capture:E9}}", &asking()).is_err());
    }

    #[test]
    fn a_capture_that_cannot_be_read_is_refused_before_it_is_played() {
        assert!(check("{{capture:(}}").is_err());
        assert!(check("{{capture:a").is_err());
        assert!(check_all(&json!({"a": [{"b": "{{capture:[}}"}]})).is_err());
        assert_eq!(check("{{other}} and {{capture:a{2}}}"), Ok(()));
    }
}
