//! Secrets that are known by their shape.
//!
//! Prefixes as their issuers document them: GitHub (about authentication), GitLab (token overview), AWS (unique identifiers),
//! Slack (token types), Stripe (API keys), OpenAI and Anthropic (`sk-`), Google (`AIza`), RFC 7519 (JWT), RFC 7468 (PEM), RFC 9110
//! (`Authorization`), RFC 3986 (userinfo).

mod pem;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

use super::REDACTED;

/// Each with what stays of a match: the groups `before` and `after`.
const SHAPES: [&str; 14] = [
    r"\bgh[pousr]_[A-Za-z0-9]{16,}",
    r"\bgithub_pat_[A-Za-z0-9_]{22,}",
    r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}",
    r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9]{16,}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r#"(?i)(?P<before>\bauthorization\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?(?:(?:basic|bearer|token|digest|negotiate|apikey)\s+)?)[^\s"',;\\]+"#,
    r"(?i)(?P<before>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/-]{16,}=*",
    r#"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]{1,20}://)[^\s/?#"'<>]{1,512}(?P<after>@)"#,
    r"(?P<before>\b[\w.-]{1,64}:)[^\s:@/]{1,256}(?P<after>@(?:tcp|unix)\()",
    r#"(?i)(?P<before>\b(?:set-)?cookie\\*["']?\s{0,4}:\s{0,4}\\*["']?)[^\s"'\\][^"'\\\n]*"#,
];
/// `password=…`, `"api_key": "…"`, `token: …`, also inside a JSON string.
const ASSIGNMENT: &str = r#"(?i)(?P<before>(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|credentials?|private[_-]?key|access[_-]?key|connection[_-]?string)[\w.-]{0,40}\\*["']?\s{0,4}(?::|=>|=)\s{0,4})(?:(?P<quote>\\*["'])(?P<quoted>[^"'\\\n]+)|(?P<bare>[^\s,;&"'\\{}\[\]()]+))"#;

#[expect(clippy::unwrap_used, reason = "the expressions are constant and tests use each")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

#[expect(clippy::unwrap_used, reason = "the expressions are constant and tests use each")]
static ANY: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(SHAPES.iter().chain([&ASSIGNMENT, &pem::BEGIN])).unwrap());
static EACH: LazyLock<Vec<Regex>> = LazyLock::new(|| SHAPES.iter().map(|shape| expression(shape)).collect());
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| expression(ASSIGNMENT));

/// The text without secrets of a known shape.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let found = ANY.matches(text);
    if !found.matched_any() {
        return Cow::Borrowed(text);
    }
    let mut clean = Cow::Borrowed(text);
    if found.matched(SHAPES.len() + 1) {
        clean = Cow::Owned(pem::redact(&clean));
    }
    for (at, shape) in EACH.iter().enumerate() {
        if found.matched(at) {
            clean = Cow::Owned(shape.replace_all(&clean, around).into_owned());
        }
    }
    if found.matched(SHAPES.len()) {
        clean = Cow::Owned(ASSIGNED.replace_all(&clean, assigned).into_owned());
    }
    clean
}

fn around(found: &Captures<'_>) -> String {
    let part = |name| found.name(name).map_or("", |part| part.as_str());
    format!("{}{REDACTED}{}", part("before"), part("after"))
}

/// What stands after a secret's name without being one: `token: not set`, `secret: null`.
const NO_SECRETS: [&str; 18] = [
    "true",
    "false",
    "null",
    "none",
    "nil",
    "not",
    "is",
    "was",
    "has",
    "must",
    "missing",
    "required",
    "invalid",
    "expired",
    "cannot",
    "could",
    "no",
    "unexpected",
];

/// Values that say nothing stay: small numbers, [`NO_SECRETS`], and what is redacted already.
fn assigned(found: &Captures<'_>) -> String {
    let part = |name| found.name(name).map_or("", |part| part.as_str());
    let value = if part("quoted").is_empty() { part("bare") } else { part("quoted") };
    let says_nothing = (value.len() <= 5 && value.bytes().all(|b| b.is_ascii_digit()))
        || NO_SECRETS.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value.starts_with(REDACTED);
    let shown = if says_nothing { value } else { REDACTED };
    format!("{}{}{shown}", part("before"), part("quote"))
}
