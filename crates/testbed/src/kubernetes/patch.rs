//! The two patches that change JSON: merge (RFC 7386) and JSON Patch (RFC 6902).

use serde_json::Value;

use super::object::{items, text, unescape};

/// Merges `patch` into `target`: members are replaced, null removes.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Applies the operations of a JSON Patch, all or none.
///
/// # Errors
/// What did not fit, in one sentence.
pub(crate) fn apply(target: &mut Value, operations: &Value) -> Result<(), String> {
    let Value::Array(_) = operations else { return Err("a JSON Patch is an array of operations".to_owned()) };
    let mut changed = target.clone();
    for operation in items(operations, "") {
        step(&mut changed, operation)?;
    }
    *target = changed;
    Ok(())
}

fn step(target: &mut Value, operation: &Value) -> Result<(), String> {
    let path = text(operation, "/path");
    let value = operation.get("value").cloned().unwrap_or_default();
    let missing = |path: &str| format!("the path '{path}' does not exist");
    match text(operation, "/op") {
        "add" => add(target, path, value),
        "remove" => take(target, path).map(drop),
        "replace" => {
            *target.pointer_mut(path).ok_or_else(|| missing(path))? = value;
            Ok(())
        }
        "test" if target.pointer(path) == Some(&value) => Ok(()),
        "test" => Err(format!("testing path {path} failed: test failed")),
        "move" => {
            let moved = take(target, text(operation, "/from"))?;
            add(target, path, moved)
        }
        "copy" => {
            let from = text(operation, "/from");
            let copied = target.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(target, path, copied)
        }
        other => Err(format!("unexpected kind of operation: {other}")),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let Some((parent, last)) = path.rsplit_once('/') else {
        *target = value;
        return Ok(());
    };
    let last = unescape(last);
    match target.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(last, value);
            Ok(())
        }
        Some(Value::Array(list)) if last == "-" => {
            list.push(value);
            Ok(())
        }
        Some(Value::Array(list)) => match last.parse::<usize>() {
            Ok(index) if index <= list.len() => {
                list.insert(index, value);
                Ok(())
            }
            _ => Err(format!("the index of '{path}' is out of bounds")),
        },
        _ => Err(format!("add operation does not apply: doc is missing path: {path}")),
    }
}

fn take(target: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || format!("remove operation does not apply: doc is missing path: {path}");
    let (parent, last) = path.rsplit_once('/').ok_or_else(missing)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(members)) => members.remove(&unescape(last)).ok_or_else(missing),
        Some(Value::Array(list)) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => Ok(list.remove(index)),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_in_a_merge_patch_removes_the_member() {
        let mut object = json!({"a": 1, "b": {"c": 2, "d": 3}});
        merge(&mut object, &json!({"a": null, "b": {"c": [1]}}));
        assert_eq!(object, json!({"b": {"c": [1], "d": 3}}));
    }

    #[test]
    fn a_json_patch_whose_test_fails_changes_nothing() {
        let mut object = json!({"a": [1, 2]});
        let refused = apply(
            &mut object,
            &json!([{"op": "add", "path": "/a/-", "value": 3}, {"op": "test", "path": "/a/0", "value": 9}]),
        );
        assert_eq!(refused, Err("testing path /a/0 failed: test failed".to_owned()));
        assert_eq!(object, json!({"a": [1, 2]}));
    }
}
