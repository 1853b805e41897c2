//! The gate rule: `promote` follows from the digest, not from the cause.

use std::time::Duration;

use domain::{Brief, EvidenceAmount, GateDecision, GateSettings, Novelty, Standing};

use crate::excerpt::thousands;
use crate::thresholds::Thresholds;

/// Decides. Too little evidence is told as such also where the operator wants it promoted: waiting and that choice are the
/// caller's.
pub(crate) fn decide(
    brief: &Brief,
    amount: &EvidenceAmount,
    settings: &GateSettings,
    thresholds: &Thresholds,
) -> GateDecision {
    match brief.standing {
        Standing::Trouble => GateDecision::Refuse,
        Standing::SameOnStable => GateDecision::CannotJudge,
        Standing::Clean => clean(brief, amount, settings, thresholds),
    }
}

fn clean(
    brief: &Brief,
    amount: &EvidenceAmount,
    settings: &GateSettings,
    thresholds: &Thresholds,
) -> GateDecision {
    let unclear = unclear_errors(brief);
    if unclear as f64 > thresholds.background_share * brief.volume.canary_lines as f64 {
        let figures = format!("{} error lines that cannot be compared with stable yet", thousands(unclear));
        return GateDecision::TooLittle { figures };
    }
    let most = shares(amount, settings).into_iter().flatten().fold(0.0, f64::max);
    if most < 1.0 {
        return GateDecision::TooLittle { figures: wanted(amount, settings) };
    }
    GateDecision::Promote { confidence: confidence(most), figures: seen(brief, amount) }
}

/// Errors on the canary of which it is not known whether stable has them.
fn unclear_errors(brief: &Brief) -> u64 {
    let templates = brief.templates.iter().map(|template| (template.novelty, template.canary));
    let traces = brief.traces.iter().map(|trace| (trace.novelty, trace.canary));
    templates.chain(traces).filter(|(novelty, _)| *novelty == Novelty::Unknown).map(|(_, count)| count).sum()
}

/// Each kind of evidence as a multiple of what is enough.
fn shares(amount: &EvidenceAmount, settings: &GateSettings) -> [Option<f64>; 3] {
    let quiet = (amount.pods > 0)
        .then(|| ratio(amount.quiet_for.as_secs_f64(), settings.min_observation.as_secs_f64()));
    [
        requests(amount).map(|requests| ratio(requests, settings.min_requests)),
        Some(ratio(amount.lines as f64, settings.min_lines as f64)),
        quiet,
    ]
}

fn ratio(is: f64, wanted: f64) -> f64 {
    is / wanted.max(f64::MIN_POSITIVE)
}

/// A query that answers NaN or less than nothing has not counted.
fn requests(amount: &EvidenceAmount) -> Option<f64> {
    amount.requests.filter(|requests| requests.is_finite() && *requests >= 0.0)
}

/// 51 at just enough, 75 at twice as much, 99 from fifty times on: `51 + 48 × (1 − 1/multiple)`.
fn confidence(multiple: f64) -> u8 {
    let value = 51.0 + 48.0 * (1.0 - 1.0 / multiple.max(1.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 51 and 99")]
    let value = value.round() as u8;
    value.clamp(51, 99)
}

/// `37 of 50 requests, 12 of 200 lines, 8 of 60 s quiet`.
fn wanted(amount: &EvidenceAmount, settings: &GateSettings) -> String {
    let mut parts = Vec::new();
    if let Some(requests) = requests(amount) {
        parts.push(format!("{} of {} requests", whole(requests), whole(settings.min_requests)));
    }
    parts.push(format!("{} of {} lines", thousands(amount.lines), thousands(settings.min_lines)));
    parts.push(format!("{} of {} s quiet", seconds(amount.quiet_for), seconds(settings.min_observation)));
    parts.join(", ")
}

/// `2,180 requests, 412 lines, 61 s quiet on 2 canary pods; no error that 2 stable pods do not show`.
fn seen(brief: &Brief, amount: &EvidenceAmount) -> String {
    let mut parts = Vec::new();
    if let Some(requests) = requests(amount) {
        parts.push(format!("{} requests", whole(requests)));
    }
    parts.push(format!("{} lines", thousands(amount.lines)));
    parts.push(format!("{} s quiet on {}", seconds(amount.quiet_for), pods(amount.pods, "canary")));
    let compared = match brief.volume.stable_pods {
        0 => "no error".to_owned(),
        read => {
            format!("no error that {} show{} less", pods(read, "stable"), if read == 1 { "s" } else { "" })
        }
    };
    format!("{}; {compared}", parts.join(", "))
}

fn pods(number: u32, side: &str) -> String {
    if number == 1 { format!("1 {side} pod") } else { format!("{number} {side} pods") }
}

fn whole(number: f64) -> String {
    format!("{number:.0}").parse().map_or_else(|_| format!("{number:.0}"), thousands)
}

fn seconds(duration: Duration) -> String {
    thousands(duration.as_secs())
}
