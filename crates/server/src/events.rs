//! `GET /a2a/events` and `/a2a/events/stream`: the last steps of all incidents, for dashboards that poll or listen.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::ports::ToldStep;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::house::House;
use crate::query::Asked;
use crate::refusal::Refusal;

/// Something is sent at least so often, so that intermediaries keep the connection and a caller who is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
pub(crate) struct Since {
    #[serde(default)]
    since: Option<u64>,
}

/// An event as the agents behind the metric plugin write it.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    id: u64,
    #[serde(serialize_with = "rfc3339")]
    timestamp: DateTime<Utc>,
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    details: Option<()>,
}

impl From<ToldStep> for Told {
    fn from(step: ToldStep) -> Self {
        let message = format!("{}: {} ({})", step.incident, step.words, step.state);
        Self { id: step.id, timestamp: step.at, kind: step.kind, message, details: None }
    }
}

pub(crate) async fn list(State(house): State<House>, Asked(asked): Asked<Since>) -> Json<Vec<Told>> {
    let steps = house.doors.insight.steps(asked.since.unwrap_or_default());
    Json(steps.into_iter().map(Told::from).collect())
}

/// A browser that reconnects says in `Last-Event-ID` what it had last; that counts before `since`.
pub(crate) async fn stream(
    State(house): State<House>,
    headers: HeaderMap,
    Asked(asked): Asked<Since>,
) -> Result<impl IntoResponse, Refusal> {
    let seat = house.listeners.clone().try_acquire_owned().map_err(|_| Refusal::TooManyListeners)?;
    let since = last_event_id(&headers)?.or(asked.since).unwrap_or_default();
    let steps = house.doors.insight.follow(since).take_until(house.closing.clone().cancelled_owned());
    let events = steps.map(move |step| {
        // The place is held as long as somebody listens.
        let _ = &seat;
        let id = step.id.to_string();
        let event = Event::default().id(id).json_data(Told::from(step));
        Ok::<_, Infallible>(
            event.unwrap_or_else(|_| Event::default().comment("an event could not be written")),
        )
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let number = value.to_str().ok().map(str::trim).and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Refusal::Unreadable("Last-Event-ID is no number: leave it out, or send the id of an event".to_owned())
    })
}

fn rfc3339<S: serde::Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
}
