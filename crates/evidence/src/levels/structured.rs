//! Lines that are JSON objects or logfmt.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::{Level, Said, word};

const LEVEL_KEYS: [&str; 9] =
    ["level", "severity", "lvl", "levelname", "log.level", "@level", "loglevel", "severity_text", "LogLevel"];
const MESSAGE_KEYS: [&str; 6] = ["msg", "message", "@message", "body", "event", "log"];
const ERROR_KEYS: [&str; 5] = ["error", "err", "exception", "error.message", "cause"];
const STACK_KEYS: [&str; 8] = [
    "stack_trace",
    "stack",
    "stacktrace",
    "exc_info",
    "traceback",
    "error.stack_trace",
    "exception",
    "backtrace",
];
/// pino's and bunyan's numbers: 50 is error, 60 fatal (pinojs/pino, `docs/api.md`).
const NUMERIC_ERROR: u64 = 50;

/// The level in a JSON text that does not parse, because the line was cut.
#[expect(clippy::unwrap_used, reason = "the expression is constant and a test uses it")]
static CUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)"(?:level|severity|lvl|levelname|log\.level|@level)"\s*:\s*"?(\w+)"#).unwrap()
});

/// Reads a JSON object with a level; `None` when it is something else.
pub(super) fn json(line: &str) -> Option<Said<'_>> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(line) else {
        let level =
            CUT.captures(line).and_then(|found| found.get(1)).and_then(|found| value(found.as_str()))?;
        return Some(Said { level, message: Cow::Borrowed(line), stack: None });
    };
    let level = LEVEL_KEYS
        .iter()
        .find_map(|key| fields.get(*key).and_then(level_of))
        .or_else(|| fields.get("log")?.get("level").and_then(level_of))?;
    if level == Level::Milder {
        return Some(Said { level, message: Cow::Borrowed(line), stack: None });
    }
    let inner = fields.get("fields").and_then(Value::as_object);
    let message = text(&fields, &MESSAGE_KEYS).or_else(|| text(inner?, &MESSAGE_KEYS));
    let error = text(&fields, &ERROR_KEYS).or_else(|| text(inner?, &ERROR_KEYS));
    let stack = stack(&fields).or_else(|| stack(inner?));
    Some(Said { level, message: joined(message, error, line), stack })
}

/// Reads `level=error msg="…"`; `None` when the line has no level key.
pub(super) fn logfmt(line: &str) -> Option<Said<'_>> {
    if !line.contains('=') {
        return None;
    }
    let at = ["level=", "lvl=", "severity="].iter().find_map(|key| field(line, key))?;
    let level = word(at.trim_matches('"'))?;
    let of = |keys: [&str; 2]| keys.iter().find_map(|key| field(line, key)).map(unquoted);
    let message = of(["msg=", "message="]);
    let error = of(["err=", "error="]);
    Some(Said { level, message: joined(message, error, line), stack: None })
}

fn joined(message: Option<String>, error: Option<String>, line: &str) -> Cow<'_, str> {
    match (message, error) {
        (Some(message), Some(error)) if !message.contains(&error) => {
            Cow::Owned(format!("{message}: {error}"))
        }
        (Some(text), _) | (None, Some(text)) => Cow::Owned(text),
        (None, None) => Cow::Borrowed(line),
    }
}

fn level_of(value_of_key: &Value) -> Option<Level> {
    match value_of_key {
        Value::String(text) => value(text),
        Value::Number(number) => number.as_u64().map(numeric),
        _ => None,
    }
}

fn value(text: &str) -> Option<Level> {
    word(text).or_else(|| text.parse().ok().map(numeric))
}

fn numeric(level: u64) -> Level {
    if level >= NUMERIC_ERROR { Level::Error } else { Level::Milder }
}

/// The first key's text; that of an object is its `message`.
fn text(fields: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match fields.get(*key)? {
        Value::String(text) if !text.is_empty() => text.lines().next().map(str::to_owned),
        Value::Object(inner) => inner.get("message").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    })
}

fn stack(fields: &Map<String, Value>) -> Option<String> {
    let direct = STACK_KEYS.iter().find_map(|key| fields.get(*key).and_then(Value::as_str));
    let nested = || {
        ["error", "err", "exception"].iter().find_map(|key| {
            let inner = fields.get(*key)?;
            ["stack_trace", "stack", "stacktrace"].iter().find_map(|key| inner.get(*key)?.as_str())
        })
    };
    direct.filter(|text| text.contains('\n')).or_else(nested).map(str::to_owned)
}

/// The value behind a key at the beginning of a word, quotes included.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (at, _) = line
        .match_indices(key)
        .find(|(at, _)| line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(' ')))?;
    let rest = line.get(at + key.len()..)?;
    let Some(quoted) = rest.strip_prefix('"') else {
        return rest.split(' ').next();
    };
    let mut escaped = false;
    let end = quoted.char_indices().find(|(_, c)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    rest.get(..end.map_or(rest.len(), |(end, _)| end + 2))
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').map_or(value, |rest| rest.strip_suffix('"').unwrap_or(rest));
    inner.replace("\\\"", "\"")
}
