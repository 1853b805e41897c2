//! Label and field selectors, as a list or watch is asked with.

use serde_json::Value;

use super::{kinds::Kind, object::text, refusal::Refusal};

/// Which objects a list or watch is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelTerm {
    key: String,
    wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldTerm {
    pointer: String,
    value: String,
    matches: Matches,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matches {
    Equal,
    Unequal,
}

impl Selector {
    /// Parses both selectors; empty text selects everything.
    ///
    /// # Errors
    /// 400, in the API server's words, for what cannot be parsed or a field that cannot be selected by.
    pub(crate) fn parse(kind: Kind, labels: &str, fields: &str) -> Result<Self, Refusal> {
        let labels = terms(labels).into_iter().map(|term| label_term(&term)).collect::<Result<_, _>>()?;
        let fields = fields
            .split(',')
            .filter(|term| !term.trim().is_empty())
            .map(|term| field_term(kind, term.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Selector { labels, fields })
    }

    /// Whether the object is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|term| term.matches(object))
            && self.fields.iter().all(|term| term.matches(object))
    }
}

impl LabelTerm {
    fn matches(&self, object: &Value) -> bool {
        let value = object
            .pointer("/metadata/labels")
            .and_then(|labels| labels.get(&self.key))
            .and_then(Value::as_str);
        match &self.wants {
            Wants::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Wants::NotIn(values) => value.is_none_or(|value| values.iter().all(|wanted| wanted != value)),
            Wants::Exists => value.is_some(),
            Wants::Absent => value.is_none(),
        }
    }
}

impl FieldTerm {
    fn matches(&self, object: &Value) -> bool {
        let equal = text(object, &self.pointer) == self.value;
        match self.matches {
            Matches::Equal => equal,
            Matches::Unequal => !equal,
        }
    }
}

/// Splits at the commas outside parentheses.
fn terms(selector: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut depth = 0_u32;
    for letter in selector.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                terms.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(term) = terms.last_mut() {
            term.push(letter);
        }
    }
    terms.retain(|term| !term.trim().is_empty());
    terms
}

fn label_term(term: &str) -> Result<LabelTerm, Refusal> {
    let term = term.trim();
    let of = |key: &str, wants| {
        let key = key.trim();
        let sound = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
        if key.is_empty() || !key.chars().all(sound) {
            return Err(Refusal::bad_request(format!(
                "unable to parse requirement: found '{term}', expected: identifier"
            )));
        }
        Ok(LabelTerm { key: key.to_owned(), wants })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = term.split_once("!=") {
        return of(key, Wants::NotIn(one(value)));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return of(key, Wants::In(one(value)));
    }
    if let Some(key) = term.strip_prefix('!') {
        return of(key, Wants::Absent);
    }
    let Some((head, set)) = term.split_once('(') else { return of(term, Wants::Exists) };
    let values =
        set.trim_end().trim_end_matches(')').split(',').map(|value| value.trim().to_owned()).collect();
    match head.trim().rsplit_once(' ') {
        Some((key, "in")) => of(key, Wants::In(values)),
        Some((key, "notin")) => of(key, Wants::NotIn(values)),
        _ => of("", Wants::Exists),
    }
}

fn field_term(kind: Kind, term: &str) -> Result<FieldTerm, Refusal> {
    let (field, value, matches) = if let Some((field, value)) = term.split_once("!=") {
        (field, value, Matches::Unequal)
    } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (field, value, Matches::Equal)
    } else {
        return Err(Refusal::bad_request(format!("invalid selector: '{term}'; can't understand '{term}'")));
    };
    // Events of both API groups are stored in the form of the core group.
    let field = field.replacen("regarding.", "involvedObject.", 1);
    if !selectable(kind, &field) {
        return Err(Refusal::bad_request(format!("field label not supported: {field}")));
    }
    Ok(FieldTerm { pointer: format!("/{}", field.replace('.', "/")), value: value.to_owned(), matches })
}

fn selectable(kind: Kind, field: &str) -> bool {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return true;
    }
    match kind {
        Kind::Event => {
            field.starts_with("involvedObject.") || matches!(field, "reason" | "type" | "reportingComponent")
        }
        Kind::Pod => matches!(
            field,
            "spec.nodeName"
                | "spec.restartPolicy"
                | "spec.serviceAccountName"
                | "status.phase"
                | "status.podIP"
        ),
        Kind::Namespace => field == "status.phase",
        Kind::Secret => field == "type",
        Kind::ReplicaSet => field == "status.replicas",
        _ => false,
    }
}
