//! Fields of JSON objects that somebody else wrote: each read by its pointer, each bounded, none trusted to have its type.
//!
//! Refuses to know what the objects are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clean::clean;

/// The longest text that is kept of a message, in bytes.
pub(crate) const MESSAGE: usize = 4 * 1024;
/// The longest text that is kept of a query or condition, in bytes.
pub(crate) const QUERY: usize = 8 * 1024;
/// The longest text that is kept of a name or reason, in bytes.
pub(crate) const WORD: usize = 512;

/// The text at the pointer, cut to `longest` bytes and without control characters; empty when it is not there or no text.
pub(crate) fn text(value: &Value, pointer: &str, longest: usize) -> String {
    value.pointer(pointer).and_then(Value::as_str).map(|text| clean(&cut(text, longest))).unwrap_or_default()
}

/// The text at the pointer, where it is what `T` demands.
pub(crate) fn parsed<T: std::str::FromStr>(value: &Value, pointer: &str) -> Option<T> {
    value.pointer(pointer)?.as_str()?.parse().ok()
}

/// The number at the pointer, also one that is written as text.
pub(crate) fn number(value: &Value, pointer: &str) -> Option<u64> {
    match value.pointer(pointer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether the field at the pointer is `true`.
pub(crate) fn is_set(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The RFC 3339 time at the pointer.
pub(crate) fn time(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    let text = value.pointer(pointer)?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// The members of the list at the pointer.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> impl DoubleEndedIterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of the map at the pointer, at most `most`, each cut to `longest` bytes; what is no text is kept as JSON.
pub(crate) fn texts(value: &Value, pointer: &str, most: usize, longest: usize) -> BTreeMap<String, String> {
    let members = value.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(text) => clean(&cut(text, longest)),
        other => cut(&other.to_string(), longest),
    };
    members.take(most).map(|(key, value)| (cut(key, WORD), text(value))).collect()
}

/// The text, cut to `longest` bytes between two characters.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// The value with long texts and long lists cut, so that a template of any shape stays small.
pub(crate) fn bounded(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, QUERY)),
        Value::Array(list) => list.iter().take(200).map(bounded).collect(),
        Value::Object(members) => {
            members.iter().take(200).map(|(key, value)| (cut(key, WORD), bounded(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_of_the_wrong_type_is_as_if_it_were_not_there() {
        let value = json!({"a": 7, "b": {"c": []}, "t": "yesterday"});
        assert_eq!(text(&value, "/a", 10), "");
        assert_eq!(text(&value, "/b/c", 10), "");
        assert_eq!(time(&value, "/t"), None);
        assert_eq!(number(&value, "/b"), None);
        assert_eq!(items(&value, "/a").count(), 0);
        assert!(!is_set(&value, "/a"));
    }

    #[test]
    fn words_that_an_application_chose_reach_no_terminal_as_orders() {
        let value = json!({"message": "\u{1b}[2Jpanic:\r\n\tno profile\u{7}"});
        assert_eq!(text(&value, "/message", MESSAGE), "panic:\n\tno profile");
    }

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(cut("ääää", 100), "ääää");
        assert_eq!(cut("ääää", 6), "ä…");
        assert!(cut(&"x".repeat(1_000_000), MESSAGE).len() <= MESSAGE);
    }

    #[test]
    fn a_template_of_any_shape_stays_small() {
        let value = json!({"list": vec!["x".repeat(100_000); 1000]});
        assert!(bounded(&value).to_string().len() < 2_000_000);
    }
}
