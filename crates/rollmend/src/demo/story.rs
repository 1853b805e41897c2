//! The story: what is done on the stage, and what is told of it.

mod cluster;
mod incidents;

use std::time::Duration;

use miette::miette;
use orchestrator::Progress;
use store::CaseFolder;
use testbed::kubernetes::Kind;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use self::cluster::ClusterNews;
use self::incidents::IncidentNews;
use super::happening::{Happening, Page};
use super::object::text;
use super::options::Scenario;
use super::stage::{NAMESPACE, ROLLOUT, Stage};
use super::teller::Teller;
use crate::compose::Daemon;

/// How long anything may take before the demo gives up: twice what it takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(45);
/// The same where a model works: as long as one may in all, by the defaults of agents.toml.
const LIMIT_WITH_MODEL: Duration = Duration::from_secs(600);
/// The time between two looks at the journal when nothing calls for one.
const LOOK: Duration = Duration::from_millis(500);

/// Everything that a story is told of and by.
pub(super) struct Cast<'a> {
    pub(super) stage: &'a Stage,
    pub(super) daemon: &'a Daemon,
    pub(super) cases: &'a CaseFolder,
    pub(super) teller: &'a Teller,
    pub(super) minds: Minds,
}

/// Who judges and mends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minds {
    /// The rules, whose outcome is known beforehand.
    Rules,
    /// A model, whose outcome is its own.
    Model,
}

/// A story as it goes on.
struct Story<'a> {
    cast: &'a Cast<'a>,
    progress: broadcast::Receiver<Progress>,
    cluster: ClusterNews,
    incidents: IncidentNews,
}

/// What a story told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The incident's id, where there was one.
    pub(super) incident: Option<String>,
    /// The case file that counts.
    pub(super) case: Option<domain::CaseId>,
    /// The branch of the pull request.
    pub(super) branch: Option<String>,
}

/// Deploys the canary and tells everything until the story has ended.
pub(super) async fn play(cast: &Cast<'_>, scenario: Scenario) -> miette::Result<Told> {
    let progress = cast.daemon.progress();
    let mut story =
        Story { cast, progress, cluster: ClusterNews::default(), incidents: IncidentNews::default() };
    cast.stage.deploy()?;
    cast.teller.tell(&cluster::deployed(scenario))?;
    match scenario {
        Scenario::Failing | Scenario::Leak | Scenario::Config => story.mended().await?,
        Scenario::Template => story.explained().await?,
        Scenario::Healthy => story.healthy().await?,
    }
    story.read_pull_requests()?;
    Ok(story.incidents.told())
}

impl Story<'_> {
    async fn mended(&mut self) -> miette::Result<()> {
        self.until("the analysis to fail", |story| story.cluster.aborted()).await?;
        self.until("the pull request", |story| story.incidents.ended()).await?;
        if self.cast.minds == Minds::Rules {
            self.incidents.check_proposed()?;
        }
        self.until("the Event that names it", |story| story.cluster.announced()).await
    }

    async fn explained(&mut self) -> miette::Result<()> {
        self.until("the analysis to end", |story| story.cluster.aborted()).await?;
        self.until("the explanation", |story| story.incidents.ended()).await?;
        if self.cast.minds == Minds::Rules {
            self.incidents.check_explained()?;
        }
        self.until("the Event that says so", |story| story.cluster.announced()).await?;
        if self.cast.minds == Minds::Model {
            return Ok(());
        }
        let pulls = self.cast.stage.pulls().map_err(|error| miette!("failed to {error}"))?;
        let explained =
            Happening::Explained { incidents: self.incidents.count(), pull_requests: pulls.len() };
        self.cast.teller.tell(&explained)
    }

    async fn healthy(&mut self) -> miette::Result<()> {
        self.until("the canary to serve", |story| story.cast.stage.canary_serves()).await?;
        self.cast.teller.wait_for("an answer at the gate");
        let address = self.cast.daemon.address();
        let answered = tokio::time::timeout(LIMIT, super::gate::ask(address)).await;
        let answered =
            answered.map_err(|_| miette!("waited {} s for an answer at the gate", LIMIT.as_secs()))??;
        self.cast.teller.tell(&answered)?;
        if !matches!(answered, Happening::GateAnswered { promote: true, .. }) {
            return Err(miette!("expected the gate to promote a healthy canary"));
        }
        self.until("the promotion", |story| story.cluster.promoted()).await?;
        let tally = self.cast.stage.customers().tally();
        let version = Scenario::Healthy.plot().last_release().version();
        let promoted = Happening::Promoted { version, answers: tally.answers, failures: tally.failures };
        self.cast.teller.tell(&promoted)?;
        let pulls = self.cast.stage.pulls().map_err(|error| miette!("failed to {error}"))?;
        let nothing =
            Happening::NothingHappened { incidents: self.incidents.count(), pull_requests: pulls.len() };
        self.cast.teller.tell(&nothing)?;
        if self.incidents.count() + pulls.len() > 0 {
            return Err(miette!("a healthy canary led to an incident or a pull request"));
        }
        Ok(())
    }

    /// Tells what happens until `end` holds, within the limit.
    async fn until(&mut self, what: &str, end: impl Fn(&Self) -> bool) -> miette::Result<()> {
        let limit = self.limit();
        let deadline = Instant::now() + limit;
        self.cast.teller.wait_for(what);
        loop {
            let version = self.cast.stage.store().version();
            let told = self.tell_news().await?;
            if end(self) {
                return Ok(());
            }
            if told {
                self.cast.teller.wait_for(what);
            }
            if Instant::now() >= deadline {
                return Err(self.gave_up(what, limit));
            }
            let store = self.cast.stage.store();
            tokio::select! {
                _ = store.wait_for_all(Kind::Rollout, NAMESPACE, |_| store.version() > version) => {}
                step = self.progress.recv() => if step == Err(RecvError::Closed) {
                    return Err(miette!("the daemon ended by itself while the demo waited for {what}"));
                },
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tells what is new; whether anything was. Effects are told after their causes, so the causes are asked for last.
    async fn tell_news(&mut self) -> miette::Result<bool> {
        let announced = self.cluster.announcement(self.cast, self.incidents.announced_as());
        let from_daemon = self.incidents.gather(self.cast).await?;
        let mut news = self.cluster.gather(self.cast);
        news.extend(from_daemon);
        news.extend(announced);
        news.iter().try_for_each(|happening| self.cast.teller.tell(happening))?;
        Ok(!news.is_empty())
    }

    fn limit(&self) -> Duration {
        match self.cast.minds {
            Minds::Rules => LIMIT,
            Minds::Model => LIMIT_WITH_MODEL,
        }
    }

    fn gave_up(&self, what: &str, limit: Duration) -> miette::Report {
        let rollout = self.cast.stage.store().get(Kind::Rollout, NAMESPACE, ROLLOUT).unwrap_or_default();
        miette!(
            "waited {} s for {what}; the Rollout is {} and says \"{}\"; {}",
            limit.as_secs(),
            text(&rollout, "/status/phase"),
            text(&rollout, "/status/message"),
            self.incidents.standing()
        )
    }

    fn read_pull_requests(&self) -> miette::Result<()> {
        let pulls = self.cast.stage.pulls().map_err(|error| miette!("failed to {error}"))?;
        for (pull, diff) in pulls {
            self.cast.teller.tell(&Happening::PullRequestRead(Page {
                title: pull.title,
                head: pull.head,
                base: pull.base,
                author: pull.author,
                labels: pull.labels,
                draft: pull.stage == testbed::github::Stage::Draft,
                body: pull.body.unwrap_or_default(),
                diff,
            }))?;
        }
        Ok(())
    }
}
