//! A table of the file that is read key by key: what is wrong is noted and reading goes on, what is unknown is found at the end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One table, by its path in the file.
pub(super) struct Section<'a> {
    path: String,
    span: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    known: RefCell<BTreeSet<&'static str>>,
    problems: &'a RefCell<Vec<Problem>>,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: &'a Spanned<DeTable<'a>>, problems: &'a RefCell<Vec<Problem>>) -> Self {
        Self::new(String::new(), table.span(), Some(table.get_ref()), problems)
    }

    fn new(
        path: String,
        span: Range<usize>,
        table: Option<&'a DeTable<'a>>,
        problems: &'a RefCell<Vec<Problem>>,
    ) -> Self {
        Self { path, span, table, known: RefCell::default(), problems }
    }

    /// Whether the file has the table.
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Where the table begins.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Notes a problem.
    pub(super) fn problem(&self, span: Range<usize>, what: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into()).filter(|words| !words.is_empty());
        self.problems.borrow_mut().push(Problem { span, what: what.into(), advice });
    }

    /// The key as it is written in full, such as `[daemon] mode`.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("[{}] {key}", self.path) }
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.table?.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value)
    }

    fn expected(&self, key: &str, value: &Spanned<DeValue<'_>>, what: &str) {
        let kind = value.get_ref().type_str();
        self.problem(
            value.span(),
            format!("{} is {} {kind}", self.name(key), article(kind)),
            format!("write {what}"),
        );
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => {
                self.expected(key, value, "a text in quotes");
                None
            }
        }
    }

    /// A text, where the key holds one; another type is left to the caller.
    pub(super) fn text_if_text(&self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str()?;
        Some(At { value: text.to_owned(), span: value.span() })
    }

    /// A text that is parsed.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<At<T>> {
        let text = self.text(key)?;
        match text.value.parse() {
            Ok(value) => Some(At { value, span: text.span }),
            Err(error) => {
                self.problem(text.span, format!("{}: {error}", self.name(key)), "");
                None
            }
        }
    }

    /// A text out of a list.
    pub(super) fn one_of<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let what = format!("{} is {:?}", self.name(key), text.value);
            self.problem(text.span, what, format!("write one of {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// A whole number in a range.
    pub(super) fn integer(&self, key: &'static str, range: Range<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<u64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.expected(key, value, &format!("a whole number from {} to {}", range.start, range.end - 1));
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn truth(&self, key: &'static str) -> Option<At<bool>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(At { value: *truth, span: value.span() }),
            _ => {
                self.expected(key, value, "true or false");
                None
            }
        }
    }

    /// A duration such as `"90s"` or `"1h"`.
    pub(super) fn duration(&self, key: &'static str) -> Option<At<Duration>> {
        let text = self.text(key)?;
        if let Ok(value) = humantime::parse_duration(&text.value) {
            return Some(At { value, span: text.span });
        }
        let what = format!("{} is {:?}, which is no duration", self.name(key), text.value);
        self.problem(text.span, what, "write a number with its unit, such as \"90s\", \"10m\" or \"1h\"");
        None
    }

    /// A size such as `"16MiB"`, in bytes.
    pub(super) fn size(&self, key: &'static str) -> Option<At<u64>> {
        let text = self.text(key)?;
        if let Ok(size) = text.value.parse::<bytesize::ByteSize>() {
            return Some(At { value: size.as_u64(), span: text.span });
        }
        let what = format!("{} is {:?}, which is no size", self.name(key), text.value);
        self.problem(text.span, what, "write a number with its unit, such as \"16MiB\" or \"1GiB\"");
        None
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<At<String>>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.expected(key, value, "a list of texts in brackets");
            return None;
        };
        let texts = items.iter().filter_map(|item| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.expected(key, item, "a list of texts");
            }
            text.map(|text| At { value: text.to_owned(), span: item.span() })
        });
        Some(texts.collect())
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let Some(value) = self.value(key) else {
            return Section::new(path, self.span(), None, self.problems);
        };
        match value.get_ref() {
            DeValue::Table(table) => Section::new(path, value.span(), Some(table), self.problems),
            _ => {
                self.expected(key, value, "a table");
                Section::new(path, value.span(), None, self.problems)
            }
        }
    }

    /// A list of tables, `[[key]]`.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.expected(key, value, &format!("[[{key}]] above each entry"));
            return Vec::new();
        };
        let tables = items.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(format!("[{key}]"), item.span(), Some(table), self.problems))
            }
            _ => {
                self.expected(key, item, "a table");
                None
            }
        });
        tables.collect()
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _) in self.table.into_iter().flatten() {
            if !known.contains(key.get_ref().as_ref()) {
                let advice = nearest(key.get_ref(), &known);
                self.problem(key.span(), format!("unknown key {}", self.name(key.get_ref())), advice);
            }
        }
    }
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'i']) { "an" } else { "a" }
}

/// The known key that was probably meant, else all of them.
fn nearest(key: &str, known: &BTreeSet<&'static str>) -> String {
    let close = known
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(key, name), name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match close {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => {
            let names: Vec<&str> = known.iter().copied().collect();
            format!("this version knows {}", names.join(", "))
        }
    }
}
