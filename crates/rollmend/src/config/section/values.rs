//! The kinds of values. Each method says what it takes, so that the documentation has it from here; one with a default answers it where the
//! key is absent or wrong.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;

use serde_spanned::Spanned;
use toml::de::DeValue;

use super::super::key::{Key, written, written_size};
use super::{At, Section};

impl Section<'_> {
    /// A text.
    pub(in super::super) fn text(&self, key: Key) -> Option<At<String>> {
        self.note(key, "text", None);
        self.string(key)
    }

    /// A text, with what stands for it.
    pub(in super::super) fn text_or(&self, key: Key, default: &str) -> String {
        self.note(key, "text", Some(format!("{default:?}")));
        self.string(key).map_or_else(|| default.to_owned(), |text| text.value)
    }

    /// A text that is kept in the documentation as this kind.
    pub(in super::super) fn text_of(&self, key: Key, kind: &str) -> Option<At<String>> {
        self.note(key, kind, None);
        self.string(key)
    }

    fn string(&self, key: Key) -> Option<At<String>> {
        let value = self.value(key.name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => {
                self.expected(key.name, value, "a text in quotes");
                None
            }
        }
    }

    /// A text, where the key holds one; another type is left to the caller.
    pub(in super::super) fn text_if_text(&self, key: Key, kind: &str) -> Option<At<String>> {
        self.note(key, kind, None);
        let value = self.value(key.name)?;
        let text = value.get_ref().as_str()?;
        Some(At { value: text.to_owned(), span: value.span() })
    }

    /// A text that is parsed; `kind` is what it is to people.
    pub(in super::super) fn parsed<T: FromStr<Err: Display>>(&self, key: Key, kind: &str) -> Option<At<T>> {
        self.note(key, kind, None);
        let text = self.string(key)?;
        match text.value.parse() {
            Ok(value) => Some(At { value, span: text.span }),
            Err(error) => {
                self.problem(text.span, format!("{}: {error}", self.name(key.name)), "");
                None
            }
        }
    }

    /// A text that is parsed, with what stands for it.
    pub(in super::super) fn parsed_or<T>(&self, key: Key, kind: &str, default: T) -> At<T>
    where
        T: FromStr<Err: Display> + Display,
    {
        self.note(key, kind, Some(format!("\"{default}\"")));
        self.parsed(key, kind).unwrap_or_else(|| self.absent(default))
    }

    /// A text out of a list.
    pub(in super::super) fn choice<T: Copy>(&self, key: Key, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
        self.note(key, &names.join(", "), None);
        let text = self.string(key)?;
        let found = choices.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let what = format!("{} is {:?}", self.name(key.name), text.value);
            self.problem(text.span, what, format!("write one of {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// A text out of a list, with what stands for it.
    pub(in super::super) fn one_of<T: Copy + PartialEq>(
        &self,
        key: Key,
        choices: &[(&str, T)],
        default: T,
    ) -> T {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
        let absent = choices.iter().find(|(_, value)| *value == default);
        self.note(key, &names.join(", "), absent.map(|(name, _)| format!("\"{name}\"")));
        self.choice(key, choices).unwrap_or(default)
    }

    /// A whole number in a range.
    pub(in super::super) fn integer(&self, key: Key, range: Range<u64>, default: u64) -> u64 {
        let kind = format!("whole number from {} to {}", range.start, range.end - 1);
        self.note(key, &kind, Some(default.to_string()));
        let Some(value) = self.value(key.name) else { return default };
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<u64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.expected(key.name, value, &format!("a {kind}"));
        }
        number.unwrap_or(default)
    }

    /// US dollars, in millionths.
    pub(in super::super) fn dollars(&self, key: Key) -> Option<At<u64>> {
        let kind = format!("US dollars from {} to {}", DOLLARS.start(), DOLLARS.end());
        self.note(key, &kind, None);
        let value = self.value(key.name)?;
        let micro = dollars(value);
        if micro.is_none() {
            self.expected(key.name, value, &format!("{kind}, such as 2.5"));
        }
        micro.map(|value_of| At { value: value_of, span: value.span() })
    }

    /// US dollars in millionths, with what stands for it.
    pub(in super::super) fn dollars_or(&self, key: Key, default: u64) -> u64 {
        let kind = format!("US dollars from {} to {}", DOLLARS.start(), DOLLARS.end());
        self.note(key, &kind, Some(format!("{:?}", default as f64 / 1e6)));
        self.dollars(key).map_or(default, |at| at.value)
    }

    /// `true` or `false`.
    pub(in super::super) fn truth(&self, key: Key) -> Option<bool> {
        self.note(key, "`true` or `false`", None);
        let value = self.value(key.name)?;
        if let DeValue::Boolean(truth) = value.get_ref() {
            return Some(*truth);
        }
        self.expected(key.name, value, "true or false");
        None
    }

    /// A duration such as `"90s"` or `"1h"`.
    pub(in super::super) fn duration(&self, key: Key, default: Duration) -> At<Duration> {
        self.note(key, "duration", Some(format!("{:?}", written(default))));
        let Some(text) = self.string(key) else { return self.absent(default) };
        if let Ok(value) = humantime::parse_duration(&text.value) {
            return At { value, span: text.span };
        }
        let what = format!("{} is {:?}, which is no duration", self.name(key.name), text.value);
        self.problem(text.span, what, "write a number with its unit, such as \"90s\", \"10m\" or \"1h\"");
        self.absent(default)
    }

    /// A size such as `"16MiB"`, in bytes.
    pub(in super::super) fn size(&self, key: Key, default: u64) -> At<u64> {
        self.note(key, "size", Some(format!("{:?}", written_size(default))));
        let Some(text) = self.string(key) else { return self.absent(default) };
        if let Ok(size) = text.value.parse::<bytesize::ByteSize>() {
            return At { value: size.as_u64(), span: text.span };
        }
        let what = format!("{} is {:?}, which is no size", self.name(key.name), text.value);
        self.problem(text.span, what, "write a number with its unit, such as \"16MiB\" or \"1GiB\"");
        self.absent(default)
    }

    /// A list of texts.
    pub(in super::super) fn texts(&self, key: Key) -> Option<Vec<At<String>>> {
        self.note(key, "list of texts", None);
        let value = self.value(key.name)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.expected(key.name, value, "a list of texts in brackets");
            return None;
        };
        let texts = items.iter().filter_map(|item| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.expected(key.name, item, "a list of texts");
            }
            text.map(|text| At { value: text.to_owned(), span: item.span() })
        });
        Some(texts.collect())
    }

    /// What stands for an absent value has its place where the table is.
    fn absent<T>(&self, value: T) -> At<T> {
        At { value, span: self.span() }
    }
}

/// What may be written as an amount of money.
const DOLLARS: RangeInclusive<f64> = 0.0..=100_000.0;

fn dollars(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let text = match value.get_ref() {
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        _ => return None,
    };
    let number: f64 = text.parse().ok().filter(|number| DOLLARS.contains(number))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked; it ends at 10^11 millionths"
    )]
    Some((number * 1e6).round() as u64)
}
