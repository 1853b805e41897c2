//! A question about one canary, of a cluster, an exported file or the journal: gathered, digested and judged. Nothing is written anywhere.

mod file;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use domain::ports::{Journal, ModelUse};
use domain::{AnalystKind, CaseFile, RolloutRef, Standing, Verdict};
use miette::{IntoDiagnostic, miette};
use orchestrator::{Clock, Look, Once};
use store::{Archive, ArchivedCase, CaseFolder, Judgement, SqliteJournal};

use super::incident::find;
use super::judging::{judge_all, judged};
use super::steps::{Mark, Steps};
use super::{archive, export, telling};
use crate::cli::{ClusterOptions, ModelChoice};
use crate::compose::{Errand, Unhirable};
use crate::config::Config;
use crate::console::print;

/// The width of prose.
const WIDTH: usize = 110;

/// What is asked about.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// A Rollout as the cluster shows it now.
    Rollout(RolloutRef),
    /// The last case of an exported file.
    Archive(PathBuf),
    /// The last case of an incident in the journal, by what a person calls it.
    Incident(String),
}

/// How far the work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// A verdict.
    Judge,
    /// A patch as well.
    Mend,
}

/// A question with those who answer it.
pub(super) struct Question {
    pub(super) errand: Errand,
    pub(super) config: Config,
    subject: Subject,
    notes: Vec<String>,
}

/// What it came to.
pub(super) enum Answer {
    /// There is no canary.
    Nothing(RolloutRef),
    /// A verdict.
    Judged(Box<Asked>),
}

/// A judged case.
pub(super) struct Asked {
    pub(super) case: Arc<CaseFile>,
    pub(super) judgement: Judgement,
    /// What models were used for.
    pub(super) used: ModelUse,
    /// How long they took; none where none was asked.
    took: Option<Duration>,
}

/// The Rollout that is called so.
pub(super) fn reference(text: &str) -> miette::Result<RolloutRef> {
    let Some((namespace, name)) = text.split_once('/') else {
        let advice = "write namespace/name, such as shop/checkout";
        return Err(miette!(help = advice, "{} names no Rollout", plain(text, 200)));
    };
    let namespace = namespace.parse().map_err(|error| miette!("failed to {error}"))?;
    let name = name.parse().map_err(|error| miette!("failed to {error}"))?;
    Ok(RolloutRef { namespace, name })
}

impl Question {
    /// Reads the file and finds those who answer. Nothing is asked of a cluster or a model yet.
    pub(super) async fn open(
        path: &Path,
        subject: Subject,
        cluster: &ClusterOptions,
        choice: ModelChoice,
        work: Work,
    ) -> miette::Result<Self> {
        let (config, mut notes) = file::configuration(path, &subject)?;
        let unhirable = match &choice {
            ModelChoice::AsFile => Unhirable::Noted,
            ModelChoice::Named(_) | ModelChoice::None => Unhirable::Fatal,
        };
        let config = file::chosen(config, choice, work)?;
        let errand = match &subject {
            Subject::Rollout(_) => {
                Errand::in_cluster(config.clone(), &cluster.connection(), unhirable).await?
            }
            Subject::Archive(_) | Subject::Incident(_) => Errand::offline(config.clone(), unhirable).await?,
        };
        let is_about_cluster = matches!(subject, Subject::Rollout(_));
        if is_about_cluster || work == Work::Mend || config.analyzer.is_some() {
            notes.extend(errand.notes().iter().cloned());
        }
        Ok(Self { errand, config, subject, notes })
    }

    /// What a person should know besides, in sentences.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The command that makes the patch for the same subject.
    pub(super) fn mending_command(&self) -> String {
        match &self.subject {
            Subject::Rollout(rollout) => format!("rollmend fix {rollout}"),
            Subject::Archive(file) => format!("rollmend fix --case {}", file.display()),
            Subject::Incident(incident) => format!("rollmend fix {incident}"),
        }
    }

    /// The answer, step by step.
    pub(super) async fn answer(&self, steps: Steps) -> miette::Result<Answer> {
        let (case, judgement) = match &self.subject {
            Subject::Rollout(reference) => match self.of_cluster(reference, steps).await? {
                Some(found) => found,
                None => return Ok(Answer::Nothing(reference.clone())),
            },
            Subject::Archive(file) => {
                let began = steps.begin("archive")?;
                let archive = archive::read(file).await?;
                let words = format!(
                    "{}, exported {}",
                    archive.run.id,
                    archive.exported_at.format("%Y-%m-%d %H:%M:%S")
                );
                steps.end(Mark::Good, "archive", &words, Some(began.elapsed()))?;
                last(&archive, steps).await?
            }
            Subject::Incident(wanted) => {
                let began = steps.begin("incident")?;
                let archive = self.of_journal(wanted).await?;
                let words = format!("{}, {}", archive.run.id, archive.run.state.name());
                steps.end(Mark::Good, "incident", &words, Some(began.elapsed()))?;
                last(&archive, steps).await?
            }
        };
        for note in &self.notes {
            steps.end(Mark::Note, "note", note, None)?;
        }
        let asked = Asked { case: Arc::new(case), judgement, used: ModelUse::default(), took: None };
        let asked = self.judged_by_model(asked, steps).await?;
        Ok(Answer::Judged(Box::new(asked)))
    }

    async fn of_cluster(
        &self,
        reference: &RolloutRef,
        steps: Steps,
    ) -> miette::Result<Option<(CaseFile, Judgement)>> {
        let Some(sources) = self.errand.sources() else { return Ok(None) };
        let clock = Clock::system();
        let began = steps.begin("rollout")?;
        let look = Once::look(sources, self.errand.settings(), clock.clone(), reference).await;
        match look.map_err(|failure| miette!("{}", failure.sentence()))? {
            Look::NoRollout => Err(miette!("there is no Rollout {reference}")),
            Look::NoCanary(rollout) => {
                steps.end(Mark::Good, "rollout", &telling::no_canary(&rollout), Some(began.elapsed()))?;
                Ok(None)
            }
            Look::Canary(once) => {
                let words = telling::canary(&once, clock.now());
                steps.end(Mark::Good, "rollout", &words, Some(began.elapsed()))?;
                evidence(&once, steps).await.map(Some)
            }
        }
    }

    async fn of_journal(&self, wanted: &str) -> miette::Result<Archive> {
        let daemon = &self.config.daemon;
        let journal = SqliteJournal::read_only(&daemon.journal);
        let journal = journal.await.map_err(|error| miette!("failed to {error}"))?;
        let runs = journal.runs().await.map_err(|failure| miette!("{}", failure.sentence()))?;
        let run = find(&runs, wanted)?;
        let history = journal.history(&run.id).await.map_err(|failure| miette!("{}", failure.sentence()))?;
        let folder = CaseFolder::open(&daemon.cases).map_err(|error| miette!("failed to {error}"))?;
        export::collected(run, history, &folder).await
    }

    /// The rules have judged; where a model is hired and there is trouble, it judges beside them.
    async fn judged_by_model(&self, mut asked: Asked, steps: Steps) -> miette::Result<Asked> {
        let brief = &asked.judgement.brief;
        if self.config.analyzer.is_none() || brief.standing != Standing::Trouble {
            return Ok(asked);
        }
        let began = steps.begin("cause")?;
        let judging = self.errand.analyst().analyze(&asked.case, brief);
        let so_far = || telling::model("", self.errand.used());
        asked.judgement.verdict = steps.during("cause", so_far, judging).await?;
        asked.used = self.errand.used();
        asked.took = Some(began.elapsed());
        Ok(asked)
    }
}

impl Asked {
    /// The verdict, for people: the row with who judged and what it took, then the story.
    pub(super) fn tell(&self, steps: Steps) -> miette::Result<()> {
        let verdict = &self.judgement.verdict;
        let cause = format!("{}, confidence {}", verdict.category, verdict.confidence.get());
        match (&verdict.analyst, self.took) {
            (AnalystKind::Model { model, .. }, Some(took)) => {
                let words = format!("{cause}, by {}", telling::model(model, self.used));
                steps.end_paid(Mark::Good, "cause", &words, took, self.used.cost)?;
            }
            (AnalystKind::RulesInstead { .. }, Some(took)) => {
                let tried = telling::model("", self.used);
                let tried = if tried.is_empty() { tried } else { format!(" ({tried})") };
                let words = format!("{cause}, by the rules; no model judged{tried}");
                steps.end_paid(Mark::Note, "cause", &words, took, self.used.cost)?;
            }
            _ => steps.end(Mark::Good, "cause", &cause, None)?,
        }
        if steps == Steps::Silent {
            return Ok(());
        }
        // The first line says what the row above has said.
        print(verdict_lines(verdict, WIDTH).into_iter().skip(1))
    }

    /// The verdict.
    pub(super) fn verdict(&self) -> &Verdict {
        &self.judgement.verdict
    }
}

async fn evidence(once: &Once, steps: Steps) -> miette::Result<(CaseFile, Judgement)> {
    let began = steps.begin("evidence")?;
    let case = once.gather().await.map_err(|failure| miette!("{}", failure.sentence()))?;
    steps.end(Mark::Good, "evidence", &telling::evidence(&case), Some(began.elapsed()))?;
    for missing in &case.missing {
        steps.end(Mark::Note, "not had", &format!("{}: {}", missing.what, missing.why), None)?;
    }
    let began = steps.begin("digest")?;
    let bytes = case.to_bytes().into_diagnostic()?;
    let archived = ArchivedCase::of(bytes).map_err(|why| miette!("the case cannot be read back: {why}"))?;
    let judgement = judged(&archived, None).await?;
    steps.end(Mark::Good, "digest", &telling::digest(&judgement.brief), Some(began.elapsed()))?;
    Ok((case, judgement))
}

/// The last case of an archive, judged by the rules: what was reached on it before is not believed.
async fn last(archive: &Archive, steps: Steps) -> miette::Result<(CaseFile, Judgement)> {
    let began = steps.begin("digest")?;
    let mut judgements = judge_all(&archive.cases).await?;
    let (Some(judgement), Some(case)) = (judgements.pop(), archive.cases.last()) else {
        return Err(miette!("{} holds no case file: there is nothing to judge", archive.run.id));
    };
    steps.end(Mark::Good, "digest", &telling::digest(&judgement.brief), Some(began.elapsed()))?;
    Ok((case.case().clone(), judgement))
}
