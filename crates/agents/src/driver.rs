//! Drives an agent: asks its model, runs the tools that it asks for, and ends with a checked answer or a reason why there is none.
//!
//! One loop for every role, over rig's [`AgentRun`](rig_agent::run::AgentRun), which holds a conversation and does no I/O. What
//! bounds a run is here and nowhere else: money, time, turns, sizes, repetitions. A run survives a restart: it goes on from its
//! last checkpoint and pays for no answer twice.
//!
//! Refuses to know what an agent is for, and what its tools do.

mod answer;
mod checkpoint;
mod fence;
mod limits;
mod patience;
mod request;
mod round;
mod run;
mod stopped;
mod task;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ports::{Checkpoints, Ledger};
use domain::{Budget, Redactor};
use tracing::Instrument;

use crate::models::{Meter, Model};
use checkpoint::Kept;
pub(crate) use fence::fenced;
pub use limits::Limits;
use run::Run;
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
/// from there. The checkpoint is gone when this returns; when the future is dropped instead, it stays, and nothing goes on.
pub(crate) async fn drive<A: Send>(
    crew: &Crew,
    task: Task<'_>,
    answer: &AnswerTool<'_, A>,
) -> Result<Done<A>, Stopped> {
    let span = tracing::info_span!("agent", run = task.checkpoint, model = crew.model.name());
    let driven = async {
        let mut run = Run::begin(crew, &task, answer).await;
        let time = run.time();
        let ended = match tokio::time::timeout(time, run.go_on()).await {
            Ok(ended) => ended,
            Err(_) => Err(Why::Late(time)),
        };
        let (cost, turns) = (run.cost(), run.turns());
        if let Err(failure) = crew.checkpoints.clear(&task.checkpoint).await {
            tracing::warn!(%failure, "a checkpoint stays behind");
        }
        match ended {
            Ok(answer) => Ok(Done { answer, cost, turns }),
            Err(why) => Err(Stopped { why, cost }),
        }
    };
    driven.instrument(span).await
}

/// The state that lay beside the last checkpoint under the key, to reopen what the tools work on before driving on. Nothing where
/// there is no checkpoint, or none that can be read.
pub(crate) async fn saved_state(crew: &Crew, key: &str) -> Option<String> {
    Kept::load(crew, key).await.map(|kept| kept.state)
}

#[cfg(test)]
mod tests;
