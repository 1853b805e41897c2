//! Reads and writes parts of an object by JSON pointer.
//!
//! The stand-in treats objects as JSON, since it must keep fields that no typed client knows.

use serde_json::{Map, Value};

/// The text at `pointer`, or an empty one when there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The integer at `pointer`.
pub(crate) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// The items at `pointer`, none when there is no array.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The members of the object at `pointer`.
pub(crate) fn members<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

/// Sets the value at `pointer`, making the objects on the way.
///
/// A part on the way that is no object is replaced by one, and an array is not entered.
pub(crate) fn set(object: &mut Value, pointer: &str, value: impl Into<Value>) {
    let mut place = object;
    for part in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(unescape(part)).or_insert(Value::Null);
    }
    *place = value.into();
}

/// Removes the member at `pointer` and gives it back.
pub(crate) fn remove(object: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    object.pointer_mut(parent)?.as_object_mut()?.remove(&unescape(last))
}

/// Undoes the escapes of a pointer's part (RFC 6901 §3).
pub(crate) fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}
