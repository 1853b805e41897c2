//! The caller and the repository.

use super::answer::{Answer, Outcome};
use super::{Asking, login};
use crate::github::account::Rights;
use crate::github::shape;
use crate::github::world::Repository;

/// `GET /user`.
pub(super) fn user(asking: &Asking<'_>) -> Outcome {
    Ok(Answer::ok(&shape::authenticated_account(&asking.urls, &login(asking)?)))
}

/// `GET /repos/{owner}/{repo}`.
pub(super) fn repository(repository: &Repository, asking: &Asking<'_>, rights: Rights) -> Answer {
    Answer::ok(&shape::full_repository(&asking.urls, repository, rights))
}
