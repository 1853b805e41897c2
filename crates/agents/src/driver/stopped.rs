//! A run that ended without an answer.

use std::time::Duration;

use domain::{Cost, Failure, OverBudget};

use crate::models::Fault;

/// A run that ended without an answer.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// Why, for people.
    pub why: Why,
    /// What it cost all the same.
    pub cost: Cost,
}

/// Why a run ended without an answer. `Display` is a fragment for people that may stand after "no model judged this: "; nothing in
/// it is a word of the model's or of the provider's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// The next call could cost more than is left.
    #[error(transparent)]
    OverBudget(#[from] OverBudget),
    /// The whole run took too long.
    #[error("the model did not answer within {}s", .0.as_secs())]
    Late(Duration),
    /// It was asked as often as it may be.
    #[error("the model gave no answer in {0} turns")]
    ManyTurns(u32),
    /// It said nothing, again and again.
    #[error("the model said nothing")]
    Silent,
    /// It wrote text where a call was wanted, again and again.
    #[error("the model wrote text instead of calling a tool")]
    Text,
    /// It was cut off, again and again.
    #[error("the model's answer was cut at its token limit (max_output_tokens)")]
    Cut,
    /// The provider held it back.
    #[error("the provider held the model's answer back")]
    Withheld,
    /// It asked for a tool that it was not given, again and again.
    #[error("it asked for a tool that it was not given")]
    UnknownTool,
    /// It wrote arguments that are no JSON object or too long, again and again.
    #[error("it called a tool with arguments that cannot be read")]
    Arguments,
    /// Its answers did not pass the check.
    #[error("its answer did not fit what was asked")]
    WrongAnswer,
    /// It made the same call again and again.
    #[error("it made the same call again and again")]
    SameCall,
    /// The provider refused, and asking again does not help.
    #[error("{} ({status}): {}", refusal(*.status), advice(*.status))]
    Refused {
        /// The status of its answer.
        status: u16,
    },
    /// The provider was busy or broken, after some attempts.
    #[error("the provider was busy or broken ({status}), also when asked again")]
    Busy {
        /// The status of its last answer.
        status: u16,
    },
    /// The provider could not be reached, or broke off.
    #[error("the model could not be reached: {0}")]
    Unreachable(&'static str),
    /// The provider's answer was larger than is read.
    #[error("the model's answer was larger than {} MiB", .0 >> 20)]
    Huge(usize),
    /// The provider's answer is none that its interface knows.
    #[error("the model's answer could not be read")]
    Unreadable,
    /// The request does not fit the provider.
    #[error("the model could not be asked in the way of its provider: check its settings")]
    Unaskable,
    /// Something of ours failed: a tool, the ledger.
    #[error("{}", .0.sentence())]
    Failed(#[source] Failure),
}

impl From<Fault> for Why {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Status(status @ (408 | 429 | 500..)) => Self::Busy { status },
            Fault::Status(status) => Self::Refused { status },
            Fault::Unreachable => Self::Unreachable("no connection could be made"),
            Fault::Dropped => Self::Unreachable("the connection broke before an answer came"),
            Fault::BrokenOff => Self::Unreachable("the connection broke within the answer"),
            Fault::Huge(limit) => Self::Huge(limit),
            Fault::Unreadable => Self::Unreadable,
            Fault::Request | Fault::Elsewhere => Self::Unaskable,
        }
    }
}

fn refusal(status: u16) -> &'static str {
    match status {
        401 | 403 => "the provider refused the key",
        _ => "the provider refused the call",
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 => "check the model's api_key",
        402 => "check the account's credit",
        403 => "check that the key may use this model",
        404 => "check model and base_url",
        413 => "the conversation is too large for this model",
        300..=399 => "check base_url, redirects are not followed",
        _ => "check model, base_url and max_output_tokens",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_what_to_do_and_nothing_of_the_providers() {
        let told = [
            Why::from(Fault::Status(401)),
            Why::from(Fault::Status(404)),
            Why::from(Fault::Status(529)),
            Why::Late(Duration::from_secs(90)),
            Why::Huge(2 << 20),
            Why::from(OverBudget::Incident),
        ]
        .map(|why| why.to_string());
        let expected = [
            "the provider refused the key (401): check the model's api_key",
            "the provider refused the call (404): check model and base_url",
            "the provider was busy or broken (529), also when asked again",
            "the model did not answer within 90s",
            "the model's answer was larger than 2 MiB",
            "the budget of the incident is spent ([budget] per_incident)",
        ];
        assert_eq!(told, expected);
    }
}
