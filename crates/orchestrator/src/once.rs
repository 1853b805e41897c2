//! A canary looked at once, for a person who asks: found, gathered, and nothing else. Nothing is followed, nothing is written, nothing
//! is remembered; what is gone from the cluster cannot be had.
//!
//! Refuses to know what the evidence means.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    AnalysisRun, AttemptNumber, CaseFile, ClusterId, ExhibitBody, Failure, IncidentIdentity, LogExcerpt,
    NamedRepository, Observation, Pod, PodHash, Rollout, RolloutRef, RunEnd, Side, Stage, Trouble,
};
use tokio::sync::Semaphore;

use crate::catch_up::{run_end, taken_up};
use crate::clock::Clock;
use crate::effects::within;
use crate::gather::{Gatherer, Subject};
use crate::observer::{attempt_start, named};
use crate::ports::Sources;
use crate::settings::{LiveSettings, Settings};
use crate::sightings::Sightings;

/// The time for each read before the evidence is gathered.
const READ: Duration = Duration::from_secs(10);
/// Pods that are looked at for the beginning of an attempt.
const MOST_PODS: usize = 50;

/// What a look at a Rollout shows.
#[derive(Debug)]
pub enum Look {
    /// There is none of that name.
    NoRollout,
    /// It has no canary: there is nothing to compare with.
    NoCanary(Box<Rollout>),
    /// It has one.
    Canary(Box<Once>),
}

/// A canary that was found.
#[derive(Debug)]
pub struct Once {
    sources: Sources,
    settings: LiveSettings,
    clock: Clock,
    rollout: Rollout,
    identity: IncidentIdentity,
    started_at: DateTime<Utc>,
    troubles: Vec<Trouble>,
    named: NamedRepository,
}

impl Once {
    /// Finds the Rollout's canary and what is wrong with it by status alone. Of `settings` the limits, the allowed repositories and the
    /// redactor count.
    ///
    /// # Errors
    /// When the Rollout cannot be read; what else cannot be read is named by the case.
    pub async fn look(
        sources: Sources,
        settings: Settings,
        clock: Clock,
        reference: &RolloutRef,
    ) -> Result<Look, Failure> {
        let read = within(READ, "read the Rollout", sources.cluster.rollout(reference)).await?;
        let Some(rollout) = read else { return Ok(Look::NoRollout) };
        let Some(canary) = rollout.canary().cloned() else { return Ok(Look::NoCanary(Box::new(rollout))) };
        let (runs, pods) = around(&sources, &rollout, &canary).await;
        let now = clock.now();
        let started_at = attempt_start(&rollout, &canary, &runs, &pods, now);
        let named = named(&rollout, &canary, &runs);
        let runs = runs.into_iter().filter(|run| is_of(run, &canary, started_at)).collect();
        let troubles = troubles(&sources, &rollout, started_at, runs, pods, now);
        let identity = identity(&sources, &rollout, canary).await?;
        let settings = LiveSettings::from(settings);
        let once = Self { sources, settings, clock, rollout, identity, started_at, troubles, named };
        Ok(Look::Canary(Box::new(once)))
    }

    /// The Rollout.
    pub fn rollout(&self) -> &Rollout {
        &self.rollout
    }

    /// What it is.
    pub fn identity(&self) -> &IncidentIdentity {
        &self.identity
    }

    /// What is wrong by status; empty when nothing is.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// What names the repository.
    pub fn named(&self) -> &NamedRepository {
        &self.named
    }

    /// How the attempt has ended, where it has.
    pub fn end(&self) -> Option<RunEnd> {
        run_end(&self.rollout, self.started_at)
    }

    /// The case of what is there now, the git range included. It is kept nowhere.
    ///
    /// # Errors
    /// When nothing can be had at all.
    pub async fn gather(&self) -> Result<CaseFile, Failure> {
        let gatherer = Gatherer::new(
            self.sources.clone(),
            self.settings.clone(),
            self.clock.clone(),
            Arc::new(Sightings::default()),
            Arc::new(Semaphore::new(1)),
        );
        let subject = Subject {
            identity: self.identity.clone(),
            attempt: AttemptNumber::FIRST,
            stage: Stage::AtEnd,
            from: self.started_at,
            troubles: self.troubles.clone(),
            named: self.named.clone(),
            follows: None,
        };
        let mut case = gatherer.gather(subject).await?.case;
        // The daemon compares logs while they come; here they are compared once, when they are there.
        let (canary, stable) = (logs(&case, Side::Canary), logs(&case, Side::Stable));
        let digest = self.sources.digest.clone();
        let compared = tokio::task::spawn_blocking(move || digest.log_troubles(&canary, &stable)).await;
        case.header.troubles.extend(compared.unwrap_or_default());
        Ok(case)
    }
}

async fn around(sources: &Sources, rollout: &Rollout, canary: &PodHash) -> (Vec<AnalysisRun>, Vec<Pod>) {
    let cluster = &sources.cluster;
    let (runs, pods) = futures::join!(
        within(READ, "read AnalysisRuns", cluster.analysis_runs(rollout)),
        within(READ, "read the canary's pods", cluster.pods(&rollout.rollout.namespace, canary, MOST_PODS))
    );
    // What cannot be read here is read again for the case, which names it as missing.
    (runs.unwrap_or_default(), pods.unwrap_or_default())
}

fn is_of(run: &AnalysisRun, canary: &PodHash, started_at: DateTime<Utc>) -> bool {
    run.canary.as_ref() == Some(canary) && run.created_at >= started_at
}

fn troubles(
    sources: &Sources,
    rollout: &Rollout,
    started_at: DateTime<Utc>,
    runs: Vec<AnalysisRun>,
    pods: Vec<Pod>,
    now: DateTime<Utc>,
) -> Vec<Trouble> {
    let observation = Observation {
        rollout: Rollout { abort: taken_up(rollout).cloned(), ..rollout.clone() },
        attempt_started_at: started_at,
        runs,
        pods,
        at: now,
    };
    let mut troubles = sources.digest.troubles(&observation);
    if let (true, Some(RunEnd::Aborted(message))) = (troubles.is_empty(), run_end(rollout, started_at)) {
        troubles.push(Trouble::Aborted { message });
    }
    troubles
}

/// Whoever asks once need not be allowed to tell this cluster from others: the id of a case that is kept nowhere joins nothing.
async fn identity(
    sources: &Sources,
    rollout: &Rollout,
    canary: PodHash,
) -> Result<IncidentIdentity, Failure> {
    let cluster: ClusterId = match sources.cluster.cluster_id().await {
        Ok(cluster) => cluster,
        Err(failure) => rollout.uid.as_str().parse().map_err(|_| failure)?,
    };
    Ok(IncidentIdentity { cluster, rollout: rollout.rollout.clone(), uid: rollout.uid.clone(), canary })
}

fn logs(case: &CaseFile, side: Side) -> Vec<LogExcerpt> {
    let logs = case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
        ExhibitBody::Log { log } if log.side == side => Some(log.clone()),
        _ => None,
    });
    logs.collect()
}
