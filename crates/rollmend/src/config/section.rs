//! A table of the file that is read key by key: what is wrong is noted and reading goes on, what is unknown is found at the end.

mod values;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Row, Sheet};
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
    sheet: &'a Sheet,
    listed: Listed,
}

/// Under which title of the documentation the keys of a table stand.
#[derive(Debug, Clone)]
enum Listed {
    /// Under this one, with this before their names.
    Under { title: String, before: String },
    /// Nowhere: what they are is said where the table is asked for.
    Nowhere,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: &'a Spanned<DeTable<'a>>, sheet: &'a Sheet) -> Self {
        Self::new(String::new(), table.span(), Some(table.get_ref()), sheet, Listed::Nowhere)
    }

    /// A file in which nothing is written and every table is there, to learn which keys are asked for.
    pub(super) fn of_keys(sheet: &'a Sheet) -> Self {
        Self::new(String::new(), 0..0, None, sheet, Listed::Nowhere)
    }

    fn new(
        path: String,
        span: Range<usize>,
        table: Option<&'a DeTable<'a>>,
        sheet: &'a Sheet,
        listed: Listed,
    ) -> Self {
        Self { path, span, table, known: RefCell::default(), sheet, listed }
    }

    /// Whether the file has the table.
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some() || self.sheet.is_of_keys()
    }

    /// Whether the file has the key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.iter().any(|(known, _)| known.get_ref() == name))
    }

    /// Where the table begins.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Notes a problem.
    pub(super) fn problem(&self, span: Range<usize>, what: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into()).filter(|words| !words.is_empty());
        self.sheet.problems.borrow_mut().push(Problem { span, what: what.into(), advice });
    }

    /// The key as it is written in full, such as `[daemon] mode`.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("[{}] {key}", self.path) }
    }

    fn value(&self, name: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(name);
        self.table?.iter().find(|(known, _)| known.get_ref() == name).map(|(_, value)| value)
    }

    fn expected(&self, key: &str, value: &Spanned<DeValue<'_>>, what: &str) {
        let kind = value.get_ref().type_str();
        self.problem(
            value.span(),
            format!("{} is {} {kind}", self.name(key), article(kind)),
            format!("write {what}"),
        );
    }

    /// Notes for the documentation that the key is asked for.
    fn note(&self, key: Key, kind: &str, absent: Option<String>) {
        if let Listed::Under { title, before } = &self.listed {
            let absent = absent.map_or_else(|| key.absent.to_owned(), |value| format!("`{value}`"));
            let row = Row {
                key: format!("{before}{}", key.name),
                kind: kind.to_owned(),
                absent,
                means: key.means,
                taken: key.taken,
            };
            self.sheet.note(title, row);
        }
    }

    fn path_to(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn below(&self, name: &'static str, listed: &Listed) -> Section<'a> {
        let path = self.path_to(name);
        let absent = |path| Section::new(path, self.span(), None, self.sheet, listed.clone());
        let Some(value) = self.value(name) else { return absent(path) };
        match value.get_ref() {
            DeValue::Table(table) => {
                Section::new(path, value.span(), Some(table), self.sheet, listed.clone())
            }
            _ => {
                self.expected(name, value, "a table");
                absent(path)
            }
        }
    }

    /// A table that only holds tables.
    pub(super) fn group(&self, name: &'static str) -> Section<'a> {
        self.below(name, &Listed::Nowhere)
    }

    /// A table with a title of its own, `[name]`, and what it is for.
    pub(super) fn chapter(&self, name: &'static str, means: &'static str) -> Section<'a> {
        let title = format!("[{}]", self.path_to(name));
        self.sheet.begin(title.clone(), means);
        self.below(name, &Listed::Under { title, before: String::new() })
    }

    /// A table within this one, `name = { … }`, whose keys stand among this one's.
    pub(super) fn section(&self, name: &'static str) -> Section<'a> {
        let listed = match &self.listed {
            Listed::Under { title, before } => {
                Listed::Under { title: title.clone(), before: format!("{before}{name}.") }
            }
            Listed::Nowhere => Listed::Nowhere,
        };
        self.below(name, &listed)
    }

    /// A table within this one that is one value to people, such as `{ env = "NAME" }`.
    pub(super) fn whole(&self, key: Key, kind: &str) -> Section<'a> {
        self.note(key, kind, None);
        self.below(key.name, &Listed::Nowhere)
    }

    /// A list of tables, `[[name]]`.
    pub(super) fn sections(&self, name: &'static str, means: &'static str) -> Vec<Section<'a>> {
        let title = format!("[[{name}]]");
        self.sheet.begin(title.clone(), means);
        let listed = Listed::Under { title, before: String::new() };
        let path = format!("[{name}]");
        if self.sheet.is_of_keys() {
            return vec![Section::new(path, self.span(), None, self.sheet, listed)];
        }
        let Some(value) = self.value(name) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.expected(name, value, &format!("[[{name}]] above each entry"));
            return Vec::new();
        };
        let tables = items.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(path.clone(), item.span(), Some(table), self.sheet, listed.clone()))
            }
            _ => {
                self.expected(name, item, "a table");
                None
            }
        });
        tables.collect()
    }

    /// Tables by names that the operator gives, `[name.NAME]`.
    pub(super) fn named(&self, name: &'static str, means: &'static str) -> Vec<(At<String>, Section<'a>)> {
        let title = format!("[{name}.NAME]");
        self.sheet.begin(title.clone(), means);
        let listed = Listed::Under { title, before: String::new() };
        if self.sheet.is_of_keys() {
            let section = Section::new(format!("{name}.NAME"), self.span(), None, self.sheet, listed);
            return vec![(At { value: "NAME".to_owned(), span: self.span() }, section)];
        }
        let group = self.group(name);
        let entries = group.table.into_iter().flatten().filter_map(|(key, value)| match value.get_ref() {
            DeValue::Table(table) => {
                let path = format!("{name}.{}", key.get_ref());
                let section = Section::new(path, value.span(), Some(table), self.sheet, listed.clone());
                Some((At { value: key.get_ref().to_string(), span: key.span() }, section))
            }
            _ => {
                group.expected(key.get_ref(), value, "a table");
                None
            }
        });
        entries.collect()
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _) in self.table.into_iter().flatten() {
            if !known.contains(key.get_ref().as_ref()) {
                let advice = nearest(key.get_ref(), known.iter().copied(), "this version knows");
                self.problem(key.span(), format!("unknown key {}", self.name(key.get_ref())), advice);
            }
        }
    }
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'i']) { "an" } else { "a" }
}

/// The known name that was probably meant, else all of them.
pub(super) fn nearest<'n>(
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
    otherwise: &str,
) -> String {
    let close = known
        .clone()
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match close {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => format!("{otherwise} {}", known.collect::<Vec<_>>().join(", ")),
    }
}
