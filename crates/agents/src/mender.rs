//! The fixer with a model: it reads the repository, makes checked edits on a bench, and ends with a patch or gives up.
//!
//! The revert of the suspect is always made first: it is what the patch is compared with, and what stands in where there is none. Where
//! the design knows no patch at all (undone already, changed since, not on the base branch), no model is asked. The repository, the
//! branch and the paths come from the handoff and the operator; nothing that a model says reaches them.
//!
//! Refuses to know how a model is asked, and what git is.

mod commit_message;
mod ended;
mod ending;
mod opening;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Fixer, Workbench, Workshop};
use domain::{CaseFile, Cost, Failure, Grounds, Handoff, NoPatch, Patch, Proposal, Remedy, Tool, branch_for};

use crate::driver::{AnswerTool, Crew, Limits, Task, drive, saved_state};
use crate::fixer::{RevertFixer, Undone};
use crate::prompts;
use crate::voice::pull_request::Tried;
use crate::voice::pull_request::edits::{self, Edited, Told};

use ended::Ended;
use ending::Ending;

/// Mends with a model's edits, and reverts where that gives no patch.
#[derive(Clone)]
pub struct ModelFixer {
    crew: Crew,
    workshop: Arc<dyn Workshop>,
    fallback: RevertFixer,
    settings: FixerSettings,
}

/// What the operator decides of the fixer.
#[derive(Debug, Clone)]
pub struct FixerSettings {
    /// What bounds a run.
    pub limits: Limits,
}

impl Default for FixerSettings {
    /// 40 turns and 5 minutes.
    fn default() -> Self {
        Self { limits: Limits { max_turns: 40, timeout: Duration::from_mins(5), ..Limits::default() } }
    }
}

/// A patch of the model's, and what it says of it.
struct Mended {
    patch: Patch,
    told: Told,
    model: String,
    cost: Cost,
}

impl std::fmt::Debug for ModelFixer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelFixer")
            .field("crew", &self.crew)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Fixer for ModelFixer {
    async fn fix(&self, handoff: &Handoff, case: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure> {
        if handoff.suspects().first().is_none_or(|prime| prime.grounds == Grounds::SpecChange) {
            return self.fallback.fix(handoff, case).await;
        }
        let revert = self.fallback.undo(handoff).await?;
        if let Err(why) = &revert
            && !may_be_mended(why)
        {
            return Ok(Err(why.clone()));
        }
        Ok(match self.mend(handoff, &revert).await {
            Ok(mended) => Ok(mended.proposal(handoff, case, &revert)),
            Err(tried) => {
                tracing::info!(incident = %handoff.incident(), why = tried.why, "the revert stands in for a patch");
                revert.map(|undone| undone.proposal(handoff, case, Some(&tried)))
            }
        })
    }
}

/// Whether edits may succeed where the revert does not. What has been undone already, was changed since or is not on the base branch is
/// nobody's to mend anew.
fn may_be_mended(why: &NoPatch) -> bool {
    match why {
        NoPatch::Conflict { .. } | NoPatch::PathRefused { .. } | NoPatch::Unsound { .. } => true,
        NoPatch::CanaryNotAhead
        | NoPatch::NotOnBase { .. }
        | NoPatch::UndoneAlready { .. }
        | NoPatch::ChangedSince { .. }
        | NoPatch::NothingChanged => false,
    }
}

impl ModelFixer {
    /// A fixer who asks the crew's model at a bench of the workshop, and falls back to the revert.
    pub fn new(
        crew: Crew,
        workshop: Arc<dyn Workshop>,
        fallback: RevertFixer,
        settings: FixerSettings,
    ) -> Self {
        Self { crew, workshop, fallback, settings }
    }

    async fn mend(&self, handoff: &Handoff, revert: &Result<Undone, NoPatch>) -> Result<Mended, Tried> {
        let key = format!("fixer/{}/{}", handoff.incident(), handoff.verdict().case);
        let ended = Ended::load(&self.crew, &key).await;
        if let Some(ended) = ended {
            match self.once_more(handoff, ended).await {
                Ok(Some(mended)) => return Ok(mended),
                Ok(None) => Ended::forget(&self.crew, &key).await,
                Err(tried) => return Err(tried),
            }
        }
        let bench = match self.bench(handoff, &key).await {
            Ok(bench) => bench,
            Err(failure) => return Err(self.tried(Cost::default(), failure.sentence())),
        };
        let mended = self.run(handoff, &key, revert, &bench).await;
        let model = self.crew.model.name().to_owned();
        let ended = match &mended {
            Ok(Mended { told, cost, .. }) => {
                Ended::Patch { state: bench.state(), told: told.clone(), model, cost: *cost }
            }
            Err(tried) => Ended::Nothing { why: tried.why.clone(), model, cost: tried.cost },
        };
        Ended::keep(&self.crew, &key, ended).await;
        mended
    }

    /// What an earlier run ended with, so that nothing is paid for twice; `None` where its patch can no longer be made.
    async fn once_more(&self, handoff: &Handoff, ended: Ended) -> Result<Option<Mended>, Tried> {
        let (state, told, model, cost) = match ended {
            Ended::Nothing { why, model, cost } => return Err(Tried { model, cost, why }),
            Ended::Patch { state, told, model, cost } => (state, told, model, cost),
        };
        let message = commit_message::commit_message(handoff, &told, &model);
        let made = match self.workshop.open(handoff, Some(&state)).await {
            Ok(bench) => bench.patch(&message).await,
            Err(failure) => Err(failure),
        };
        match made {
            Ok(Ok(patch)) if ending::sound(handoff, &patch).is_ok() => {
                Ok(Some(Mended { patch, told, model, cost }))
            }
            Ok(_) => Ok(None),
            Err(failure) if failure.remedy == Remedy::GiveUp => Ok(None),
            Err(failure) => Err(Tried { model, cost, why: failure.sentence() }),
        }
    }

    /// The bench as the last checkpoint left it. Where that state is no longer to be had, run and bench begin anew.
    async fn bench(&self, handoff: &Handoff, key: &str) -> Result<Arc<dyn Workbench>, Failure> {
        let Some(state) = saved_state(&self.crew, key).await else {
            return self.workshop.open(handoff, None).await;
        };
        match self.workshop.open(handoff, Some(&state)).await {
            Err(failure) if failure.remedy == Remedy::GiveUp => {
                tracing::info!(incident = %handoff.incident(), "the fixer begins anew: failed to {failure}");
                self.crew.checkpoints.clear(key).await?;
                self.workshop.open(handoff, None).await
            }
            other => other,
        }
    }

    async fn run(
        &self,
        handoff: &Handoff,
        key: &str,
        revert: &Result<Undone, NoPatch>,
        bench: &Arc<dyn Workbench>,
    ) -> Result<Mended, Tried> {
        let state = || bench.state();
        let task = Task {
            incident: handoff.incident(),
            checkpoint: key.to_owned(),
            system: prompts::FIXER.to_owned(),
            opening: opening::opening(handoff, revert),
            tools: tools(bench.as_ref()),
            limits: self.settings.limits.clone(),
            state: &state,
        };
        let answer: AnswerTool<'_, Ending> = AnswerTool {
            name: ending::NAME,
            description: ending::DESCRIPTION,
            schema: ending::schema(),
            check: Box::new(|arguments| Box::pin(ending::check(&self.crew, handoff, bench, arguments))),
        };
        let done = drive(&self.crew, task, &answer)
            .await
            .map_err(|stopped| self.tried(stopped.cost, stopped.why.to_string()))?;
        tracing::info!(incident = %handoff.incident(), turns = done.turns, cost = %done.cost, "a fixer ended");
        match done.answer {
            Ending::Patch { told, patch } => {
                Ok(Mended { patch: *patch, told, model: self.crew.model.name().to_owned(), cost: done.cost })
            }
            Ending::GaveUp { why } => Err(self.tried(done.cost, ending::gave_up(&why))),
        }
    }

    fn tried(&self, cost: Cost, why: String) -> Tried {
        Tried { model: self.crew.model.name().to_owned(), cost, why }
    }
}

impl Mended {
    fn proposal(self, handoff: &Handoff, case: &CaseFile, revert: &Result<Undone, NoPatch>) -> Proposal {
        let Self { patch, told, model, cost } = self;
        let edited = Edited {
            handoff,
            case,
            patch: &patch,
            told: &told,
            model: &model,
            cost,
            no_revert: revert.as_ref().err(),
        };
        let title = edits::title(&told, &patch.reverts);
        let body = edits::body(edited);
        let branch = branch_for(&handoff.repository().base, &patch.reverts);
        Proposal { repository: handoff.repository().clone(), branch, patch, title, body }
    }
}

/// The bench's own, but one that would stand in the ending's place.
fn tools(bench: &dyn Workbench) -> Vec<Arc<dyn Tool>> {
    let mut tools = bench.tools();
    tools.retain(|tool| tool.name() != ending::NAME);
    tools
}
