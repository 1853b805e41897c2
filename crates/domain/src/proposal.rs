//! A pull request before and after it exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{BranchName, CommitSha, IncidentId, PullRequestNumber};
use crate::patch::Patch;
use crate::repository::Repository;

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Where.
    pub repository: Repository,
    /// The head branch: `rollmend/<base>/<first 12 of the suspect's sha>`.
    pub branch: BranchName,
    /// What it changes.
    pub patch: Patch,
    /// Its title, at most 256 characters.
    pub title: String,
    /// Its body, Markdown, with [`Marker`] hidden in it.
    pub body: String,
}

/// The branch for a suspect, `rollmend/<base>/<first 12 of its sha>`: the same suspect has one pull request for any Rollout
/// and any cluster. A base so long that git's limit would be passed is left out of the name.
pub fn branch_for(base: &BranchName, suspect: &CommitSha) -> BranchName {
    let text = format!("rollmend/{base}/{}", suspect.twelve());
    text.parse().unwrap_or_else(|_| BranchName::trusted(format!("rollmend/{}", suspect.twelve())))
}

/// The hidden marker in a body: an HTML comment with the incident's id and the suspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The incident that opened it.
    pub incident: IncidentId,
    /// What it reverts.
    pub suspect: CommitSha,
}

impl std::fmt::Display for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<!-- rollmend incident={} suspect={} -->", self.incident, self.suspect)
    }
}

/// A pull request as the forge shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PullRequest {
    /// Its number.
    pub number: PullRequestNumber,
    /// Its page.
    pub url: String,
    /// The author's login.
    pub author: String,
    /// Its head branch.
    pub branch: BranchName,
    /// The head commit.
    pub head: CommitSha,
    /// Open, closed or merged.
    pub state: PullRequestState,
}

/// Open, closed or merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PullRequestState {
    /// Waits.
    Open,
    /// Closed unmerged: never opened again.
    Closed,
    /// Merged.
    Merged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_of_ours_is_below_rollmend_whatever_the_base_is_called() {
        let suspect: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let branch = |base: &str| branch_for(&base.parse().unwrap(), &suspect);
        assert_eq!(branch("main").as_str(), "rollmend/main/0123456789ab");
        let longest = branch(&"x".repeat(244));
        assert_eq!(longest.as_str(), "rollmend/0123456789ab");
        assert_eq!(longest.as_str().parse::<BranchName>().unwrap(), longest);
    }
}
