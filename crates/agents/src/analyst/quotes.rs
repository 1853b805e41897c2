//! A quote that does not stand in its exhibit is struck: who reads a verdict must be able to find every quote.

use domain::{CaseFile, Claim, ExhibitBody};

/// Takes out every quote that does not stand in its exhibit exactly so, and every claim whose exhibit is not in the case.
/// Returns how many were struck.
pub(crate) fn strike(case: &CaseFile, claims: &mut Vec<Claim>) -> usize {
    let before = claims.len();
    claims.retain(|claim| case.exhibit(claim.exhibit).is_some());
    let mut struck = before - claims.len();
    for claim in claims {
        let stands = match (&claim.quote, case.exhibit(claim.exhibit)) {
            (Some(quote), Some(exhibit)) => stands(&exhibit.body, quote),
            _ => true,
        };
        if !stands {
            claim.quote = None;
            struck += 1;
        }
    }
    struck
}

fn stands(body: &ExhibitBody, quote: &str) -> bool {
    match body {
        ExhibitBody::Log { log } => log.head.contains(quote) || log.tail.contains(quote),
        other => serde_json::to_value(other).is_ok_and(|value| contains(&value, quote)),
    }
}

fn contains(value: &serde_json::Value, quote: &str) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains(quote),
        serde_json::Value::Array(items) => items.iter().any(|item| contains(item, quote)),
        serde_json::Value::Object(fields) => fields.values().any(|field| contains(field, quote)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}
