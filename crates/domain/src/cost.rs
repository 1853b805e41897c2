//! What models cost, and how much they may.

use std::ops::{Add, AddAssign};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What calls to models used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Tokens sent, cached ones included.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// Money, in millionths of a US dollar.
    pub micro_usd: u64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::fmt::Display for Cost {
    /// `$0.03`, with a third decimal below one cent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let usd = self.micro_usd as f64 / 1e6;
        if self.micro_usd > 0 && self.micro_usd < 10_000 {
            write!(f, "${usd:.3}")
        } else {
            write!(f, "${usd:.2}")
        }
    }
}

/// What a model charges, in millionths of a US dollar per million tokens (which is US dollars per million tokens, times 10⁶).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    /// For tokens sent.
    pub input: u64,
    /// For tokens written.
    pub output: u64,
}

impl Price {
    /// What so many tokens cost, rounded up.
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> Cost {
        let money = u128::from(self.input) * u128::from(input_tokens)
            + u128::from(self.output) * u128::from(output_tokens);
        let micro_usd = u64::try_from(money.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Cost { input_tokens, output_tokens, micro_usd }
    }
}

/// How much models may cost. Checked before each call with the most that it can cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Millionths of a US dollar per incident.
    pub per_incident_micro_usd: u64,
    /// How long models may work on one incident, per agent.
    pub per_incident_time: Duration,
    /// Millionths of a US dollar per day, which begins at midnight UTC.
    pub per_day_micro_usd: u64,
}

impl Default for Budget {
    /// 2 dollars and 20 minutes per incident, 50 dollars per day.
    fn default() -> Self {
        Self {
            per_incident_micro_usd: 2_000_000,
            per_incident_time: Duration::from_mins(20),
            per_day_micro_usd: 50_000_000,
        }
    }
}

/// Why a call is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverBudget {
    /// The incident has spent its share.
    #[error("the budget of the incident is spent ([budget] per_incident)")]
    Incident,
    /// The day's is spent.
    #[error("the budget of the day is spent ([budget] per_day)")]
    Day,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_up_and_shown_in_cents() {
        let price = Price { input: 5_000_000, output: 25_000_000 };
        let cost = price.of(1_000, 1_001);
        assert_eq!(cost, Cost { input_tokens: 1_000, output_tokens: 1_001, micro_usd: 30_025 });
        assert_eq!(cost.to_string(), "$0.03");
        assert_eq!(price.of(1, 0).micro_usd, 5);
        assert_eq!(Price { input: 1, output: 0 }.of(1, 0).micro_usd, 1);
        assert_eq!(price.of(400, 0).to_string(), "$0.002");
        assert_eq!(Cost::default().to_string(), "$0.00");
        assert_eq!((cost + cost).micro_usd, 60_050);
    }
}
