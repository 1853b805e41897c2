//! A request that is refused, in the provider's own words.

use serde_json::Value;

/// A status and the provider's error body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Refusal {
    /// The sentence in the body.
    pub(super) fn message(&self) -> String {
        let message = self.body.pointer("/error/message").and_then(Value::as_str);
        message.unwrap_or_default().to_owned()
    }
}

/// Whether a tool may be called so: `^[a-zA-Z0-9_-]{1,64}$`, at both providers.
pub(super) fn is_tool_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
