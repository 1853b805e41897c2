//! GitHub on a loopback port: the REST API and git over smart HTTP for the same repositories.
//!
//! State is in memory, repositories are bare ones on disk, and git itself serves them (`git http-backend`). The answers
//! are held to GitHub's published description by `check-github/run`; where that is silent, the module that answers names
//! its source.
//!
//! This module refuses to know who calls it and why: it has no shortcut for the product.

mod account;
mod bare;
mod human;
mod rest;
mod shape;
mod smart_http;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

pub use self::account::{Anonymous, Reach, Rights, Token};
pub use self::bare::Source;
pub use self::human::{Change, Human, Opening};
use self::rest::{Call, Meter};
pub use self::rest::{LimitStatus, RateLimit};
pub use self::world::{Activity, Clock, Comment, Pull, PullState, Stage, Visibility};
use self::world::{Repository, World};
use crate::wire::{Misdeed, Port, Wire};

/// What can go wrong while the double is set up or handled.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// There is no git to serve repositories with.
    #[error("run git, which serves the repositories: install git and put it on PATH")]
    NoGit(#[source] std::io::Error),
    /// A git command failed; its own words follow.
    #[error("run git: {0}")]
    Git(String),
    /// A repository could not be read or written.
    #[error("read or write a repository")]
    Repository(#[from] git2::Error),
    /// The directory of the repositories could not be written.
    #[error("write to the directory of the repositories")]
    Directory(#[source] std::io::Error),
    /// The port could not be bound.
    #[error("listen on the loopback port")]
    Listen(#[source] std::io::Error),
    /// A repository's name is not `owner/name`, or is taken.
    #[error(
        "use the repository name {0}: it must be owner/name, of letters, digits, '-', '_' and '.', and new"
    )]
    Name(String),
    /// There is no such repository, branch or pull request.
    #[error("find {0}")]
    Unknown(String),
    /// GitHub's own rules refuse it.
    #[error("do what GitHub refuses: {0}")]
    Refused(String),
}

/// How a double is started.
#[derive(Clone)]
pub struct GitHubOptions {
    /// The tokens it accepts.
    pub tokens: Vec<Token>,
    /// What callers without a token may do.
    pub anonymous: Anonymous,
    /// Where it listens.
    pub port: Port,
    /// Where the bare repositories go; a temporary directory, removed at the end, when absent.
    pub directory: Option<PathBuf>,
    /// How many REST requests are answered.
    pub rate_limit: RateLimit,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Default for GitHubOptions {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            anonymous: Anonymous::default(),
            port: Port::Any,
            directory: None,
            rate_limit: RateLimit::default(),
            clock: Arc::new(chrono::Utc::now),
        }
    }
}

impl GitHubOptions {
    /// The defaults with this one token, which may write everywhere.
    pub fn with_token(secret: &str, login: &str) -> Self {
        Self { tokens: vec![Token::new(secret, login, Rights::Write)], ..Self::default() }
    }
}

/// A handle on a running double; clones name the same one. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct GitHub {
    shared: Arc<Shared>,
    wire: Wire,
}

/// What requests and handles share.
struct Shared {
    world: Mutex<World>,
    meter: Mutex<Meter>,
    base: OnceLock<String>,
    directory: PathBuf,
    /// Removes the directory with the last handle.
    _temporary: Option<tempfile::TempDir>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GitHub {
    /// Starts a double without repositories.
    ///
    /// # Errors
    /// When git is not there, the directory cannot be written or the port cannot be bound.
    pub async fn start(options: GitHubOptions) -> Result<Self, GitHubError> {
        bare::run(&["--version".as_ref()]).await?;
        let (directory, temporary) = if let Some(directory) = options.directory {
            std::fs::create_dir_all(&directory).map_err(GitHubError::Directory)?;
            (directory, None)
        } else {
            let temporary = tempfile::tempdir().map_err(GitHubError::Directory)?;
            (temporary.path().to_owned(), Some(temporary))
        };
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(options.tokens, options.anonymous, options.clock)),
            meter: Mutex::new(Meter::new(options.rate_limit)),
            base: OnceLock::new(),
            directory,
            _temporary: temporary,
        });
        let router = axum::Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let wire = Wire::serve("github", router, options.port).await.map_err(GitHubError::Listen)?;
        shared.base.get_or_init(|| wire.url());
        Ok(Self { shared, wire })
    }

    /// The base of the REST API and of clone URLs, without a slash at the end.
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// The base of the REST API as GitHub Enterprise has it, `…/api/v3`.
    pub fn enterprise_api(&self) -> String {
        format!("{}/api/v3", self.wire.url())
    }

    /// Where a repository is cloned from.
    pub fn clone_url(&self, full_name: &str) -> String {
        format!("{}/{full_name}.git", self.wire.url())
    }

    /// The wire: what was asked, and faults.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Makes a repository, private and active.
    ///
    /// # Errors
    /// When the name is not `owner/name` or taken, or the source cannot be read.
    pub async fn create_repository(&self, full_name: &str, source: Source) -> Result<(), GitHubError> {
        if !is_name(full_name) || self.shared.world().find(full_name).is_some() {
            return Err(GitHubError::Name(full_name.to_owned()));
        }
        let path = self.shared.directory.join(format!("{full_name}.git"));
        std::fs::create_dir_all(&path).map_err(GitHubError::Directory)?;
        bare::create(&path, &source).await?;
        self.shared.world().add(full_name, path)
    }

    /// Takes a repository away; what asks for it is told that it does not exist.
    pub fn delete_repository(&self, full_name: &str) {
        self.shared
            .world()
            .repositories
            .retain(|repository| !repository.full_name().eq_ignore_ascii_case(full_name));
    }

    /// Refuses pushes to a branch from now on, as GitHub does where changes must come through a pull request.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn protect(&self, full_name: &str, branch: &str) -> Result<(), GitHubError> {
        self.change(full_name, |repository| {
            bare::protect(&repository.path, branch)?;
            repository.protected.insert(branch.to_owned());
            Ok(())
        })
    }

    /// Makes a repository public or private.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_visibility(&self, full_name: &str, visibility: Visibility) -> Result<(), GitHubError> {
        self.change(full_name, |repository| {
            repository.visibility = visibility;
            Ok(())
        })
    }

    /// Archives a repository or takes it back into use.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_activity(&self, full_name: &str, activity: Activity) -> Result<(), GitHubError> {
        self.change(full_name, |repository| {
            repository.activity = activity;
            Ok(())
        })
    }

    /// Renames a repository; its former name redirects.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn rename(&self, full_name: &str, name: &str) -> Result<(), GitHubError> {
        self.change(full_name, |repository| {
            repository.former_names.push(repository.full_name().to_ascii_lowercase());
            name.clone_into(&mut repository.name);
            Ok(())
        })
    }

    /// All pull requests of a repository, oldest first.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn pulls(&self, full_name: &str) -> Result<Vec<Pull>, GitHubError> {
        self.change(full_name, |repository| Ok(repository.pulls.clone()))
    }

    /// The comments on one pull request, oldest first.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn comments(&self, full_name: &str, number: u64) -> Result<Vec<Comment>, GitHubError> {
        self.change(full_name, |repository| {
            Ok(repository.comments.iter().filter(|comment| comment.number == number).cloned().collect())
        })
    }

    /// All refs of a repository with the shas they point at, `refs/pull/N/head` included.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn refs(&self, full_name: &str) -> Result<BTreeMap<String, String>, GitHubError> {
        self.change(full_name, |repository| {
            let refs = bare::refs(&repository.git()?, "refs/")?;
            Ok(refs.into_iter().map(|(name, target)| (name, target.to_string())).collect())
        })
    }

    /// What a pull request changes, as `git diff` prints it.
    ///
    /// # Errors
    /// When there is no such repository or pull request.
    pub fn diff(&self, full_name: &str, number: u64) -> Result<String, GitHubError> {
        self.change(full_name, |repository| {
            let pull = repository.pull(number).ok_or_else(|| GitHubError::Unknown(format!("#{number}")))?;
            let (base, head) = (git2::Oid::from_str(&pull.base_sha)?, git2::Oid::from_str(&pull.head_sha)?);
            Ok(bare::as_text(&bare::difference(&repository.git()?, base, head)?)?)
        })
    }

    /// The bare repository on disk.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn path(&self, full_name: &str) -> Result<PathBuf, GitHubError> {
        self.change(full_name, |repository| Ok(repository.path.clone()))
    }

    /// Someone with this login and every right, who acts past the API.
    pub fn human(&self, login: &str) -> Human {
        Human::new(Arc::clone(&self.shared), login)
    }

    /// Ends the double and frees its port.
    pub async fn shutdown(&self) {
        self.wire.shutdown().await;
    }

    fn change<T>(
        &self,
        full_name: &str,
        change: impl FnOnce(&mut Repository) -> Result<T, GitHubError>,
    ) -> Result<T, GitHubError> {
        change(self.shared.world().fresh(full_name)?)
    }
}

/// The answer that GitHub's secondary rate limit gives, for a scripted fault.
pub fn secondary_rate_limit(retry_after_seconds: u32) -> Misdeed {
    let body = serde_json::json!({
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
        "status": "403",
    });
    let header = |name: &str, value: String| (name.to_owned(), value);
    Misdeed::Status {
        code: 403,
        headers: vec![
            header("content-type", "application/json; charset=utf-8".to_owned()),
            header("retry-after", retry_after_seconds.to_string()),
        ],
        body: body.to_string(),
    }
}

/// `owner/name` of the characters that GitHub allows; nothing that means something to a file system.
fn is_name(full_name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && !part.starts_with('.')
            && Path::new(part).extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("git"))
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    full_name.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if let Some(target) = smart_http::target(request.uri().path(), request.uri().query()) {
        return smart_http::serve(shared, target, request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, rest::MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let parameters =
        Query::<Vec<(String, String)>>::try_from_uri(&head.uri).map(|query| query.0).unwrap_or_default();
    let call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        parameters,
        headers: head.headers,
        body: body.to_vec(),
    };
    // Reading repositories blocks.
    let answered = tokio::task::spawn_blocking(move || {
        let base = shared.base.get().map(String::as_str).unwrap_or_default();
        rest::answer(&shared.world, &shared.meter, base, &call)
    });
    match answered.await {
        Ok(response) => response.map(Body::from),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn only_owner_slash_name_is_a_name() {
        let names =
            ["acme/shop", "acme", "acme/shop/x", "../shop", "acme/..", "acme/shop.git", "acme/a b", "/shop"];
        let accepted: Vec<_> = names.into_iter().filter(|name| is_name(name)).collect();
        assert_eq!(accepted, ["acme/shop"]);
    }
}
