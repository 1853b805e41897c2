//! The port, kept.

use async_trait::async_trait;
use domain::ports::Forge;
use domain::{BranchName, Failure, Proposal, PullRequest, PullRequestNumber, Repository};
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use tokio::sync::OnceCell;

use crate::answer::Account;
use crate::failure::{Right, Trying};
use crate::settings::GitHubSettings;
use crate::wire::Wire;
use crate::{comments, pulls, text};

/// One GitHub, as [`domain::ports::Forge`].
pub struct GitHub {
    octocrab: Octocrab,
    web: String,
    login: OnceCell<String>,
}

impl GitHub {
    /// Sets the client up and asks nothing yet. Must be called within a tokio runtime, with rustls's crypto provider installed.
    /// Fails when the token or the file of certificate authorities cannot be used.
    pub fn new(settings: &GitHubSettings) -> Result<Self, Failure> {
        let built = OctocrabBuilder::new_empty()
            .with_service(Wire::new(settings)?)
            .with_auth(AuthState::None)
            .build();
        let Ok(octocrab) = built;
        Ok(Self { octocrab, web: settings.web().to_owned(), login: OnceCell::new() })
    }

    /// The origin of its pages and repositories.
    pub fn web(&self) -> &str {
        &self.web
    }

    pub(crate) fn octocrab(&self) -> &Octocrab {
        &self.octocrab
    }

    /// The token is for one GitHub: a repository elsewhere is not asked about with it.
    pub(crate) fn keeps(&self, repository: &Repository) -> Result<(), Failure> {
        if repository.url.origin() == self.web {
            return Ok(());
        }
        Err(Failure::ask_human(
            "github-origin",
            format!("reach {}: [github] in agents.toml is for {}", repository.url, self.web),
            "set api under [github] to that server, or take the repository out",
        ))
    }
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub").field("web", &self.web).finish_non_exhaustive()
    }
}

/// The API's path to something of a repository. Owner and name are letters, digits, `.`, `_` and `-`, by their type.
pub(crate) fn route(repository: &Repository, rest: &str) -> String {
    format!("/repos/{}/{}/{rest}", repository.url.owner(), repository.url.name())
}

#[async_trait]
impl Forge for GitHub {
    async fn login(&self, repository: &Repository) -> Result<String, Failure> {
        self.keeps(repository)?;
        let ask = || async {
            let trying = Trying { what: "ask GitHub whose token this is", right: Right::Any };
            let account: Account =
                self.octocrab.get("/user", None::<&()>).await.map_err(|error| trying.failed(error))?;
            Ok(text::line(&account.login, 100))
        };
        self.login.get_or_try_init(ask).await.cloned()
    }

    async fn find(&self, repository: &Repository, branch: &BranchName) -> Result<Vec<PullRequest>, Failure> {
        self.keeps(repository)?;
        pulls::find(self, repository, branch).await
    }

    async fn open(&self, proposal: &Proposal) -> Result<PullRequest, Failure> {
        self.keeps(&proposal.repository)?;
        pulls::open(self, proposal).await
    }

    async fn comment_once(
        &self,
        repository: &Repository,
        number: PullRequestNumber,
        marker: &str,
        body: &str,
    ) -> Result<(), Failure> {
        self.keeps(repository)?;
        comments::comment_once(self, repository, number, marker, body).await
    }
}
