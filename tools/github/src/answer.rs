//! What GitHub answers, cut to what is used. Everything in it is hostile but the types.

use serde::{Deserialize, Serialize};

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Account {
    pub(crate) login: String,
}

/// A repository.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RepositoryId {
    pub(crate) id: u64,
}

/// One side of a pull request. The repository is absent when it was deleted.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct End {
    #[serde(rename = "ref")]
    pub(crate) branch: String,
    pub(crate) sha: String,
    pub(crate) repo: Option<RepositoryId>,
}

/// A pull request. The author is absent when the account was deleted.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) html_url: String,
    pub(crate) state: State,
    pub(crate) merged_at: Option<String>,
    pub(crate) user: Option<Account>,
    pub(crate) head: End,
    pub(crate) base: End,
}

/// Open or closed; merged ones are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Open,
    Closed,
}

/// A comment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Comment {
    pub(crate) body: Option<String>,
    pub(crate) user: Option<Account>,
}

/// A pull request to be opened.
#[derive(Debug, Serialize)]
pub(crate) struct NewPull<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    pub(crate) head: &'a str,
    pub(crate) base: &'a str,
    pub(crate) draft: bool,
}

/// A comment to be written.
#[derive(Debug, Serialize)]
pub(crate) struct NewComment<'a> {
    pub(crate) body: &'a str,
}

/// Labels to be added.
#[derive(Debug, Serialize)]
pub(crate) struct NewLabels<'a> {
    pub(crate) labels: &'a [String],
}
