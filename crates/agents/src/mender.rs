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
            Ok(mended) => Ok(self.proposal(handoff, case, mended, &revert)),
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
        let bench = self
            .bench(handoff, &key)
            .await
            .map_err(|failure| self.tried(Cost::default(), failure.sentence()))?;
        let (ending, cost) = self.run(handoff, &key, revert, &bench).await?;
        let state = bench.state();
        Ended::keep(&self.crew, &key, Ended::of(&ending, state, cost)).await;
        match ending {
            Ending::Patch { told, patch } => Ok(Mended { patch: *patch, told, cost }),
            Ending::GaveUp { why } => Err(self.tried(cost, ending::gave_up(&why))),
        }
    }

    /// What an earlier run ended with, so that nothing is paid for twice; `None` where its patch can no longer be made.
    async fn once_more(&self, handoff: &Handoff, ended: Ended) -> Result<Option<Mended>, Tried> {
        match ended {
            Ended::GaveUp { why, cost } => Err(self.tried(cost, ending::gave_up(&why))),
            Ended::Patch { state, told, cost } => {
                let message = commit_message::commit_message(handoff, &told, self.crew.model.name());
                let Ok(bench) = self.workshop.open(handoff, Some(&state)).await else { return Ok(None) };
                let Ok(Ok(patch)) = bench.patch(&message).await else { return Ok(None) };
                let is_sound = ending::sound(handoff, &patch).is_ok();
                Ok(is_sound.then_some(Mended { patch, told, cost }))
            }
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
    ) -> Result<(Ending, Cost), Tried> {
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
        match drive(&self.crew, task, &answer).await {
            Ok(done) => {
                tracing::info!(incident = %handoff.incident(), turns = done.turns, cost = %done.cost, "a fixer ended");
                Ok((done.answer, done.cost))
            }
            Err(stopped) => Err(self.tried(stopped.cost, stopped.why.to_string())),
        }
    }

    fn tried(&self, cost: Cost, why: String) -> Tried {
        Tried { model: self.crew.model.name().to_owned(), cost, why }
    }

    fn proposal(
        &self,
        handoff: &Handoff,
        case: &CaseFile,
        mended: Mended,
        revert: &Result<Undone, NoPatch>,
    ) -> Proposal {
        let Mended { patch, told, cost } = mended;
        let edited = Edited {
            handoff,
            case,
            patch: &patch,
            told: &told,
            model: self.crew.model.name(),
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
