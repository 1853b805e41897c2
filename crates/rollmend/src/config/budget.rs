//! `[budget]`.

use std::time::Duration;

use domain::Budget;

use super::key::{Key, live, written};
use super::section::Section;

const INCIDENT_USD: Key = live("usd", "What models may cost per incident.");
const INCIDENT_TIME: Key =
    live("time", "How long models may work on one incident, per agent; at most `24h`.");
const DAY_USD: Key = live("usd", "What models may cost per day, which begins at midnight UTC.");
const LONGEST: Duration = Duration::from_secs(86_400);

pub(super) fn read(section: Section<'_>) -> Budget {
    let default = Budget::default();
    let incident = section.section("per_incident");
    let time = incident.duration(INCIDENT_TIME, default.per_incident_time);
    if time.value.is_zero() || time.value > LONGEST {
        let what = format!("{} is {}", incident.name(INCIDENT_TIME.name), written(time.value));
        incident.problem(time.span, what, "write from \"1s\" to \"24h\"");
    }
    let per_incident_micro_usd = incident.dollars_or(INCIDENT_USD, default.per_incident_micro_usd);
    incident.finish();
    let day = section.section("per_day");
    let per_day_micro_usd = day.dollars_or(DAY_USD, default.per_day_micro_usd);
    day.finish();
    section.finish();
    Budget { per_incident_micro_usd, per_incident_time: time.value, per_day_micro_usd }
}
