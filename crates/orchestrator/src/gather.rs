//! Gathers what a case file is made of: everything at once, each part under its own time limit, so that one slow thing does not hold
//! the rest. What cannot be had is named in the case; only when nothing at all can be read is there no case.
//!
//! Refuses to know what any of it means.

mod cluster;
mod logs;
mod pods;
mod range;
mod series;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    AttemptNumber, CaseBuilder, CaseFile, CaseHeader, CaseId, ExhibitBody, Failure, IncidentIdentity,
    LogExcerpt, Missing, NamedRepository, Pod, Remedy, Side, Stage, Trouble,
};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::ports::Sources;
use crate::settings::{LiveSettings, Settings};
use crate::sightings::{Sighting, Sightings};

/// Exhibits with their source, and what is missing: what each part gives.
#[derive(Debug, Default)]
pub(crate) struct Part {
    exhibits: Vec<(String, ExhibitBody)>,
    missing: Vec<Missing>,
    /// What of pods, runs and logs could not be read because something broke: without it nobody may call the canary clean.
    broken: Vec<String>,
    /// The first failure of the API server that may pass.
    passing: Option<Passing>,
}

/// A case, and what broke when it was gathered.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) case: CaseFile,
    /// What of pods, runs and logs could not be read; empty when nothing broke.
    pub(crate) broken: Vec<String>,
    /// Why the API server did not show the Rollout, its runs, pods or templates, where it may do so later. Without them nobody can be sure
    /// enough for a pull request.
    pub(crate) passing: Option<Passing>,
}

/// A failure of the API server that may pass, to be tried again.
#[derive(Debug)]
pub(crate) enum Passing {
    /// It did not answer, as one that is restarted.
    Silent(Failure),
    /// It refused. One that has just started does so for a moment, until it knows its roles; else a right is missing.
    Refused(Failure),
}

impl Part {
    fn add(&mut self, source: impl Into<String>, body: ExhibitBody) {
        self.exhibits.push((source.into(), body));
    }

    fn miss(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.missing.push(Missing { what: what.into(), why: why.into() });
    }

    fn join(&mut self, other: Self) {
        self.exhibits.extend(other.exhibits);
        self.missing.extend(other.missing);
        self.broken.extend(other.broken);
        self.passing = self.passing.take().or(other.passing);
    }

    /// Notes a read without which nobody may call the canary clean.
    fn note<T>(&mut self, read: &Result<T, Failure>) {
        if let Err(failure) = read {
            self.broken.push(failure.sentence());
        }
    }

    /// Notes such a read of what the API server itself keeps. Logs come from elsewhere, and nobody waits for them.
    fn note_kept<T>(&mut self, read: &Result<T, Failure>) {
        self.note(read);
        if let Err(failure) = read {
            self.may_pass(failure);
        }
    }

    /// Notes the first failure of the API server, where it may pass.
    fn may_pass(&mut self, failure: &Failure) {
        let again = Failure::retry(failure.kind, failure.what.clone());
        let passing = match failure.remedy {
            Remedy::Retry { .. } => Passing::Silent(again),
            Remedy::AskHuman { .. } => Passing::Refused(again),
            Remedy::GiveUp => return,
        };
        self.passing.get_or_insert(passing);
    }
}

/// What a case is to be about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) identity: IncidentIdentity,
    pub(crate) attempt: AttemptNumber,
    pub(crate) stage: Stage,
    pub(crate) from: DateTime<Utc>,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) named: NamedRepository,
    pub(crate) follows: Option<Follows>,
}

/// The attempt's first case, which the second one names.
#[derive(Debug, Clone)]
pub(crate) struct Follows {
    pub(crate) id: CaseId,
    pub(crate) case: CaseFile,
}

/// Gathers cases; cheap to clone.
#[derive(Clone)]
pub(crate) struct Gatherer {
    ports: Sources,
    settings: LiveSettings,
    clock: Clock,
    sightings: Arc<Sightings>,
    clones: Arc<Semaphore>,
}

impl Gatherer {
    pub(crate) fn new(
        ports: impl Into<Sources>,
        settings: LiveSettings,
        clock: Clock,
        sightings: Arc<Sightings>,
        clones: Arc<Semaphore>,
    ) -> Self {
        Self { ports: ports.into(), settings, clock, sightings, clones }
    }

    /// A case of what is there now; not kept yet.
    pub(crate) async fn gather(&self, subject: Subject) -> Result<Gathered, Failure> {
        let mut missing = Part::default();
        if subject.stage == Stage::AtEnd {
            self.wait_for_the_logs(&subject, &mut missing).await;
        }
        let sighting = self.sightings.get(&subject.identity);
        let seen = self.see(&subject, sighting, &mut missing).await?;
        let (logs, cluster, series) =
            futures::join!(self.logs(&subject, &seen), self.around(&seen), self.series(&subject, &seen));
        let mut all = seen.into_part(&subject);
        for part in [missing, logs, cluster.part, series] {
            all.join(part);
        }
        if subject.stage == Stage::AtEnd {
            all.join(self.range(&subject, &cluster.revisions).await);
        }
        let (broken, passing) = (std::mem::take(&mut all.broken), all.passing.take());
        Ok(Gathered { case: self.build(subject, all).await?, broken, passing })
    }

    /// The followed logs have their end within 30 s, or what is there must do.
    async fn wait_for_the_logs(&self, subject: &Subject, missing: &mut Part) {
        let wait = self.settings.now().limits.end_wait;
        let Some(spool) = &self.ports.spool else { return };
        if tokio::time::timeout(wait, spool.ended(&subject.identity)).await.is_err() {
            let why = format!("some of the followed logs had not ended {} s after the run", wait.as_secs());
            missing.miss("the last lines of some logs", why);
        }
    }

    /// Building redacts every text, which is work for a processor.
    async fn build(&self, subject: Subject, part: Part) -> Result<CaseFile, Failure> {
        let settings = self.settings.now();
        let frozen_at = self.clock.now();
        tokio::task::spawn_blocking(move || build(&settings, subject, part, frozen_at))
            .await
            .map_err(|error| Failure::retry("case-build", "build the case file: it panicked").because(error))
    }

    /// The time for each of the four steps that come one after the other.
    fn limit(&self, stage: Stage) -> Duration {
        match stage {
            Stage::AtTrouble => self.settings.now().limits.freeze_at_trouble / 4,
            Stage::AtEnd => self.settings.now().limits.freeze_at_end / 4,
        }
    }
}

fn build(settings: &Settings, subject: Subject, part: Part, frozen_at: DateTime<Utc>) -> CaseFile {
    let first = subject.follows.as_ref().map(|follows| &follows.case);
    let mut builder = CaseBuilder::new(&settings.redactor, first);
    for (source, body) in part.exhibits {
        builder.add(source, body);
    }
    for missing in part.missing {
        builder.missing(missing.what, missing.why);
    }
    let repository = settings.allowed.standing(&subject.named);
    let header = CaseHeader {
        incident: subject.identity.id(),
        identity: subject.identity,
        attempt: subject.attempt,
        stage: subject.stage,
        follows: subject.follows.as_ref().map(|follows| follows.id.clone()),
        from: subject.from,
        frozen_at,
        troubles: subject.troubles,
        named: subject.named,
        repository,
    };
    builder.freeze(header, first)
}

/// Where a log stands among the exhibits.
fn log_source(log: &LogExcerpt) -> String {
    let previous = match log.which {
        domain::Incarnation::Current => "",
        domain::Incarnation::Previous => " before its last restart",
    };
    format!("log {}/{}/{}{previous}", log.side, log.pod, log.container)
}

/// What the parts after it need: the Rollout, its runs, its pods.
pub(crate) struct Seen {
    pub(crate) rollout: domain::Rollout,
    pub(crate) runs: Vec<domain::AnalysisRun>,
    pub(crate) canary: Vec<Pod>,
    pub(crate) stable: Vec<Pod>,
    limit: Duration,
}

impl Seen {
    fn into_part(self, subject: &Subject) -> Part {
        let mut part = Part::default();
        part.add("rollout", ExhibitBody::Rollout { rollout: self.rollout });
        for run in self.runs {
            part.add(format!("analysis run {}", run.name), ExhibitBody::AnalysisRun { run });
        }
        for (side, pods) in [(Side::Canary, self.canary), (Side::Stable, self.stable)] {
            if pods.is_empty() {
                part.miss(format!("pods of {side}"), "there were none to see");
            } else {
                part.add(format!("pods {side}"), ExhibitBody::Pods { side, pods });
            }
        }
        if subject.named.deciding().is_none() {
            part.miss("the repository", "nothing names it");
        }
        part
    }
}

/// What was seen earlier stands in for what cannot be read now.
fn or_seen<T>(read: Result<Option<T>, Failure>, seen: Option<T>, what: &str, part: &mut Part) -> Option<T> {
    match read {
        Ok(Some(value)) => Some(value),
        Ok(None) => seen,
        Err(failure) => {
            let stands_in = if seen.is_some() { "; as last seen" } else { "" };
            part.miss(what, format!("{}{stands_in}", failure.sentence()));
            seen
        }
    }
}

impl Gatherer {
    async fn see(
        &self,
        subject: &Subject,
        sighting: Option<Sighting>,
        part: &mut Part,
    ) -> Result<Seen, Failure> {
        let limit = self.limit(subject.stage);
        let identity = &subject.identity;
        let read =
            crate::effects::within(limit, "read the Rollout", self.ports.cluster.rollout(&identity.rollout));
        let read = read.await.map(|found| found.filter(|rollout| rollout.uid == identity.uid));
        part.note_kept(&read);
        let kept = sighting.as_ref().map(|sighting| sighting.rollout.clone());
        let problem = read.as_ref().err().map(Failure::sentence);
        let Some(rollout) = or_seen(read, kept, "the Rollout", part) else {
            let why = problem.unwrap_or_else(|| "it is gone".to_owned());
            return Err(Failure::retry("nothing-to-freeze", format!("freeze {}: {why}", identity.rollout)));
        };
        let (runs, canary, stable) = futures::join!(
            self.runs(subject, &rollout, limit),
            self.canary_pods(subject, limit),
            self.stable_pods(subject, &rollout, limit)
        );
        part.note_kept(&runs);
        part.note_kept(&canary);
        part.note_kept(&stable);
        let runs = or_seen(runs, sighting.as_ref().map(|s| s.runs.clone()), "AnalysisRuns", part);
        let seen_pods = sighting.map(|sighting| sighting.pods).unwrap_or_default();
        let canary = pods::merged(canary, seen_pods, self.settings.now().limits.canary_pods, part);
        let stable = or_seen(stable, None, "pods of stable", part).unwrap_or_default();
        Ok(Seen { rollout, runs: runs.unwrap_or_default(), canary, stable, limit })
    }
}
