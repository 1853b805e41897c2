//! What GitHub knows: accounts, repositories, pull requests, comments. No HTTP here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::GitHubError;
use super::account::{Anonymous, Token};
use super::bare;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Who sees a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone who may call at all.
    Public,
    /// Those whose token reaches it; to others it does not exist.
    Private,
}

/// Whether a repository takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It does.
    Active,
    /// It does not, and says so.
    Archived,
}

/// Whether a pull request asks for review yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not yet.
    Draft,
    /// It does.
    Ready,
}

/// Where a pull request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullState {
    /// It can be merged or closed.
    Open,
    /// Closed without a merge, at this time.
    Closed(DateTime<Utc>),
    /// Merged.
    Merged {
        /// When.
        at: DateTime<Utc>,
        /// By which login.
        by: String,
        /// Into which commit of the base branch.
        commit: String,
    },
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its id over all repositories.
    pub id: u64,
    /// Its number in the repository.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The body, Markdown.
    pub body: Option<String>,
    /// The login whose repository holds the head branch; another one than the repository's owner for a fork.
    pub head_owner: String,
    /// The head branch. It stays recorded when the branch is gone.
    pub head: String,
    /// The head's commit, as of the last push while the pull request was open.
    pub head_sha: String,
    /// The base branch.
    pub base: String,
    /// The base branch's commit when the pull request was opened.
    pub base_sha: String,
    /// Draft or ready.
    pub stage: Stage,
    /// Open, closed or merged.
    pub state: PullState,
    /// Who opened it.
    pub author: String,
    /// The names of its labels, in order.
    pub labels: Vec<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Pull {
    /// `owner:branch`, what the `head` filter of the REST API compares.
    pub fn head_label(&self) -> String {
        format!("{}:{}", self.head_owner, self.head)
    }
}

/// A comment on an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id over all repositories.
    pub id: u64,
    /// The number of the issue or pull request.
    pub number: u64,
    /// Who wrote it.
    pub author: String,
    /// The text, Markdown.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// One repository and all that belongs to it.
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) visibility: Visibility,
    pub(super) activity: Activity,
    pub(super) protected: BTreeSet<String>,
    pub(super) pulls: Vec<Pull>,
    pub(super) comments: Vec<Comment>,
    pub(super) labels: BTreeMap<String, u64>,
    pub(super) created_at: DateTime<Utc>,
    /// Names that the repository had before, lowercase.
    pub(super) former_names: Vec<String>,
}

impl Repository {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(super) fn git(&self) -> Result<git2::Repository, git2::Error> {
        git2::Repository::open_bare(&self.path)
    }

    pub(super) fn pull(&self, number: u64) -> Option<&Pull> {
        self.pulls.iter().find(|pull| pull.number == number)
    }

    pub(super) fn pull_mut(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number == number)
    }

    /// Brings the open pull requests up to date with the branches, which a push may have moved since: a head that moved
    /// is followed, a head that is gone closes its pull request, one that the base has come to contain merges it.
    pub(super) fn sync(&mut self, now: DateTime<Utc>) -> Result<(), git2::Error> {
        let git = self.git()?;
        for pull in self.pulls.iter_mut().filter(|pull| pull.state == PullState::Open) {
            if pull.head_owner != self.owner {
                continue;
            }
            let (head, base) = (bare::tip(&git, &pull.head), bare::tip(&git, &pull.base));
            let (Some(head), Some(base)) = (head, base) else {
                pull.state = PullState::Closed(now);
                pull.updated_at = now;
                continue;
            };
            if head.to_string() != pull.head_sha {
                pull.head_sha = head.to_string();
                pull.updated_at = now;
            }
            record_head(&git, pull)?;
            if bare::ahead(&git, base, head)?.is_empty() {
                let by = pull.author.clone();
                pull.state = PullState::Merged { at: now, by, commit: base.to_string() };
                pull.updated_at = now;
            }
        }
        Ok(())
    }
}

/// Keeps `refs/pull/N/head`, through which a pull request's commits stay reachable after its branch is gone.
pub(super) fn record_head(git: &git2::Repository, pull: &Pull) -> Result<(), git2::Error> {
    let name = format!("refs/pull/{}/head", pull.number);
    git.reference(&name, git2::Oid::from_str(&pull.head_sha)?, true, "the head of a pull request")?;
    Ok(())
}

/// All that one GitHub knows.
pub(super) struct World {
    pub(super) tokens: Vec<Token>,
    pub(super) anonymous: Anonymous,
    pub(super) repositories: Vec<Repository>,
    pub(super) clock: Clock,
    last_id: u64,
}

impl World {
    pub(super) fn new(tokens: Vec<Token>, anonymous: Anonymous, clock: Clock) -> Self {
        Self { tokens, anonymous, repositories: Vec::new(), clock, last_id: 1000 }
    }

    /// Now, in whole seconds as GitHub tells the time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let now = (self.clock)();
        DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    }

    /// A fresh id.
    pub(super) fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The repository with this full name (case does not matter).
    pub(super) fn find(&self, full_name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.full_name().eq_ignore_ascii_case(full_name))
    }

    /// The same, brought up to date with its branches.
    pub(super) fn fresh(&mut self, full_name: &str) -> Result<&mut Repository, GitHubError> {
        let now = self.now();
        let repository = self.stale(full_name)?;
        repository.sync(now)?;
        Ok(repository)
    }

    /// The same as it was last seen, whatever its branches have become since.
    pub(super) fn stale(&mut self, full_name: &str) -> Result<&mut Repository, GitHubError> {
        self.repositories
            .iter_mut()
            .find(|repository| repository.full_name().eq_ignore_ascii_case(full_name))
            .ok_or_else(|| GitHubError::Unknown(full_name.to_owned()))
    }

    /// The repository that had this full name before it was renamed.
    pub(super) fn renamed(&self, full_name: &str) -> Option<&Repository> {
        let full_name = full_name.to_ascii_lowercase();
        self.repositories.iter().find(|repository| repository.former_names.contains(&full_name))
    }

    /// Adds a repository whose bare clone lies at `path`; `full_name` is `owner/name`.
    pub(super) fn add(&mut self, full_name: &str, path: PathBuf) -> Result<(), GitHubError> {
        let (owner, name) =
            full_name.split_once('/').ok_or_else(|| GitHubError::Name(full_name.to_owned()))?;
        let (id, created_at) = (self.id(), self.now());
        self.repositories.push(Repository {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            path,
            visibility: Visibility::Private,
            activity: Activity::Active,
            protected: BTreeSet::new(),
            pulls: Vec::new(),
            comments: Vec::new(),
            labels: BTreeMap::new(),
            created_at,
            former_names: Vec::new(),
        });
        Ok(())
    }
}
