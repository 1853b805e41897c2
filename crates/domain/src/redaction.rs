//! Takes secrets out of everything that is kept or shown.
//!
//! Two kinds: what is a secret by its shape or by the name it is stored under, and every configured token by value, also in
//! base64, URL-encoded, or as single lines of a key. What a value is made of stays readable: names, hashes, commits and times.

mod known;
mod names;
mod shapes;
mod walk;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use known::Known;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Knows the shapes of tokens and every configured token by value.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Known,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("known", &self.known.count()).finish()
    }
}

impl Redactor {
    /// A redactor that also knows these values; values shorter than 6 bytes are ignored, since they would eat ordinary text.
    pub fn new(known: impl IntoIterator<Item = String>) -> Self {
        Self { known: Known::new(known) }
    }

    /// The text without the configured values alone: for streams of any size, where the shapes would cost too much.
    pub fn configured<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        self.known.redact(text)
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        shapes::redact(&self.known.redact(text)).into_owned()
    }

    /// The value with every string in it redacted, and every value of a variable or key that looks secret.
    ///
    /// The result is of the same type, always: a text whose redaction its type does not accept is an identifier (a pod's name,
    /// a hash, a kind), and stays as it is.
    pub fn redact<T: Serialize + DeserializeOwned>(&self, value: T) -> T {
        let Ok(original) = serde_json::to_value(&value) else { return value };
        let mut clean = original.clone();
        walk::redact(&mut clean, &|text| self.text(text));
        if let Ok(redacted) = serde_json::from_value(clean.clone()) {
            return redacted;
        }
        walk::keep_identifiers(&original, &mut clean, &|probe: Value| {
            serde_json::from_value::<T>(probe).is_ok()
        });
        serde_json::from_value(clean).unwrap_or(value)
    }
}

#[cfg(test)]
mod tests;
