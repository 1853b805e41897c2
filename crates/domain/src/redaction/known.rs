//! Configured tokens by value, in the forms in which they turn up.

use std::borrow::Cow;
use std::collections::BTreeSet;

use regex::Regex;

use super::REDACTED;

/// Shorter values would eat ordinary text.
const SHORTEST: usize = 6;
/// A line of a key of several lines is a secret by itself from so many bytes on.
const SHORTEST_LINE: usize = 20;
/// A piece of base64 is told from ordinary text from so many characters on.
const SHORTEST_BASE64: usize = 8;

/// The values to look for.
#[derive(Clone, Default)]
pub(super) struct Known {
    values: usize,
    needles: Vec<String>,
    /// All needles at once; absent where there are none, or too many for one expression.
    expression: Option<Regex>,
}

impl Known {
    /// Of values, each in every form.
    pub(super) fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut count = 0;
        let mut needles = BTreeSet::new();
        for value in values {
            let value = value.trim();
            if value.len() < SHORTEST {
                continue;
            }
            count += 1;
            let lines =
                value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE && *line != value);
            for text in std::iter::once(value).chain(lines.filter(|line| !line.starts_with("-----"))) {
                needles.extend(forms(text));
            }
        }
        let mut needles: Vec<String> = needles.into_iter().collect();
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        let all: Vec<String> = needles.iter().map(|needle| regex::escape(needle)).collect();
        let expression = if all.is_empty() { None } else { Regex::new(&all.join("|")).ok() };
        Self { values: count, needles, expression }
    }

    /// How many values are known.
    pub(super) fn count(&self) -> usize {
        self.values
    }

    /// The text without them.
    pub(super) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.expression {
            Some(expression) => expression.replace_all(text, REDACTED),
            None => self.needles.iter().fold(Cow::Borrowed(text), |text, needle| {
                if text.contains(needle) { Cow::Owned(text.replace(needle, REDACTED)) } else { text }
            }),
        }
    }
}

/// The value itself, URL-encoded in both cases, and in base64 wherever it stands in what is encoded.
fn forms(value: &str) -> Vec<String> {
    let upper = url_encoded(value, "0123456789ABCDEF");
    let lower = url_encoded(value, "0123456789abcdef");
    let mut forms = vec![value.to_owned(), upper, lower];
    for offset in 0..3 {
        let encoded = base64_inside(value.as_bytes(), offset);
        if encoded.len() >= SHORTEST_BASE64 {
            forms.push(encoded.replace('+', "-").replace('/', "_"));
            forms.push(encoded);
        }
    }
    forms
}

fn url_encoded(value: &str, digits: &str) -> String {
    let digit = |nibble: u8| digits.chars().nth(usize::from(nibble)).unwrap_or('0');
    value
        .bytes()
        .flat_map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                vec![char::from(byte)]
            } else {
                vec!['%', digit(byte >> 4), digit(byte & 15)]
            }
        })
        .collect()
}

/// The characters of base64 (RFC 4648) that depend on these bytes alone when `offset` unknown bytes stand before them and
/// any number after.
fn base64_inside(bytes: &[u8], offset: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    // The first character that lies wholly in the bytes begins at the next multiple of six bits.
    let skip = (6 - offset * 8 % 6) % 6;
    bits.get(skip..)
        .unwrap_or_default()
        .chunks_exact(6)
        .filter_map(|six| {
            let index = six.iter().fold(0_usize, |number, bit| number << 1 | usize::from(*bit));
            ALPHABET.get(index).copied().map(char::from)
        })
        .collect()
}
