//! What is left of a scenario that was played: all that a scorer sees.

use domain::ports::RecordedEvent;
use domain::workflow::{Event, Run};
use domain::{CaseFile, CaseId, Cost, Patch};
use serde::Deserialize;

use crate::commit::{Commit, Tree};

/// What is left.
#[derive(Debug, Clone, PartialEq)]
pub struct Remains {
    /// How the command ended.
    pub ended: Ended,
    /// What `rollmend incidents --json` lists.
    pub incidents: Vec<Listed>,
    /// What `show` and `export` tell of the incident that changed last.
    pub incident: Option<Incident>,
    /// What the gate answered while the scenario was played.
    pub gate: Option<GateAnswer>,
    /// The pull requests of the repository, by number.
    pub pull_requests: Vec<PullRequest>,
    /// The commits of the repository's base branch, newest first.
    pub commits: Vec<Commit>,
    /// What models cost.
    pub cost: Cost,
    /// How long the command took, in milliseconds.
    pub took_ms: u64,
}

/// How the command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With exit code 0.
    Well,
    /// Otherwise.
    Badly {
        /// What it said at its end.
        said: String,
    },
}

/// A row of `rollmend incidents --json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// The incident's id.
    pub id: String,
    /// Where it stands.
    pub state: String,
}

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its state.
    pub run: Run,
    /// Its events, oldest first.
    pub history: Vec<RecordedEvent>,
    /// The case files of its export.
    pub exported: Vec<Exported>,
    /// What `rollmend replay` made of the export.
    pub replayed: Replayed,
}

/// A case file of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The digest of its bytes.
    pub id: CaseId,
    /// The case.
    pub case: CaseFile,
}

/// What judging the export again led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The same digests and verdicts.
    Same,
    /// Something else.
    Differs {
        /// What was said.
        said: String,
    },
}

/// An answer of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateAnswer {
    /// HTTP's status.
    pub status: u16,
    /// `promote`, where the answer has it.
    pub promote: Option<bool>,
}

/// A pull request of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its head's tree.
    pub tree: Tree,
}

impl Remains {
    /// The verdict that stands, where there is one.
    pub fn verdict(&self) -> Option<&domain::Verdict> {
        self.incident.as_ref()?.run.verdict.as_deref()
    }

    /// The exported case that the verdict was made from.
    pub fn judged_case(&self) -> Option<&CaseFile> {
        let verdict = self.verdict()?;
        let exported = &self.incident.as_ref()?.exported;
        exported.iter().find(|exported| exported.id == verdict.case).map(|exported| &exported.case)
    }

    /// The patch that was proposed last.
    pub fn patch(&self) -> Option<&Patch> {
        let history = &self.incident.as_ref()?.history;
        history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::PatchMade { proposal } => Some(&proposal.patch),
            _ => None,
        })
    }

    /// A commit of the base branch.
    pub fn commit(&self, sha: &domain::CommitSha) -> Option<&Commit> {
        self.commits.iter().find(|commit| commit.sha == *sha)
    }
}
