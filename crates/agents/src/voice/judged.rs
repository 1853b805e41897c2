//! Who made a verdict, and what that cost.

use domain::{AnalystKind, Cost};

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
