//! What an analyzer may read of the repository of a case: the range as it was frozen, and the diffs of its commits.
//!
//! The case decides what can be asked for: its own range, and a repository that it found allowed. No tool takes a repository, a
//! branch or a file of this machine.

mod git_range;
mod show_commit;

use std::sync::Arc;

use domain::ports::CaseTools;
use domain::{CaseFile, CommitRange, ExhibitBody, ExhibitId, Redactor, Revision, Tool, ToolFailure};

use crate::code::BareClones;
use git_range::GitRange;
use show_commit::ShowCommit;

/// `git_range` and `show_commit` over a case.
pub struct RepoTools {
    clones: Option<(BareClones, Redactor)>,
}

impl RepoTools {
    /// Over the case, and over the clone of its repository for diffs, which go through the redactor as the case's evidence did.
    pub fn new(clones: BareClones, redactor: Redactor) -> Self {
        Self { clones: Some((clones, redactor)) }
    }

    /// Over the case alone, for one that is read away from its repository.
    pub fn frozen() -> Self {
        Self { clones: None }
    }
}

impl CaseTools for RepoTools {
    fn tools(&self, case: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>> {
        vec![
            Arc::new(GitRange { case: Arc::clone(case) }),
            Arc::new(ShowCommit { case: Arc::clone(case), clones: self.clones.clone() }),
        ]
    }
}

/// The frozen range of a case.
struct Frozen<'a> {
    exhibit: ExhibitId,
    stable: &'a Revision,
    canary: &'a Revision,
    range: &'a CommitRange,
}

impl<'a> Frozen<'a> {
    fn of(case: &'a CaseFile) -> Result<Self, ToolFailure> {
        let found = case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Range { stable, canary, range } => {
                Some(Self { exhibit: exhibit.id, stable, canary, range })
            }
            _ => None,
        });
        found.ok_or_else(|| {
            let why = case.missing.iter().find(|missing| missing.what.contains("commits between"));
            let why = why.map_or("it was not read yet", |missing| missing.why.as_str());
            ToolFailure::Model(format!("the case holds no git range: {why}"))
        })
    }
}
