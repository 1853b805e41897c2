//! The forge, the code and Prometheus.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Code, Forge, HunkAt, Metrics, Pushed, TracedRange};
use domain::{
    Ancestry, BranchName, CommitRange, CommitSha, Failure, NoPatch, Patch, Point, Proposal, PullRequest,
    PullRequestNumber, PullRequestState, Repository, Revision,
};

use super::Hold;
use super::nouns::{HEAD, REVERT, SUSPECT, US};

#[async_trait]
impl Code for Hold {
    async fn range(
        &self,
        _: &Repository,
        stable: &[Revision],
        canary: &[Revision],
    ) -> Result<TracedRange, Failure> {
        self.call("range").await?;
        Ok(TracedRange {
            stable: stable[0].clone(),
            canary: canary[0].clone(),
            range: CommitRange {
                stable: REVERT.replace('9', "1").parse().unwrap(),
                canary: HEAD.parse().unwrap(),
                ancestry: Ancestry::Descendant,
                commits: vec![],
                left_out: 0,
            },
        })
    }

    async fn revert(
        &self,
        _: &Repository,
        _: &CommitSha,
        _: &CommitSha,
        _: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        self.write("revert", |state| {
            state.knows_commit = true;
            Ok(Ok(patch()))
        })
        .await
    }

    async fn revert_hunks(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        _: &[HunkAt],
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        self.revert(repository, suspect, canary, message).await
    }

    async fn push(&self, _: &Repository, branch: &BranchName, patch: &Patch) -> Result<Pushed, Failure> {
        self.write("push", |state| {
            if let Some(there) = state.branches.get(branch) {
                return Ok(Pushed::AlreadyThere(there.clone()));
            }
            if !state.knows_commit {
                return Err(Failure::give_up("commit-missing", "push: the commit is not in the clone"));
            }
            state.branches.insert(branch.clone(), patch.commit.clone());
            Ok(Pushed::Created(patch.commit.clone()))
        })
        .await
    }
}

pub(crate) fn patch() -> Patch {
    Patch {
        base: "main".parse().unwrap(),
        base_commit: HEAD.parse().unwrap(),
        commit: REVERT.parse().unwrap(),
        reverts: SUSPECT.parse().unwrap(),
        kind: domain::PatchKind::Revert,
        flagged: vec![],
        files: vec![],
        diff: String::new(),
    }
}

#[async_trait]
impl Forge for Hold {
    async fn login(&self, _: &Repository) -> Result<String, Failure> {
        self.call("login").await?;
        Ok(US.to_uppercase())
    }

    async fn find(&self, _: &Repository, branch: &BranchName) -> Result<Vec<PullRequest>, Failure> {
        self.call("find").await?;
        let state = self.world.state();
        Ok(state.pulls.iter().rev().filter(|pull| pull.branch == *branch).cloned().collect())
    }

    async fn open(&self, proposal: &Proposal) -> Result<PullRequest, Failure> {
        self.write("open", |state| {
            let Some(head) = state.branches.get(&proposal.branch) else {
                return Err(Failure::give_up("no-head", "open a pull request: the branch is not there"));
            };
            let number = PullRequestNumber(state.pulls.len() as u64 + 1);
            let pull = PullRequest {
                number,
                url: format!("https://github.com/acme/shop/pull/{}", number.0),
                author: US.to_owned(),
                branch: proposal.branch.clone(),
                head: head.clone(),
                state: PullRequestState::Open,
            };
            // Like GitHub, it does not look whether there is one already: two would be two.
            state.pulls.push(pull.clone());
            Ok(pull)
        })
        .await
    }

    async fn comment_once(
        &self,
        _: &Repository,
        number: PullRequestNumber,
        marker: &str,
        body: &str,
    ) -> Result<(), Failure> {
        self.write("comment", |state| {
            if !state.comments.iter().any(|(on, text)| *on == number && text.contains(marker)) {
                state.comments.push((number, body.to_owned()));
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Metrics for Hold {
    async fn instant(&self, query: &str, at: DateTime<Utc>) -> Result<Option<Point>, Failure> {
        self.call("instant").await?;
        let mut state = self.world.state();
        state.queries.push(query.to_owned());
        Ok(state.requests.map(|count| Point { at, value: count.to_string() }))
    }

    async fn range(&self, query: &str, from: DateTime<Utc>, _: DateTime<Utc>) -> Result<Vec<Point>, Failure> {
        self.call("series").await?;
        self.world.state().queries.push(query.to_owned());
        Ok(vec![Point { at: from, value: "0.189".to_owned() }])
    }
}
