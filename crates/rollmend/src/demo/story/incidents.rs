//! News from the daemon, as its journal has them.

use std::collections::{BTreeMap, BTreeSet};

use domain::ports::{CaseStore, Digest, Journal};
use domain::workflow::{Event, Run, State};
use domain::{
    Brief, CaseFile, CaseId, ExhibitBody, Grounds, IncidentId, MetricProblem, Proposal, RangeFinding, Stage,
    Suspect, SuspectReason, Trouble, Verdict,
};
use evidence::Evidence as Rules;
use miette::miette;

use super::super::happening::{Digested, Evidence, Happening, PatchedFile};
use super::{Cast, Told};

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct IncidentNews {
    events: BTreeMap<IncidentId, usize>,
    runs: Vec<Run>,
    verdict: Option<Box<Verdict>>,
    troubles: BTreeSet<String>,
}

impl IncidentNews {
    /// How many incidents there are.
    pub(super) fn count(&self) -> usize {
        self.runs.len()
    }

    /// Whether the incident has come to its end.
    pub(super) fn ended(&self) -> bool {
        self.runs.first().is_some_and(|run| run.state.name().is_final())
    }

    /// The reasons under which an Event says how it ended; none while it goes on.
    pub(super) fn announced_as(&self) -> &'static [&'static str] {
        match self.runs.first().map(|run| &run.state) {
            Some(State::Proposed { .. }) => &["FixProposed"],
            Some(State::Explained { .. }) => &["NoFixProposed", "CanaryExplained"],
            Some(State::Escalated { .. }) => &["HumanNeeded"],
            Some(State::Declined { .. }) => &["FixDeclined"],
            _ => &[],
        }
    }

    /// Where it stands, in words.
    pub(super) fn standing(&self) -> String {
        match self.runs.first() {
            None => "the daemon has no incident".to_owned(),
            Some(run) => match &run.state {
                State::Explained { why } => format!("the incident is explained: {why}"),
                State::Escalated { reason } => format!("the incident is escalated: {reason}"),
                state => format!("the incident is {}", state.name()),
            },
        }
    }

    /// The story has a pull request at its end, or it failed.
    pub(super) fn check_proposed(&self) -> miette::Result<()> {
        match self.runs.first().map(|run| &run.state) {
            Some(State::Proposed { .. }) => Ok(()),
            _ => Err(miette!("expected a pull request; {}", self.standing())),
        }
    }

    /// The story has an explanation and no pull request at its end, or it failed.
    pub(super) fn check_explained(&self) -> miette::Result<()> {
        match self.runs.first().map(|run| &run.state) {
            Some(State::Explained { .. }) => Ok(()),
            _ => Err(miette!("expected an explanation alone; {}", self.standing())),
        }
    }

    pub(super) fn told(&self) -> Told {
        let Some(run) = self.runs.first() else { return Told::default() };
        Told {
            incident: Some(run.id.to_string()),
            case: run.last_case.clone().or_else(|| run.first_case.clone()),
            branch: run.proposed.as_ref().map(|(_, pull_request)| pull_request.branch.to_string()),
        }
    }

    /// What is new.
    pub(super) async fn gather(&mut self, cast: &Cast<'_>) -> miette::Result<Vec<Happening>> {
        let journal = cast.daemon.journal();
        self.runs = journal.runs().await.map_err(|failure| miette!("{}", failure.sentence()))?;
        let mut news = vec![];
        for run in self.runs.clone() {
            let history =
                journal.history(&run.id).await.map_err(|failure| miette!("{}", failure.sentence()))?;
            let seen = self.events.insert(run.id.clone(), history.len()).unwrap_or(0);
            for recorded in history.into_iter().skip(seen) {
                news.extend(self.happenings(cast, &run, recorded.event).await?);
            }
        }
        Ok(news)
    }

    async fn happenings(
        &mut self,
        cast: &Cast<'_>,
        run: &Run,
        event: Event,
    ) -> miette::Result<Vec<Happening>> {
        Ok(match event {
            Event::CaseFrozen { case, stage, .. } => {
                let (file, brief) = read(cast, &case).await?;
                let pods_left = cast.stage.pods_of(run.identity.canary.as_str());
                let frozen = Happening::EvidenceFrozen(frozen(&file, &brief, stage, pods_left));
                self.troubled(run).into_iter().chain([frozen]).collect()
            }
            Event::VerdictReached { verdict, stage, .. } => self.judged(cast, verdict, stage).await?,
            Event::PatchMade { proposal } => {
                let author = self.author(cast, &proposal).await?;
                vec![patched(&proposal, author)]
            }
            Event::PatchRefused { why } => {
                vec![Happening::CouldNotGoOn { reason: format!("failed to {why}") }]
            }
            Event::ProposalOpened { pull_request, .. } => vec![Happening::PullRequestOpened {
                number: pull_request.number.0,
                url: pull_request.url,
                branch: pull_request.branch.to_string(),
            }],
            Event::EffectFailed { reason } => vec![Happening::CouldNotGoOn { reason }],
            Event::Detected { .. }
            | Event::RunEnded { .. }
            | Event::ProposalDeclined { .. }
            | Event::Retried { .. }
            | Event::Passed
            | Event::Superseded { .. }
            | Event::EffectDone => vec![],
        })
    }

    /// Troubles that were not told yet. They are told with the evidence, because several may come at once.
    fn troubled(&mut self, run: &Run) -> Option<Happening> {
        let words: BTreeSet<String> = run.troubles.iter().map(in_words).collect();
        let new: Vec<String> = words.into_iter().filter(|word| self.troubles.insert(word.clone())).collect();
        (!new.is_empty()).then(|| Happening::TroubleSeen { incident: run.id.to_string(), troubles: new })
    }

    /// The verdict at the failure in a row, the one at the end whole.
    async fn judged(
        &mut self,
        cast: &Cast<'_>,
        verdict: Box<Verdict>,
        stage: Stage,
    ) -> miette::Result<Vec<Happening>> {
        let (_, brief) = read(cast, &verdict.case).await?;
        self.verdict = Some(verdict.clone());
        if stage == Stage::AtTrouble {
            return Ok(vec![Happening::CauseSuspected {
                category: verdict.category.to_string(),
                confidence: verdict.confidence.get(),
                root_cause: verdict.root_cause,
            }]);
        }
        Ok(vec![Happening::Digested(digested(&brief)), Happening::CauseFound { verdict }])
    }

    async fn author(&self, cast: &Cast<'_>, proposal: &Proposal) -> miette::Result<Option<String>> {
        let Some(verdict) = &self.verdict else { return Ok(None) };
        let (file, _) = read(cast, &verdict.case).await?;
        let commits = file.exhibits.iter().flat_map(|exhibit| match &exhibit.body {
            ExhibitBody::Range { range, .. } => range.commits.as_slice(),
            _ => &[],
        });
        let mut reverted = commits.filter(|commit| commit.sha == proposal.patch.reverts);
        Ok(reverted.next().map(|commit| format!("\"{}\" by {}", commit.subject, commit.author)))
    }
}

async fn read(cast: &Cast<'_>, id: &CaseId) -> miette::Result<(CaseFile, Brief)> {
    let file = cast.cases.get(id).await.map_err(|failure| miette!("{}", failure.sentence()))?;
    let brief = Rules::default().brief(&file, id);
    Ok((file, brief))
}

fn in_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::MetricFailed { metric, .. } => format!("metric {metric} failed"),
        Trouble::MetricErrored { metric, .. } => format!("metric {metric} could not be measured"),
        Trouble::OomKilled { container, .. } => {
            format!("container {container} was killed at its memory limit")
        }
        Trouble::Aborted { .. } => "the Rollout was aborted".to_owned(),
        Trouble::LogErrors { .. } => "an error in the canary's log that stable does not have".to_owned(),
        other => other.class().replace('-', " "),
    }
}

fn frozen(file: &CaseFile, brief: &Brief, stage: Stage, canary_pods_left: usize) -> Evidence {
    Evidence {
        case: brief.case.to_string(),
        at_end: stage == Stage::AtEnd,
        exhibits: file.exhibits.len(),
        canary_lines: brief.volume.canary_lines,
        stable_lines: brief.volume.stable_lines,
        canary_pods: brief.volume.canary_pods,
        stable_pods: brief.volume.stable_pods,
        missing: file.missing.len(),
        canary_pods_left,
    }
}

fn digested(brief: &Brief) -> Digested {
    let (commits, suspects) = match &brief.range {
        RangeFinding::Known { commits, suspects, .. } => {
            (*commits, suspects.iter().filter(|suspect| has_evidence(suspect)).count())
        }
        RangeFinding::Unknown { .. } => (0, 0),
    };
    let metrics =
        |is: fn(MetricProblem) -> bool| brief.metrics.iter().filter(|metric| is(metric.problem)).count();
    Digested {
        new_traces: brief.traces.iter().filter(|trace| trace.novelty.is_against_canary()).count(),
        new_templates: brief.templates.iter().filter(|template| template.novelty.is_against_canary()).count(),
        metrics: metrics(|problem| problem == MetricProblem::Failed),
        unmeasured: metrics(|problem| problem != MetricProblem::Failed),
        commits,
        suspects,
    }
}

/// Whether anything but its being in the range speaks against it.
fn has_evidence(suspect: &Suspect) -> bool {
    let made_a_difference = |reason: &SuspectReason| matches!(reason, SuspectReason::SpecInLines { .. });
    suspect.grounds != Grounds::Weak || suspect.reasons.iter().any(made_a_difference)
}

fn patched(proposal: &Proposal, commit: Option<String>) -> Happening {
    let patch = &proposal.patch;
    let file = |file: &domain::PatchedFile| PatchedFile {
        path: file.path.clone(),
        added: file.added,
        removed: file.removed,
    };
    Happening::PatchMade {
        kind: patch.kind,
        reverts: patch.reverts.short().to_string(),
        commit: commit.unwrap_or_default(),
        files: patch.files.iter().map(file).collect(),
        base: patch.base.to_string(),
    }
}
