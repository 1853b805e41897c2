//! Secrets that are known by their shape.
//!
//! Prefixes as their issuers document them: GitHub (about authentication), GitLab (token overview), AWS (unique identifiers),
//! Slack (token types), Stripe (API keys), `OpenAI` and Anthropic (`sk-`), Google (`AIza`), RFC 7519 (JWT), RFC 7468 (PEM), RFC 9110
//! (`Authorization`), RFC 3986 (userinfo).

mod pem;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

use super::REDACTED;

/// Each with what stays of a match: the groups `before` and `after`. ASCII rules where possible: the quick engines of `regex`
/// give up on Unicode's word boundaries.
const SHAPES: [&str; 14] = [
    r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{16,}",
    r"(?-u:\b)github_pat_[A-Za-z0-9_]{22,}",
    r"(?-u:\b)gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)(?:AKIA|ASIA)[A-Z0-9]{16}(?-u:\b)",
    r"(?-u:\b)(?:xox[abeoprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9-]{10,}",
    r"(?-u:\b)(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}",
    r"(?-u:\b)sk-[A-Za-z0-9_-]{20,}",
    r"(?-u:\b)AIza[0-9A-Za-z_-]{35}",
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r#"(?P<before>(?i-u:authorization)\\*["']?[ \t]{0,4}[:=][ \t]{0,4}\\*["']?(?:(?i-u:basic|bearer|token|digest|negotiate|apikey)[ \t]+)?)[^\s"',;\\]+"#,
    r"(?P<before>(?i-u:\b(?:bearer|basic))[ \t]+)[A-Za-z0-9._~+/-]{16,}=*",
    r#"(?P<before>://)[^\s/?#"'<>]{1,512}(?P<after>@)"#,
    r"(?P<before>(?-u:\b)[A-Za-z0-9_.-]{1,64}:)[^\s:@/]{1,256}(?P<after>@(?:tcp|unix)\()",
    r#"(?P<before>(?i-u:\bcookie)\\*["']?[ \t]{0,4}:[ \t]{0,4}\\*["']?)[^\s"'\\][^"'\\\n]*"#,
];
/// `password=…`, `"api_key": "…"`, `token: …`, also inside a JSON string.
const ASSIGNMENT: &str = r#"(?P<before>(?i-u:passw(?:or)?d|passphrase|secret|token|api[_-]?key|credential|private[_-]?key|access[_-]?key|connection[_-]?string)[A-Za-z0-9_.-]{0,40}\\*["']?[ \t]{0,4}(?::|=>|=)[ \t]{0,4})(?:(?P<quote>\\*["'])(?P<quoted>[^"'\\\n]+)|(?P<bare>[^\s,;&"'\\{}\[\]()]+))"#;

#[expect(clippy::unwrap_used, reason = "the expressions are constant and tests use each")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// Asked of every text, so it does without the upper bounds, each of which takes megabytes: it finds whatever the exact ones find, and they decide.
#[expect(clippy::unwrap_used, reason = "the expressions are constant and tests use each")]
static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    let shapes = SHAPES.iter().chain([&ASSIGNMENT, &pem::BEGIN]);
    RegexSet::new(shapes.map(|shape| shape.replace("{1,512}", "+").replace("{1,256}", "+"))).unwrap()
});
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
