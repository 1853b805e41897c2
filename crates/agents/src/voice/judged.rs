//! Who made a verdict, and what that cost.

use domain::{AnalystKind, Cost, Verdict};

use super::plain::plain;
use crate::facts::fragment;

/// Who judged, as words that fit after "confidence 90, ".
pub fn judged(analyst: &AnalystKind) -> String {
    match analyst {
        AnalystKind::Rules => "by rules, no model was asked".to_owned(),
        AnalystKind::Model { model, .. } => {
            format!("by model {}, checked against the case", plain(model, 60).replace('`', "'"))
        }
        AnalystKind::RulesInstead { why, .. } => format!("by rules, since {}", fragment(why, 200)),
    }
}

/// What it cost; nothing where no model was asked.
pub fn cost_of(analyst: &AnalystKind) -> Cost {
    match analyst {
        AnalystKind::Rules => Cost::default(),
        AnalystKind::Model { cost, .. } | AnalystKind::RulesInstead { cost, .. } => *cost,
    }
}

/// `code, confidence 90, by model main, checked against the case, $0.03`: a verdict on one line.
pub fn summary(verdict: &Verdict) -> String {
    let cost = cost_of(&verdict.analyst);
    let cost = if cost.micro_usd == 0 { String::new() } else { format!(", {cost}") };
    format!(
        "{}, confidence {}, {}{cost}",
        verdict.category,
        verdict.confidence.get(),
        judged(&verdict.analyst)
    )
}
