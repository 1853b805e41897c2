//! `[gate]`.

use std::time::Duration;

use domain::{GateSettings, TooLittle};

use super::section::Section;

/// A waiting call holds one of the Rollouts controller's workers, and the plugin's own limit is five minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(270);

pub(super) fn read(section: Section<'_>) -> GateSettings {
    let default = GateSettings::default();
    let requests = section.text("requests");
    if let Some(query) = requests.as_ref().filter(|query| !query.value.contains("{{hash}}")) {
        let what = "[gate] requests does not tell the canary apart";
        section.problem(
            query.span.clone(),
            what,
            "put {{hash}} where the pod template hash belongs, and {{window}} for the span",
        );
    }
    let max_wait = section.duration("max_wait");
    if let Some(wait) = max_wait.as_ref().filter(|wait| wait.value > LONGEST_WAIT) {
        let what = "[gate] max_wait is above 270 s";
        section.problem(
            wait.span.clone(),
            what,
            "write at most \"270s\": the metric plugin gives up after five minutes",
        );
    }
    let count = |key, default: u64, most: u64| section.integer(key, 1..most).unwrap_or(default);
    #[expect(clippy::cast_precision_loss, reason = "the range ends far below 2^53")]
    let min_requests = count("min_requests", 50, 1_000_000_001) as f64;
    let settings = GateSettings {
        requests: requests.map(|query| query.value),
        min_requests,
        min_lines: count("min_lines", default.min_lines, 1_000_000_001),
        min_observation: section.duration("min_observation").map_or(default.min_observation, |at| at.value),
        max_wait: max_wait.map_or(default.max_wait, |wait| wait.value),
        max_waiting: usize::try_from(count("max_waiting", 8, 31)).unwrap_or(default.max_waiting),
        too_little: section
            .one_of("too_little", &[("error", TooLittle::Error), ("promote", TooLittle::Promote)])
            .unwrap_or(default.too_little),
    };
    section.finish();
    settings
}
