//! The forms in which an object is sent: as stored, as an event of `events.k8s.io`, or its metadata alone.

use http::{HeaderMap, header::ACCEPT};
use serde_json::{Value, json};

use super::{
    kinds::Kind,
    object::{remove, set},
    refusal::Refusal,
    request::Form,
};

/// How much of each object the client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// `PartialObjectMetadata`
    Metadata,
}

/// A member's name in `v1/Event` and in `events.k8s.io/v1/Event`.
const EVENT_MEMBERS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

impl Extent {
    /// What the `Accept` header asks for; the first alternative that can be given counts.
    ///
    /// # Errors
    /// 406 when nothing of it can.
    pub(crate) fn accepted(headers: &HeaderMap) -> Result<Extent, Refusal> {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        for alternative in accept.split(',').map(str::trim) {
            let media = alternative.split(';').next().unwrap_or_default().trim();
            let parameter = |name: &str| {
                alternative.split(';').skip(1).find_map(|part| part.trim().strip_prefix(name).map(str::trim))
            };
            match (media, parameter("as=")) {
                ("application/json" | "*/*" | "application/*", None) => return Ok(Extent::Whole),
                ("application/json", Some("PartialObjectMetadata" | "PartialObjectMetadataList")) => {
                    return Ok(Extent::Metadata);
                }
                _ => {}
            }
        }
        Err(Refusal::new(
            http::StatusCode::NOT_ACCEPTABLE,
            "NotAcceptable",
            "only the following media types are accepted: application/json, application/json;stream=watch",
        ))
    }
}

/// The object as it is sent on its own or in a watch.
pub(crate) fn outgoing(object: &Value, form: Form, extent: Extent) -> Value {
    match (extent, form) {
        (Extent::Metadata, _) => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object.get("metadata").cloned().unwrap_or_default(),
        }),
        (Extent::Whole, Form::Stored) => object.clone(),
        (Extent::Whole, Form::EventsV1) => renamed_event(object, "events.k8s.io/v1", Direction::Out),
    }
}

/// The object as an item of a list: built-in kinds leave `kind` and `apiVersion` out there.
pub(crate) fn item(kind: Kind, object: &Value, form: Form, extent: Extent) -> Value {
    let mut item = outgoing(object, form, extent);
    if extent == Extent::Whole && !kind.is_custom() {
        remove(&mut item, "/kind");
        remove(&mut item, "/apiVersion");
    }
    item
}

/// `kind` and `apiVersion` of a list.
pub(crate) fn list_type(kind: Kind, form: Form, extent: Extent) -> (String, String) {
    match (extent, form) {
        (Extent::Metadata, _) => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
        (Extent::Whole, Form::EventsV1) => ("EventList".to_owned(), "events.k8s.io/v1".to_owned()),
        (Extent::Whole, Form::Stored) => (format!("{}List", kind.name()), kind.api_version()),
    }
}

/// `kind` and `apiVersion` of a single object.
pub(crate) fn object_type(kind: Kind, form: Form, extent: Extent) -> (String, String) {
    let (list, version) = list_type(kind, form, extent);
    (list.trim_end_matches("List").to_owned(), version)
}

/// The object as it is stored, from what a client sent.
pub(crate) fn incoming(mut object: Value, kind: Kind, form: Form) -> Value {
    if form == Form::EventsV1 {
        object = renamed_event(&object, "v1", Direction::In);
    }
    set(&mut object, "/apiVersion", kind.api_version());
    set(&mut object, "/kind", kind.name());
    object
}

#[derive(Clone, Copy)]
enum Direction {
    In,
    Out,
}

fn renamed_event(event: &Value, api_version: &str, direction: Direction) -> Value {
    let mut event = event.clone();
    set(&mut event, "/apiVersion", api_version);
    set(&mut event, "/kind", "Event");
    let Value::Object(members) = &mut event else { return event };
    for (core, newer) in EVENT_MEMBERS {
        let (from, to) = match direction {
            Direction::In => (newer, core),
            Direction::Out => (core, newer),
        };
        if let Some(value) = members.remove(from) {
            members.insert(to.to_owned(), value);
        }
    }
    event
}
