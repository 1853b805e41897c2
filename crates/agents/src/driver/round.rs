//! One round of calls: what a model asked for in a turn, and what it is told.

mod wish;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::{Tool, ToolAccess, ToolFailure, ToolOutput};
use futures::{FutureExt, StreamExt};
use rig_agent::run::PendingToolCall;
use rig_core::message::{ToolResultContent, UserContent};
use serde_json::Value;

use super::fence::fenced;
use super::patience::Misdeed;
use super::run::Run;
use super::stopped::Why;
use wish::{Call, Order, Wish};

/// The longest sentence about a failure, in characters.
const LONGEST_FAILURE: usize = 2_000;
/// From how many turns before the last a model is told to come to an end.
const LAST_TURNS: u32 = 2;

/// What is told of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    text: String,
    failed: bool,
}

impl Told {
    fn failure(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: true }
    }
}

/// What a round has come to.
struct Round {
    told: Vec<Option<Told>>,
    misdeeds: BTreeSet<Misdeed>,
    /// Reads that wait for those before them, to run side by side.
    reads: Vec<(usize, Call)>,
    /// Calls that are the same as an earlier one of the round.
    same: Vec<(usize, usize)>,
    change_failed: bool,
}

impl<A: Send> Run<'_, '_, A> {
    /// Runs what was asked for, in order: neighbouring reads side by side, changes one by one, the answer last. The answer, where
    /// one passes its check.
    pub(super) async fn round(&mut self, calls: &[PendingToolCall]) -> Result<Option<A>, Why> {
        let mut round = Round {
            told: vec![None; calls.len()],
            misdeeds: BTreeSet::new(),
            reads: Vec::new(),
            same: Vec::new(),
            change_failed: false,
        };
        let mut answers = Vec::new();
        for (place, pending) in calls.iter().enumerate() {
            let order = if place + 1 == calls.len() { Order::Last } else { Order::Earlier };
            match self.wish(place, order, &pending.tool_call) {
                Wish::Refused(misdeed, words) => {
                    round.misdeeds.extend(misdeed);
                    round.tell(place, Told::failure(words));
                }
                Wish::Answer(arguments) => answers.push((place, arguments)),
                Wish::Tool(call) => self.tool(&mut round, place, call).await?,
            }
        }
        self.read(&mut round).await?;
        for (number, (place, arguments)) in answers.into_iter().enumerate() {
            if number > 0 {
                round.tell(place, Told::failure("Answer once."));
            } else if let Some(answer) = self.check(&mut round, place, arguments).await? {
                return Ok(Some(answer));
            }
        }
        self.patience.after(&round.misdeeds, self.task.limits.wrong_answers)?;
        self.tell(calls, round.told)?;
        self.keep().await;
        Ok(None)
    }

    async fn tool(&mut self, round: &mut Round, place: usize, call: Call) -> Result<(), Why> {
        let access = call.tool.access();
        let before = self.patience.again(access, &call.digest, self.task.limits.repeated_calls)?;
        match access {
            ToolAccess::ReadOnly => {
                let earlier = round.reads.iter().find(|(_, read)| read.digest == call.digest);
                if let Some((earlier, _)) = earlier {
                    round.same.push((place, *earlier));
                } else if let Some(text) = self.known.get(&call.digest).filter(|_| before > 0) {
                    round.tell(place, Told { text: known(text), failed: false });
                } else {
                    round.reads.push((place, call));
                }
            }
            ToolAccess::Changes => {
                self.read(round).await?;
                let name = call.tool.name();
                let outcome = run(call.tool, call.arguments, self.task.limits.per_tool).await;
                let told = self.told(name, outcome)?;
                round.change_failed |= told.failed;
                if !told.failed {
                    self.patience.changed();
                    self.known.clear();
                }
                round.tell(place, told);
            }
        }
        Ok(())
    }

    /// Runs the reads that wait.
    async fn read(&mut self, round: &mut Round) -> Result<(), Why> {
        let limits = &self.task.limits;
        let reads = std::mem::take(&mut round.reads);
        let under_way: Vec<_> = reads
            .iter()
            .map(|(_, call)| run(Arc::clone(&call.tool), call.arguments.clone(), limits.per_tool))
            .collect();
        let outcomes: Vec<_> =
            futures::stream::iter(under_way).buffered(limits.concurrent_tools.max(1)).collect().await;
        for ((place, call), outcome) in reads.into_iter().zip(outcomes) {
            let told = self.told(call.tool.name(), outcome)?;
            if !told.failed {
                self.known.insert(call.digest, told.text.clone());
            }
            round.tell(place, told);
        }
        for (place, earlier) in std::mem::take(&mut round.same) {
            if let Some(told) = round.told.get(earlier).cloned().flatten() {
                round.tell(place, Told { text: known(&told.text), ..told });
            }
        }
        Ok(())
    }

    async fn check(&mut self, round: &mut Round, place: usize, arguments: Value) -> Result<Option<A>, Why> {
        if round.change_failed {
            round.tell(place, Told::failure("Not looked at, since a change beside it failed."));
            return Ok(None);
        }
        match guarded(self.answer.name, self.task.limits.per_tool, (self.answer.check)(arguments)).await {
            Ok(answer) => return Ok(Some(answer)),
            Err(ToolFailure::Nobody(failure)) => return Err(Why::Failed(failure)),
            Err(ToolFailure::Model(words)) => {
                round.misdeeds.insert(Misdeed::WrongAnswer);
                round.tell(place, self.failed(self.answer.name, &words));
            }
        }
        Ok(None)
    }

    /// A tool's outcome in words for the model, without secrets and fenced as data.
    fn told(&self, name: &str, outcome: Result<ToolOutput, ToolFailure>) -> Result<Told, Why> {
        match outcome {
            Ok(ToolOutput { text, rest }) => {
                let mut text = fenced(name, &self.crew.redactor.text(&text), self.task.limits.result_chars);
                if let Some(rest) = rest {
                    text.push('\n');
                    text.push_str(&self.crew.redactor.text(&rest));
                }
                Ok(Told { text, failed: false })
            }
            Err(ToolFailure::Model(words)) => Ok(self.failed(name, &words)),
            Err(ToolFailure::Nobody(failure)) => Err(Why::Failed(failure)),
        }
    }

    /// The words about a failure are data too: they name what was asked for, and what was found instead.
    fn failed(&self, name: &str, words: &str) -> Told {
        let words = fenced(name, &self.crew.redactor.text(words), LONGEST_FAILURE);
        Told::failure(format!("The call failed:\n{words}"))
    }

    /// Hands the results to rig's machine.
    fn tell(&mut self, calls: &[PendingToolCall], told: Vec<Option<Told>>) -> Result<(), Why> {
        let left = self.turns_left();
        let last = calls.len().saturating_sub(1);
        let results = calls.iter().zip(told).enumerate().map(|(place, (pending, told))| {
            let Told { mut text, failed } = told.unwrap_or_else(|| Told::failure("Not run."));
            if place == last && left <= LAST_TURNS {
                let name = self.answer.name;
                let _ = write!(text, "\n\nYou are asked {left} more times. Answer by calling `{name}`.");
            }
            let content = vec![ToolResultContent::text(text)];
            let call = &pending.tool_call;
            UserContent::ToolResult(if failed { call.error_result(content) } else { call.result(content) })
        });
        let results = results.collect();
        self.agent.tool_results(results).map_err(|_| Why::Unreadable)
    }
}

impl Round {
    fn tell(&mut self, place: usize, told: Told) {
        if let Some(slot) = self.told.get_mut(place) {
            *slot = Some(told);
        }
    }
}

fn known(text: &str) -> String {
    format!("You made this call before, and nothing has changed since:\n{text}")
}

async fn run(tool: Arc<dyn Tool>, arguments: Value, limit: Duration) -> Result<ToolOutput, ToolFailure> {
    guarded(tool.name(), limit, async { tool.call(arguments).await }).await
}

/// Within its time, and a panic is a failure like any other: told to the model, and logged as the mistake of ours that it is.
async fn guarded<T>(
    name: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T, ToolFailure>>,
) -> Result<T, ToolFailure> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            tracing::error!(tool = name, "a tool panicked");
            Err(ToolFailure::Model("it broke; try another way".to_owned()))
        }
        Err(_) => {
            tracing::warn!(tool = name, limit_s = limit.as_secs(), "a tool took too long");
            Err(ToolFailure::Model(format!("it took longer than {}s; ask for less", limit.as_secs())))
        }
    }
}
