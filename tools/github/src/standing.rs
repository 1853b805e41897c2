//! What a token may do in a repository, as GitHub tells it without anything being tried.

use domain::{Failure, Repository};
use serde::Deserialize;

use crate::failure::{Right, Trying};
use crate::forge::GitHub;

/// What GitHub says of a repository and of the token's owner in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the token's owner may do. A fine-grained token may be allowed less than its owner.
    pub access: Access,
    /// Whether anything can be written at all.
    pub activity: Activity,
}

/// How far someone may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Read,
    /// Read and push.
    Push,
}

/// Whether a repository is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It is.
    Active,
    /// It is archived: nothing can be written.
    Archived,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Debug, Default, Deserialize)]
struct Permissions {
    #[serde(default)]
    push: bool,
}

impl GitHub {
    /// Asks GitHub about a repository.
    ///
    /// # Errors
    /// When GitHub is not there, does not know the token, or hides the repository from it; each says what to do.
    pub async fn standing(&self, repository: &Repository) -> Result<Standing, Failure> {
        self.keeps(repository)?;
        let what = format!("ask GitHub about {}", repository.url);
        let trying = Trying { what: &what, right: Right::ReadMetadata };
        let route = format!("/repos/{}/{}", repository.url.owner(), repository.url.name());
        let answer: Answer =
            self.octocrab().get(route, None::<&()>).await.map_err(|error| trying.failed(error))?;
        Ok(Standing {
            access: if answer.permissions.push { Access::Push } else { Access::Read },
            activity: if answer.archived { Activity::Archived } else { Activity::Active },
        })
    }
}
