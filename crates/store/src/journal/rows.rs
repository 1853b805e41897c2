//! Rows to values and back.

use chrono::{DateTime, Utc};
use domain::ports::{EffectId, PendingEffect, RecordedEvent};
use serde_json::Error as JsonError;

use crate::error::Error;

/// SQLite's integers are signed; no counter of ours comes near the limit.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

pub(super) fn encode<T: serde::Serialize>(what: &str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Shape { what: what.to_owned(), source })
}

pub(super) fn decode<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Shape { what: what.to_owned(), source })
}

pub(super) fn pending(row: (String, i64, i64, String)) -> Result<PendingEffect, Error> {
    let (incident, event, place, effect) = row;
    let what = format!("effect {event}.{place} of {incident}");
    let id = EffectId {
        incident: incident.parse().map_err(|error| shape(&what, error))?,
        event: u64::try_from(event).unwrap_or_default(),
        index: u32::try_from(place).unwrap_or_default(),
    };
    Ok(PendingEffect { effect: decode(&what, &effect)?, id })
}

pub(super) fn recorded(row: (i64, String, String)) -> Result<RecordedEvent, Error> {
    let (event_number, at, event) = row;
    let what = format!("event {event_number}");
    let at: DateTime<Utc> = at.parse().map_err(|error| shape(&what, error))?;
    Ok(RecordedEvent {
        number: u64::try_from(event_number).unwrap_or_default(),
        at,
        event: decode(&what, &event)?,
    })
}

fn shape(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Shape { what: what.to_owned(), source: <JsonError as serde::de::Error>::custom(error) }
}
