//! Walks a JSON value: every string is redacted, and what stands under a secret name is replaced whole.

use serde_json::{Map, Value};

use super::{REDACTED, names};

/// No identifier of the domain is longer; a longer text can be redacted without harm to its type.
const LONGEST_IDENTIFIER: usize = 520;

/// Redacts in place.
pub(super) fn redact(value: &mut Value, text: &dyn Fn(&str) -> String) {
    match value {
        Value::String(string) => {
            let clean = text(string);
            if clean != *string {
                *string = clean;
            }
        }
        Value::Array(items) => list(items, text),
        Value::Object(fields) => object(fields, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(fields: &mut Map<String, Value>, text: &dyn Fn(&str) -> String) {
    let names_a_secret = fields.get("name").and_then(Value::as_str).is_some_and(names::is_secret);
    let changes_a_secret = fields.get("key").and_then(Value::as_str).is_some_and(leads_to_a_secret);
    for (key, value) in fields.iter_mut() {
        let is_its_value = (names_a_secret && key == "value")
            || (changes_a_secret && matches!(key.as_str(), "before" | "after"));
        match value {
            Value::String(string) if is_its_value || names::is_secret(key) => hide(string),
            _ => redact(value, text),
        }
    }
}

/// Whether keys such as `spec.containers[shop].env[DB_PASSWORD].value` or `db.password` lead to a secret: the last of them that is
/// a name says so.
fn leads_to_a_secret(keys: &str) -> bool {
    let keys = keys.strip_suffix(".value").unwrap_or(keys);
    let last = match keys.strip_suffix(']').and_then(|keys| keys.rsplit_once('[')) {
        Some((_, name)) => name,
        None => keys.rsplit('.').next().unwrap_or(keys),
    };
    names::is_secret(last)
}

/// Command lines give a secret also as the item after its flag.
fn list(items: &mut [Value], text: &dyn Fn(&str) -> String) {
    let mut after_flag = false;
    for item in items {
        match item {
            Value::String(string) if after_flag && !string.starts_with('-') => hide(string),
            _ => redact(item, text),
        }
        after_flag = item.as_str().is_some_and(|flag| {
            flag.starts_with('-') && !flag.contains(['=', ' ']) && names::is_secret(flag)
        });
    }
}

/// An empty value and the name of a further variable hide nothing.
fn hide(string: &mut String) {
    let is_reference = string.starts_with("$(") && string.ends_with(')');
    if !string.is_empty() && !is_reference {
        REDACTED.clone_into(string);
    }
}

/// Puts back each text whose redaction alone makes the value unreadable for its type. `reads` says whether it can be read.
pub(super) fn keep_identifiers(original: &Value, clean: &mut Value, reads: &dyn Fn(Value) -> bool) {
    let mut skeleton = original.clone();
    empty_long_texts(&mut skeleton);
    let mut changed = Vec::new();
    changes(original, clean, &mut String::new(), &mut changed);
    for pointer in changed {
        let mut probe = skeleton.clone();
        let (Some(place), Some(redacted)) = (probe.pointer_mut(&pointer), clean.pointer(&pointer)) else {
            continue;
        };
        place.clone_from(redacted);
        if !reads(probe)
            && let (Some(place), Some(kept)) = (clean.pointer_mut(&pointer), original.pointer(&pointer))
        {
            place.clone_from(kept);
        }
    }
}

/// Long texts are no identifiers; without them a probe is quick.
fn empty_long_texts(value: &mut Value) {
    match value {
        Value::String(string) if string.len() > LONGEST_IDENTIFIER => string.clear(),
        Value::Array(items) => items.iter_mut().for_each(empty_long_texts),
        Value::Object(fields) => fields.values_mut().for_each(empty_long_texts),
        _ => {}
    }
}

/// JSON pointers (RFC 6901) to the short strings that redaction changed.
fn changes(original: &Value, clean: &Value, at: &mut String, found: &mut Vec<String>) {
    let mut below = |key: &str, original: &Value, clean: &Value, at: &mut String| {
        let length = at.len();
        at.push('/');
        at.push_str(&key.replace('~', "~0").replace('/', "~1"));
        changes(original, clean, at, found);
        at.truncate(length);
    };
    match (original, clean) {
        (Value::String(old), Value::String(new)) if old != new && old.len() <= LONGEST_IDENTIFIER => {
            found.push(at.clone());
        }
        (Value::Array(old), Value::Array(new)) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                below(&index.to_string(), old, new, at);
            }
        }
        (Value::Object(old), Value::Object(new)) => {
            for ((key, old), new) in old.iter().zip(new.values()) {
                below(key, old, new, at);
            }
        }
        _ => {}
    }
}
