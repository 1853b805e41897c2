//! What a person does on GitHub's own pages or from another machine, past the API under test.

use std::sync::Arc;

use git2::Oid;
use git2::build::TreeUpdateBuilder;

use super::rest::{NewPull, next_number, open};
use super::world::{Comment, Pull, PullState, Repository, Stage, World, record_head};
use super::{GitHubError, Shared, bare};

/// Someone with a login and every right; protected branches do not bind them.
#[derive(Clone)]
pub struct Human {
    shared: Arc<Shared>,
    login: String,
}

/// One commit to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The commit's message.
    pub message: &'a str,
    /// Paths with their new text; without one the file goes.
    pub files: &'a [(&'a str, Option<&'a str>)],
}

/// A pull request to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening<'a> {
    /// The title.
    pub title: &'a str,
    /// The body.
    pub body: &'a str,
    /// The head branch, of the same repository.
    pub head: &'a str,
    /// The base branch.
    pub base: &'a str,
}

impl Human {
    pub(super) fn new(shared: Arc<Shared>, login: &str) -> Self {
        Self { shared, login: login.to_owned() }
    }

    /// Pushes one commit to a branch and returns its sha. A branch that is not there begins at the default branch.
    ///
    /// # Errors
    /// When there is no such repository, or a path cannot be written.
    pub fn push(&self, full_name: &str, branch: &str, change: &Change<'_>) -> Result<String, GitHubError> {
        let mut world = self.shared.world();
        let at = world.now().timestamp();
        let repository = world.fresh(full_name)?;
        let git = repository.git()?;
        let start = bare::tip(&git, branch).or_else(|| bare::tip(&git, &bare::default_branch(&git)));
        let parent = start.map(|start| git.find_commit(start)).transpose()?;
        let tree = changed_tree(&git, parent.as_ref(), change)?;
        let who = signature(&self.login, at)?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let commit = git.commit(None, &who, &who, change.message, &git.find_tree(tree)?, &parents)?;
        git.reference(&format!("refs/heads/{branch}"), commit, true, "pushed by a human")?;
        world.fresh(full_name)?;
        Ok(commit.to_string())
    }

    /// Deletes a branch, which closes its open pull requests.
    ///
    /// # Errors
    /// When there is no such repository or branch.
    pub fn delete_branch(&self, full_name: &str, branch: &str) -> Result<(), GitHubError> {
        let mut world = self.shared.world();
        let git = world.fresh(full_name)?.git()?;
        git.find_branch(branch, git2::BranchType::Local)?.delete()?;
        world.fresh(full_name)?;
        Ok(())
    }

    /// Opens a pull request and returns its number.
    ///
    /// # Errors
    /// When GitHub's rules refuse it.
    pub fn open_pull(&self, full_name: &str, opening: &Opening<'_>) -> Result<u64, GitHubError> {
        let new = NewPull {
            title: opening.title.to_owned(),
            body: Some(opening.body.to_owned()),
            head: opening.head.to_owned(),
            base: opening.base.to_owned(),
            stage: Stage::Ready,
            author: self.login.clone(),
        };
        open(&mut self.shared.world(), full_name, new)
            .map_err(|refusal| GitHubError::Refused(refusal.sentence()))
    }

    /// Opens a pull request from a fork of their own, whose branch has the name and the commit of a branch here; as
    /// someone would who wants to pass for its author.
    ///
    /// # Errors
    /// When there is no such repository or branch.
    pub fn open_pull_from_fork(&self, full_name: &str, opening: &Opening<'_>) -> Result<u64, GitHubError> {
        let mut world = self.shared.world();
        let (id, now) = (world.id(), world.now());
        let repository = world.fresh(full_name)?;
        let git = repository.git()?;
        let tip =
            |branch: &str| bare::tip(&git, branch).ok_or_else(|| GitHubError::Unknown(branch.to_owned()));
        let (head_sha, base_sha) = (tip(opening.head)?.to_string(), tip(opening.base)?.to_string());
        let pull = Pull {
            id,
            number: next_number(repository),
            title: opening.title.to_owned(),
            body: Some(opening.body.to_owned()),
            head_owner: self.login.clone(),
            head: opening.head.to_owned(),
            head_sha,
            base: opening.base.to_owned(),
            base_sha,
            stage: Stage::Ready,
            state: PullState::Open,
            author: self.login.clone(),
            labels: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        record_head(&git, &pull)?;
        let number = pull.number;
        repository.pulls.push(pull);
        Ok(number)
    }

    /// Closes a pull request without merging it.
    ///
    /// # Errors
    /// When there is no such repository or open pull request.
    pub fn close_pull(&self, full_name: &str, number: u64) -> Result<(), GitHubError> {
        let mut world = self.shared.world();
        let now = world.now();
        let pull = open_pull(world.fresh(full_name)?, number)?;
        pull.state = PullState::Closed(now);
        pull.updated_at = now;
        Ok(())
    }

    /// Merges a pull request with a merge commit and returns its sha.
    ///
    /// # Errors
    /// When there is no such repository or open pull request, or it conflicts.
    pub fn merge_pull(&self, full_name: &str, number: u64) -> Result<String, GitHubError> {
        let mut world = self.shared.world();
        let now = world.now();
        let repository = world.fresh(full_name)?;
        let pull = open_pull(repository, number)?.clone();
        let merged = self.merge(&mut world, full_name, &pull)?;
        let pull = any_pull(world.stale(full_name)?, number)?;
        pull.state = PullState::Merged { at: now, by: self.login.clone(), commit: merged.to_string() };
        pull.updated_at = now;
        Ok(merged.to_string())
    }

    fn merge(&self, world: &mut World, full_name: &str, pull: &Pull) -> Result<Oid, GitHubError> {
        let at = world.now().timestamp();
        let git = world.stale(full_name)?.git()?;
        let base = bare::tip(&git, &pull.base).ok_or_else(|| GitHubError::Unknown(pull.base.clone()))?;
        let (ours, theirs) = (git.find_commit(base)?, git.find_commit(Oid::from_str(&pull.head_sha)?)?);
        let mut index = git.merge_commits(&ours, &theirs, None)?;
        if index.has_conflicts() {
            return Err(GitHubError::Refused("Pull Request is not mergeable".to_owned()));
        }
        let tree = git.find_tree(index.write_tree_to(&git)?)?;
        let who = signature(&self.login, at)?;
        let from = format!("{}/{}", pull.head_owner, pull.head);
        let message = format!("Merge pull request #{} from {from}\n\n{}", pull.number, pull.title);
        let name = format!("refs/heads/{}", pull.base);
        Ok(git.commit(Some(&name), &who, &who, &message, &tree, &[&ours, &theirs])?)
    }

    /// Comments on a pull request.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn comment(&self, full_name: &str, number: u64, body: &str) -> Result<(), GitHubError> {
        let mut world = self.shared.world();
        let (id, created_at) = (world.id(), world.now());
        let author = self.login.clone();
        let comment = Comment { id, number, author, body: body.to_owned(), created_at };
        world.fresh(full_name)?.comments.push(comment);
        Ok(())
    }
}

fn open_pull(repository: &mut Repository, number: u64) -> Result<&mut Pull, GitHubError> {
    let pull = any_pull(repository, number)?;
    match pull.state {
        PullState::Open => Ok(pull),
        PullState::Closed(_) | PullState::Merged { .. } => {
            Err(GitHubError::Refused(format!("pull request #{number} is not open")))
        }
    }
}

fn any_pull(repository: &mut Repository, number: u64) -> Result<&mut Pull, GitHubError> {
    repository.pull_mut(number).ok_or_else(|| GitHubError::Unknown(format!("pull request #{number}")))
}

fn changed_tree(
    git: &git2::Repository,
    parent: Option<&git2::Commit<'_>>,
    change: &Change<'_>,
) -> Result<Oid, git2::Error> {
    let before = match parent {
        Some(parent) => parent.tree()?,
        None => git.find_tree(git.treebuilder(None)?.write()?)?,
    };
    let mut update = TreeUpdateBuilder::new();
    for (path, text) in change.files {
        match text {
            Some(text) => update.upsert(*path, git.blob(text.as_bytes())?, git2::FileMode::Blob),
            None => update.remove(*path),
        };
    }
    update.create_updated(git, &before)
}

fn signature(login: &str, at: i64) -> Result<git2::Signature<'static>, git2::Error> {
    git2::Signature::new(login, &format!("{login}@users.noreply.github.com"), &git2::Time::new(at, 0))
}
