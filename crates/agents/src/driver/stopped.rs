//! A run that ended without an answer.

use std::time::Duration;

use domain::{Cost, Failure, OverBudget};

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
    /// It asked for a tool that it was not given, again and again.
    #[error("it asked for a tool that it was not given")]
    UnknownTool,
    /// It wrote arguments that are no JSON, are no object or are too long, again and again.
    #[error("it called a tool with arguments that cannot be read")]
    Arguments,
    /// Its answers did not pass the check.
    #[error("its answer did not fit what was asked")]
    WrongAnswer,
    /// It made the same call again and again.
    #[error("it made the same call again and again")]
    SameCall,
    /// The provider refused, and asking again does not help.
    #[error("the provider refused the call ({status}): {advice}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// What a person can do.
        advice: &'static str,
    },
    /// The provider was busy or broken, after some attempts.
    #[error("the provider was busy or broken ({status}), also when asked again")]
    Busy {
        /// The status of its last answer.
        status: u16,
    },
    /// The provider could not be reached.
    #[error("the model could not be reached: {0}")]
    Unreachable(&'static str),
    /// The provider's answer was larger than is read.
    #[error("the model's answer was larger than {} MiB", .0 >> 20)]
    Huge(usize),
    /// The provider's answer is none that its interface knows.
    #[error("the model's answer could not be read")]
    Unreadable,
    /// Something of ours failed: a tool, the ledger.
    #[error("{}", .0.sentence())]
    Failed(#[source] Failure),
}
