//! One commit of the range with its diff, from the clone of the case's repository.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    CaseFile, CommitSha, Redactor, Repository, RepositoryStanding, Tool, ToolAccess, ToolFailure, ToolOutput,
    arguments, schema_of,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Frozen;
use crate::code::{BareClones, Workplace};
use crate::commits::{self, may_be_id};
use crate::fault::Doing;
use crate::revert::paths::no_name;
use crate::words;

/// Ids that are told where one is not of the range.
const TOLD: usize = 20;

/// Shows a commit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The commit's id as `git_range` shows it, at least 7 digits.
    sha: String,
    /// Only what it changed in this file or below this directory.
    path: Option<String>,
    /// The first line of the diff to show, from 1; 1 when absent.
    from: Option<usize>,
}

pub(super) struct ShowCommit {
    pub(super) case: Arc<CaseFile>,
    pub(super) clones: Option<(BareClones, Redactor)>,
}

#[async_trait]
impl Tool for ShowCommit {
    fn name(&self) -> &'static str {
        "show_commit"
    }

    fn description(&self) -> &'static str {
        "Shows the message of a commit of the range and its diff against its first parent. The diff is no exhibit and cannot be \
         quoted in a claim; cite the exhibit of the range for the commit itself."
    }

    fn schema(&self) -> Value {
        schema_of::<Wanted>()
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let wanted: Wanted = arguments(given)?;
        let sha = self.in_range(&wanted.sha)?;
        let path = wanted.path.map(|path| path.trim_end_matches('/').to_owned());
        if let Some(rule) = path.as_deref().and_then(|path| no_name(path.as_bytes())) {
            return Err(ToolFailure::Model(format!("the path {rule}: name it as git_range does")));
        }
        let (repository, clones, redactor) = self.repository()?;
        let from = wanted.from.unwrap_or(1);
        let work = move |place: &mut Workplace| Ok(shown(place, &sha, path.as_deref(), from));
        let output = clones.run(repository, Doing::Fetch, work).await??;
        Ok(ToolOutput { text: redactor.text(&output.text), rest: output.rest })
    }
}

impl ShowCommit {
    /// The one commit of the frozen range that an id names.
    fn in_range(&self, text: &str) -> Result<CommitSha, ToolFailure> {
        let range = Frozen::of(&self.case)?.range;
        let wanted = text.to_ascii_lowercase();
        let mut fitting = range.commits.iter().filter(|commit| commit.sha.as_str().starts_with(&wanted));
        match (may_be_id(text), fitting.next(), fitting.next()) {
            (true, Some(commit), None) => Ok(commit.sha.clone()),
            _ => {
                let ids: Vec<&str> =
                    range.commits.iter().take(TOLD).map(|commit| commit.sha.short()).collect();
                let text = words::line(text.as_bytes(), 60);
                Err(ToolFailure::Model(format!(
                    "{text} is no commit of the range, which holds {}",
                    ids.join(", ")
                )))
            }
        }
    }

    fn repository(&self) -> Result<(&Repository, &BareClones, &Redactor), ToolFailure> {
        let refuse = |why: &str| {
            ToolFailure::Model(format!("no diff can be shown: {why}; git_range has the files and lines"))
        };
        let repository = match &self.case.header.repository {
            RepositoryStanding::Allowed { repository } => repository,
            RepositoryStanding::NotNamed => return Err(refuse("nothing names the repository")),
            RepositoryStanding::Refused { .. } => {
                return Err(refuse("the repository is not one that may be read"));
            }
        };
        match &self.clones {
            Some((clones, redactor)) => Ok((repository, clones, redactor)),
            None => Err(refuse("the case is read away from its repository")),
        }
    }
}

fn shown(
    place: &Workplace,
    sha: &CommitSha,
    path: Option<&str>,
    from: usize,
) -> Result<ToolOutput, ToolFailure> {
    let upstream = place.upstream();
    let Some(commit) = Workplace::commit(&upstream, sha)? else {
        let short = sha.short();
        return Err(ToolFailure::Model(format!(
            "{short} is no longer in the repository; git_range has its files"
        )));
    };
    commits::show(upstream.clone, upstream.limits, &commit, &commits::Wanted { path, from })
}
