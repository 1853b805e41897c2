//! The gate: answers callers about a canary. It fails closed: whatever goes wrong is a refusal, never a promotion.
//!
//! A call waits for the verdict of the attempt's incident where there is one; else the canary is judged as it is now, and calls that come
//! at once share one judgement. Trouble becomes an incident, and the call waits for its verdict. A glance does not wait: see [`glance`].
//!
//! A repository that a request names decides nothing where `agents.toml` lists none at all: no repository is ever read then, and people's
//! AnalysisTemplates, which name one, go on to work. Where some are listed, another one is refused.
//!
//! Refuses to know what enough evidence is, and any wire format.

mod amount;
mod glance;
mod judgement;
mod refusals;
mod subject;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Gate, Glance};
use domain::workflow::Trigger;
use domain::{Failure, GateAnswer, GateRefusal, GateRequest, RepositoryStanding, TooLittle};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::effects::within;
use crate::observer::Surroundings;
use glance::Glances;
use judgement::{Judgement, Judgements};
use refusals::Refusals;
use subject::AttemptSubject;
use verdict::Standing;

/// No call takes longer; the metric plugin's client gives up after 300 s (argoproj-labs/rollouts-plugin-metric-ai).
const HARD_LIMIT: Duration = Duration::from_secs(280);
/// The longest that may be configured as `max_wait`.
const LONGEST_WAIT: Duration = Duration::from_secs(270);
/// How often a waiting call looks whether there is enough evidence by now.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// More than may ever be configured as `max_waiting`, which is looked up whenever a call wants to wait.
const PLACES: usize = 1_000;
/// The time for reading the Rollout.
const READ: Duration = Duration::from_secs(10);

/// The gate of the orchestrator; cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    around: Surroundings,
    judgements: Arc<Judgements>,
    waiting: Arc<Semaphore>,
    refusals: Arc<Refusals>,
    glances: Arc<Glances>,
}

#[async_trait]
impl Gate for Door {
    async fn answer(&self, request: GateRequest) -> Result<GateAnswer, GateRefusal> {
        let mut subject = None;
        let answer = tokio::select! {
            answer = tokio::time::timeout(HARD_LIMIT, self.decide(&request, &mut subject)) => answer,
            () = self.around.stopping.cancelled() => Ok(Err(ours("the daemon is stopping; ask again"))),
        };
        let answer = answer.unwrap_or_else(|_| {
            Err(ours(&format!("no answer within {} s; ask again", HARD_LIMIT.as_secs())))
        });
        self.announce(subject.as_ref(), answer.as_ref().err());
        answer
    }

    async fn glance(&self, request: GateRequest) -> Result<Glance, GateRefusal> {
        let mut subject = None;
        let answer = tokio::select! {
            answer = self.glance_at(&request, &mut subject) => answer,
            () = self.around.stopping.cancelled() => Err(ours("the daemon is stopping; ask again")),
        };
        self.announce(subject.as_ref(), answer.as_ref().err());
        answer
    }
}

impl Door {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self {
            around,
            judgements: Arc::default(),
            waiting: Arc::new(Semaphore::new(PLACES)),
            refusals: Arc::default(),
            glances: Arc::default(),
        }
    }

    async fn decide(
        &self,
        request: &GateRequest,
        about: &mut Option<AttemptSubject>,
    ) -> Result<GateAnswer, GateRefusal> {
        let subject = self.find(request, Trigger::MetricPlugin, about).await?;
        self.settle(&subject).await
    }

    /// What the call is about. `about` is set as soon as that is known, so that a refusal can be written where people look.
    async fn find(
        &self,
        request: &GateRequest,
        trigger: Trigger,
        about: &mut Option<AttemptSubject>,
    ) -> Result<AttemptSubject, GateRefusal> {
        if !self.around.hands.ports.cluster.watches(&request.rollout.namespace) {
            return Err(GateRefusal::NamespaceNotWatched(request.rollout.namespace.to_string()));
        }
        let read = self.around.hands.ports.cluster.rollout(&request.rollout);
        let rollout =
            within(READ, "read the Rollout", read).await.map_err(|failure| self.broken(&failure))?;
        let rollout = rollout.ok_or_else(|| GateRefusal::NoSuchRollout(request.rollout.clone()))?;
        let subject = subject::find(&self.around, rollout, request, trigger).await?;
        *about = Some(subject.clone());
        self.check_repository(&subject)?;
        Ok(subject)
    }

    async fn settle(&self, subject: &AttemptSubject) -> Result<GateAnswer, GateRefusal> {
        let stands = verdict::stands(&self.around, subject).await;
        match stands.map_err(|failure| self.broken(&failure))? {
            Standing::Incident => verdict::wait(&self.around, subject).await,
            Standing::Nothing => self.judge(subject).await,
        }
    }

    fn announce(&self, subject: Option<&AttemptSubject>, refusal: Option<&GateRefusal>) {
        if let (Some(subject), Some(refusal)) = (subject, refusal) {
            self.refusals.announce(&self.around, subject, refusal);
        }
    }

    fn check_repository(&self, subject: &AttemptSubject) -> Result<(), GateRefusal> {
        let settings = self.around.hands.settings();
        let allowed = &settings.allowed;
        if allowed.iter().next().is_none() {
            return Ok(());
        }
        match allowed.standing(&subject.named) {
            RepositoryStanding::Refused { reason } => Err(GateRefusal::RepositoryNotAllowed(reason)),
            RepositoryStanding::Allowed { .. } | RepositoryStanding::NotNamed => Ok(()),
        }
    }

    /// Judges until there is enough evidence, or the wait is over.
    async fn judge(&self, subject: &AttemptSubject) -> Result<GateAnswer, GateRefusal> {
        let until = Instant::now() + self.around.hands.settings().gate.max_wait.min(LONGEST_WAIT);
        let mut turn = None;
        loop {
            let figures = match self.judgements.judge(&self.around, subject).await? {
                Judgement::Answer(answer) => return Ok(answer),
                Judgement::Trouble => return verdict::wait(&self.around, subject).await,
                Judgement::TooLittle { figures } => figures,
            };
            if turn.is_none() {
                turn = self.turn();
            }
            if turn.is_none() || Instant::now() + LOOK_EVERY > until {
                return self.too_little(subject, figures);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A place among those that wait, where the settings of now have one left.
    fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.waiting.try_acquire().ok()?;
        let waiting = PLACES - self.waiting.available_permits();
        (waiting <= self.around.hands.settings().gate.max_waiting).then_some(turn)
    }

    /// An error, unless the operator said that no evidence is good enough.
    fn too_little(&self, subject: &AttemptSubject, figures: String) -> Result<GateAnswer, GateRefusal> {
        let said = subject.rollout.annotations.get("too-little").map(String::as_str);
        let means = match said {
            Some("promote") => TooLittle::Promote,
            Some("error") => TooLittle::Error,
            _ => self.around.hands.settings().gate.too_little,
        };
        match means {
            TooLittle::Promote => {
                let figures = format!("{figures}; promoted because too_little = \"promote\"");
                Ok(self.around.hands.ports.voice.clean_answer(
                    &subject.rollout.rollout,
                    &subject.identity.canary,
                    LEAST_CONFIDENCE,
                    &figures,
                ))
            }
            TooLittle::Error => {
                Err(GateRefusal::TooLittle { canary: subject.identity.canary.clone(), figures })
            }
        }
    }

    fn broken(&self, failure: &Failure) -> GateRefusal {
        broken(&self.around, failure)
    }
}

/// The least confidence of an answer that promotes: callers with a condition of their own ask for more than 50.
const LEAST_CONFIDENCE: u8 = 51;

fn ours(words: &str) -> GateRefusal {
    GateRefusal::Ours(words.to_owned())
}

/// What broke here, without secrets; counted.
fn broken(around: &Surroundings, failure: &Failure) -> GateRefusal {
    around.hands.tally.failed(failure);
    GateRefusal::Ours(around.hands.settings().redactor.text(&failure.sentence()))
}

/// Shares a door.
pub(crate) fn open(around: Surroundings) -> Arc<dyn Gate> {
    Arc::new(Door::new(around))
}
