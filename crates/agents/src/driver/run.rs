//! The loop.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::Cost;
use rig_agent::run::{AgentRun, AgentRunStep, PromptError, RetryRequest};
use rig_core::completion::{Message, ToolDefinition, Usage};
use rig_core::message::ToolName;
use tokio::time::Instant;

use super::answer::{Answer, nudge};
use super::checkpoint::Kept;
use super::patience::Patience;
use super::request;
use super::stopped::Why;
use super::{AnswerTool, Crew, Task};
use crate::driver::patience::Misdeed;
use crate::models::Fault;

/// A run under way.
pub(super) struct Run<'r, 'a, A> {
    pub(super) crew: &'r Crew,
    pub(super) task: &'r Task<'r>,
    pub(super) answer: &'r AnswerTool<'a, A>,
    pub(super) agent: AgentRun,
    pub(super) patience: Patience,
    /// What reading calls gave since the last change, by their digest.
    pub(super) known: BTreeMap<String, String>,
    /// Whether the model wrote what is redacted before it is kept. Nothing else in a conversation holds secrets: openings and
    /// results are redacted before they enter it.
    wrote_secrets: bool,
    system: String,
    tools: Vec<ToolDefinition>,
    cost: Cost,
    /// What is held back for the call under way.
    held: Cost,
    worked_before: Duration,
    began: Instant,
}

impl<'r, 'a, A: Send> Run<'r, 'a, A> {
    /// From the last checkpoint, or from the beginning.
    pub(super) async fn begin(crew: &'r Crew, task: &'r Task<'r>, answer: &'r AnswerTool<'a, A>) -> Self {
        let kept = Kept::load(crew, &task.checkpoint).await;
        if let Some(kept) = &kept {
            tracing::info!(turns = kept.agent.turn(), "the run goes on from its checkpoint");
        }
        let kept = kept.unwrap_or_else(|| {
            let agent = AgentRun::new(crew.redactor.text(&task.opening))
                .max_turns(usize::try_from(task.limits.max_turns).unwrap_or(usize::MAX));
            Kept::new(agent, (task.state)())
        });
        Self {
            crew,
            task,
            answer,
            agent: kept.agent,
            patience: kept.patience,
            known: BTreeMap::new(),
            wrote_secrets: false,
            system: crew.redactor.text(&task.system),
            tools: definitions(task, answer),
            cost: kept.cost,
            held: Cost::default(),
            worked_before: kept.worked,
            began: Instant::now(),
        }
    }

    /// How long it may still take.
    pub(super) fn time(&self) -> Duration {
        let of_the_incident = self.crew.budget.per_incident_time.saturating_sub(self.worked_before);
        self.task.limits.timeout.min(of_the_incident)
    }

    /// What it cost so far; a call that is under way at its worst.
    pub(super) fn cost(&self) -> Cost {
        self.cost + self.held
    }

    pub(super) fn turns(&self) -> u32 {
        u32::try_from(self.agent.turn()).unwrap_or(u32::MAX)
    }

    /// How often the model may still be asked.
    pub(super) fn turns_left(&self) -> u32 {
        self.task.limits.max_turns.saturating_sub(self.turns())
    }

    /// Asks and acts until there is an answer.
    pub(super) async fn go_on(&mut self) -> Result<A, Why> {
        loop {
            match self.agent.next_step() {
                Ok(AgentRunStep::CallModel { prompt, history, .. }) => self.ask(prompt, history).await?,
                Ok(AgentRunStep::CallTools { calls }) => {
                    if let Some(answer) = self.round(&calls).await? {
                        return Ok(answer);
                    }
                }
                Ok(AgentRunStep::Done(_)) => return Err(Why::Text),
                Err(PromptError::MaxTurns { .. }) => return Err(Why::ManyTurns(self.task.limits.max_turns)),
                Err(_) => return Err(Why::Unreadable),
            }
        }
    }

    async fn ask(&mut self, prompt: Message, history: Vec<Message>) -> Result<(), Why> {
        let request = request::write(self.crew, &self.system, &self.tools, prompt, history);
        let asked = request::ask(self.crew, self.task, request, &mut self.held).await?;
        self.cost += asked.cost;
        tracing::debug!(turn = self.turns(), cost = %asked.cost, "the model answered");
        let answer = match &asked.answer {
            Ok(response) => Answer::read(response)?,
            Err(Fault::Unreadable) => Answer::nothing(Misdeed::Unreadable, Usage::new()),
            Err(fault) => return Err((*fault).into()),
        };
        self.take(answer)?;
        self.keep().await;
        Ok(())
    }

    /// Hands an answer to rig's machine; one without calls is sent back with what is wanted.
    fn take(&mut self, Answer { turn, misdeed }: Answer) -> Result<(), Why> {
        self.wrote_secrets |= self.crew.redactor.redact(turn.choice.clone()) != turn.choice;
        self.agent.model_response(turn).map_err(|_| Why::Unreadable)?;
        let Some(misdeed) = misdeed else { return Ok(()) };
        self.patience.after(&BTreeSet::from([misdeed]), self.task.limits.wrong_answers)?;
        let nudge = nudge(misdeed, self.answer.name, self.crew.model.max_output_tokens());
        self.agent.retry_model_turn(RetryRequest::Feedback(nudge)).map_err(|_| Why::Unreadable)
    }

    /// Keeps where the run has come to.
    pub(super) async fn keep(&self) {
        let agent = self.agent.clone();
        let agent = if self.wrote_secrets { self.crew.redactor.redact(agent) } else { agent };
        let kept = Kept {
            cost: self.cost,
            patience: self.patience.clone(),
            worked: self.worked_before + self.began.elapsed(),
            ..Kept::new(agent, (self.task.state)())
        };
        kept.save(self.crew, &self.task.checkpoint).await;
    }
}

/// What the model may call, the answer last.
fn definitions<A>(task: &Task<'_>, answer: &AnswerTool<'_, A>) -> Vec<ToolDefinition> {
    let tools = task.tools.iter().map(|tool| (tool.name(), tool.description(), tool.schema()));
    tools
        .chain([(answer.name, answer.description, answer.schema.clone())])
        .filter_map(|(name, description, schema)| {
            Some(ToolDefinition::new(ToolName::new(name).ok()?, description, schema))
        })
        .collect()
}
