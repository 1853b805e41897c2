//! What goes wrong outside, and who can do something about it.

use std::time::Duration;

/// A call to the outside that did not succeed. `Display` is a lowercase fragment that fits after "failed to …".
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// What was tried, where, and what went wrong, without secrets.
    pub what: String,
    /// Who can do something about it.
    pub remedy: Remedy,
    /// A fixed name for logs and metrics, such as `github-rate-limit`.
    pub kind: &'static str,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Who can do something about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Trying again may help, not before that time where one is known.
    Retry {
        /// What the other side asked for.
        after: Option<Duration>,
    },
    /// Nobody: the thing is not there or not possible.
    GiveUp,
    /// A person, who is told what to do.
    AskHuman {
        /// What to do, in a sentence.
        advice: String,
    },
}

impl Failure {
    /// A failure that may pass.
    pub fn retry(kind: &'static str, what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: Remedy::Retry { after: None }, kind, source: None }
    }

    /// A failure that stays.
    pub fn give_up(kind: &'static str, what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: Remedy::GiveUp, kind, source: None }
    }

    /// A failure that a person can mend.
    pub fn ask_human(kind: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: Remedy::AskHuman { advice: advice.into() }, kind, source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What went wrong and what to do, in one sentence for a person.
    pub fn sentence(&self) -> String {
        match &self.remedy {
            Remedy::AskHuman { advice } => format!("failed to {}: {advice}", self.what),
            Remedy::Retry { .. } | Remedy::GiveUp => format!("failed to {}", self.what),
        }
    }
}
