//! What a request asks for, read from its method and path.

use std::collections::BTreeMap;

use http::Method;

use super::{kinds::Kind, refusal::Refusal};

/// A request for a resource, as authorisation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) verb: &'static str,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    /// None for all namespaces at once and for what is in none.
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// In which of its forms an object is sent; only events have two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Stored,
    EventsV1,
}

/// The parameters after the question mark.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Ask {
    /// Reads method and path; none when the path names no resource.
    pub(crate) fn parse(method: &Method, path: &str, query: &Query) -> Option<Ask> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // A namespace itself, whose own name also is the namespace in which one must be allowed to read it.
            ["namespaces", name, rest @ ..] if matches!(rest, [] | ["status" | "finalize"]) => {
                (Some(*name), [&["namespaces", *name], rest].concat())
            }
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest.to_vec()),
            rest => (None, rest.to_vec()),
        };
        let (plural, name, subresource) = match rest.as_slice() {
            [plural] => (*plural, None, None),
            [plural, name] => (*plural, Some(*name), None),
            [plural, name, subresource] => (*plural, Some(*name), Some(*subresource)),
            _ => return None,
        };
        Some(Ask {
            verb: verb(method, name, query)?,
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
            subresource: subresource.map(str::to_owned),
        })
    }

    /// The resource with its subresource, as rules name it.
    pub(crate) fn resource(&self) -> String {
        match &self.subresource {
            Some(subresource) => format!("{}/{subresource}", self.plural),
            None => self.plural.clone(),
        }
    }

    /// The kind that is served there and its form there, none when nothing is.
    pub(crate) fn kind(&self) -> Option<(Kind, Form)> {
        if (self.group.as_str(), self.version.as_str(), self.plural.as_str())
            == ("events.k8s.io", "v1", "events")
        {
            return Some((Kind::Event, Form::EventsV1));
        }
        let kind = Kind::ALL.into_iter().find(|kind| {
            kind.group() == self.group && kind.version() == self.version && kind.plural() == self.plural
        })?;
        Some((kind, Form::Stored))
    }
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        });
        Query(pairs.collect())
    }

    /// The parameter's value, or nothing when it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the parameter says yes.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "True" | "t" | "T" | "TRUE"))
    }

    /// The parameter as a number.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    Refusal::bad_request(format!(
                        "strconv.ParseInt: parsing \"{value}\": invalid syntax ({name})"
                    ))
                })
            })
            .transpose()
    }
}

fn verb(method: &Method, name: Option<&str>, query: &Query) -> Option<&'static str> {
    Some(match (method.as_str(), name) {
        ("GET", None) if query.is_set("watch") => "watch",
        ("GET", None) => "list",
        ("GET" | "HEAD", Some(_)) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", Some(_)) => "delete",
        ("DELETE", None) => "deletecollection",
        _ => return None,
    })
}

/// Undoes percent-encoding; what is malformed stays as it is.
pub(crate) fn decode(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
