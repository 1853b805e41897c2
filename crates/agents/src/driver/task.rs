//! What one run is about, and what ends it.

use std::sync::Arc;

use domain::{Cost, IncidentId, Tool, ToolFailure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Limits;

/// What one run is about.
pub(crate) struct Task<'a> {
    /// For which incident the money is spent.
    pub incident: &'a IncidentId,
    /// The key of its checkpoint: the same for the same work, another for any other.
    pub checkpoint: String,
    /// Who the agent is and how it answers; words of ours.
    pub system: String,
    /// What it is to work on, what is data in it already fenced.
    pub opening: String,
    /// What it may call beside the answer.
    pub tools: Vec<Arc<dyn Tool>>,
    /// What bounds it.
    pub limits: Limits,
    /// What must lie beside a checkpoint so that the tools go on where they were, such as the bench's state.
    pub state: &'a (dyn Fn() -> String + Sync),
}

/// A check of an answer: what it says, [`ToolFailure::Model`] with the sentence that goes back to the model a limited number of
/// times, or [`ToolFailure::Nobody`], which ends the run.
pub(crate) type Check<'a, A> = Box<dyn Fn(Value) -> BoxFuture<'a, Result<A, ToolFailure>> + Send + Sync + 'a>;

/// The tool by whose call an agent answers.
pub(crate) struct AnswerTool<'a, A> {
    pub name: &'static str,
    pub description: &'static str,
    pub schema: Value,
    pub check: Check<'a, A>,
}

impl<'a, A: Send + 'a> AnswerTool<'a, A> {
    /// An answer whose check needs nothing from outside; the `Err` sentence goes back to the model.
    pub(crate) fn new(
        name: &'static str,
        description: &'static str,
        schema: Value,
        check: impl Fn(Value) -> Result<A, String> + Send + Sync + 'a,
    ) -> Self {
        let check: Check<'a, A> = Box::new(move |arguments| {
            let checked = check(arguments).map_err(ToolFailure::Model);
            Box::pin(std::future::ready(checked))
        });
        Self { name, description, schema, check }
    }
}

/// A run that ended with an answer.
#[derive(Debug)]
pub(crate) struct Done<A> {
    /// What was answered.
    pub answer: A,
    /// What it cost, also before restarts.
    pub cost: Cost,
    /// How often the model was asked.
    pub turns: u32,
}
