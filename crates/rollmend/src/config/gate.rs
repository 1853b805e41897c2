//! `[gate]`.

use std::time::Duration;

use domain::{GateSettings, TooLittle};

use super::key::{Key, live};
use super::section::Section;

/// A waiting call holds one of the Rollouts controller's workers, and the plugin's own limit is five minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(270);

const REQUESTS: Key = live(
    "requests",
    "A PromQL query that counts the requests that the canary has served. `{{hash}}` is its pod template hash, `{{window}}` the span, such as `120s`.",
)
.or("requests are not counted");
const MIN_REQUESTS: Key =
    live("min_requests", "So many requests are enough to say that a canary without trouble may be promoted.");
const MIN_LINES: Key = live("min_lines", "So many lines of log are enough.");
const MIN_OBSERVATION: Key = live("min_observation", "So long without trouble is enough.");
const MAX_WAIT: Key = live("max_wait", "How long a call waits for enough, at most `270s`.");
const MAX_WAITING: Key = live(
    "max_waiting",
    "How many calls may wait at once: each holds one of the Rollouts controller's workers.",
);
const TOO_LITTLE: Key = live(
    "too_little",
    "What too little means in the end. A Rollout overrides it with the annotation `rollmend.dev/too-little`.",
);

pub(super) fn read(section: Section<'_>) -> GateSettings {
    let default = GateSettings::default();
    let requests = section.text(REQUESTS);
    if let Some(query) = requests.as_ref().filter(|query| !query.value.contains("{{hash}}")) {
        let what = "[gate] requests does not tell the canary apart";
        section.problem(
            query.span.clone(),
            what,
            "put {{hash}} where the pod template hash belongs, and {{window}} for the span",
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "the range ends far below 2^53")]
    let min_requests = section.integer(MIN_REQUESTS, 1..1_000_000_001, 50) as f64;
    let settings = GateSettings {
        requests: requests.map(|query| query.value),
        min_requests,
        min_lines: section.integer(MIN_LINES, 1..1_000_000_001, default.min_lines),
        min_observation: section.duration(MIN_OBSERVATION, default.min_observation).value,
        max_wait: max_wait(&section, default.max_wait),
        max_waiting: usize::try_from(section.integer(MAX_WAITING, 1..31, 8)).unwrap_or(default.max_waiting),
        too_little: section.one_of(
            TOO_LITTLE,
            &[("error", TooLittle::Error), ("promote", TooLittle::Promote)],
            default.too_little,
        ),
    };
    section.finish();
    settings
}

fn max_wait(section: &Section<'_>, default: Duration) -> Duration {
    let wait = section.duration(MAX_WAIT, default);
    if wait.value > LONGEST_WAIT {
        let what = "[gate] max_wait is above 270 s";
        section.problem(
            wait.span,
            what,
            "write at most \"270s\": the metric plugin gives up after five minutes",
        );
    }
    wait.value
}
