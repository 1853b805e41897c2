//! Refs, branches and commits.

use serde_json::Value;

use super::Asking;
use super::answer::{Answer, Outcome, Refusal};
use super::paging::page;
use crate::github::bare;
use crate::github::shape::{self, Protection};
use crate::github::world::Repository;

/// How far back a list of commits reaches.
const MAX_HISTORY: usize = 10_000;

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`; `name` is `heads/…` or `tags/…`.
pub(super) fn reference(repository: &Repository, asking: &Asking<'_>, name: &str) -> Outcome {
    let git = not_empty(repository)?;
    let whole = format!("refs/{name}");
    let found = git.find_reference(&whole).map_err(|_| Refusal::not_found())?;
    let object = git.find_object(found.target().ok_or_else(Refusal::not_found)?, None)?;
    Ok(Answer::ok(&shape::git_ref(&asking.urls, &repository.full_name(), &whole, &object)))
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{ref}`.
pub(super) fn matching(repository: &Repository, asking: &Asking<'_>, prefix: &str) -> Outcome {
    let git = not_empty(repository)?;
    let mut found = Vec::new();
    for (name, target) in bare::refs(&git, &format!("refs/{prefix}"))? {
        let object = git.find_object(target, None)?;
        found.push(shape::git_ref(&asking.urls, &repository.full_name(), &name, &object));
    }
    Ok(Answer::ok(&Value::Array(found)))
}

/// `POST /repos/{owner}/{repo}/git/refs`.
pub(super) fn create(repository: &Repository, asking: &Asking<'_>) -> Outcome {
    let git = not_empty(repository)?;
    let body = asking.call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, sha) = (text("ref"), text("sha"));
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Refusal::new(422, "Reference name is not valid"));
    }
    if git.find_reference(name).is_ok() {
        return Err(Refusal::new(422, "Reference already exists"));
    }
    let target = git2::Oid::from_str(sha).and_then(|id| git.find_object(id, None));
    let object = target.map_err(|_| Refusal::new(422, "Object does not exist"))?;
    git.reference(name, object.id(), false, "made through the API")?;
    Ok(Answer::created(&shape::git_ref(&asking.urls, &repository.full_name(), name, &object)))
}

/// `DELETE /repos/{owner}/{repo}/git/refs/{ref}`.
pub(super) fn delete(repository: &Repository, name: &str) -> Outcome {
    let git = not_empty(repository)?;
    let protected = name.strip_prefix("heads/").is_some_and(|branch| repository.protected.contains(branch));
    if protected {
        return Err(Refusal::new(422, "Cannot delete a protected branch"));
    }
    let found = git.find_reference(&format!("refs/{name}"));
    found.map_err(|_| Refusal::new(422, "Reference does not exist"))?.delete()?;
    Ok(Answer::gone())
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`.
pub(super) fn branch(repository: &Repository, asking: &Asking<'_>, name: &str) -> Outcome {
    let git = repository.git()?;
    let tip = bare::tip(&git, name).ok_or_else(|| Refusal::new(404, "Branch not found"))?;
    let protection = if repository.protected.contains(name) { Protection::On } else { Protection::Off };
    let commit = git.find_commit(tip)?;
    Ok(Answer::ok(&shape::branch(&asking.urls, &repository.full_name(), name, &commit, protection)))
}

/// `GET /repos/{owner}/{repo}/commits`.
pub(super) fn commits(repository: &Repository, asking: &Asking<'_>) -> Outcome {
    let git = not_empty(repository)?;
    let default = bare::default_branch(&git);
    let start = bare::resolve(&git, asking.call.parameter("sha").unwrap_or(&default));
    let mut walk = git.revwalk()?;
    walk.push(start.ok_or_else(Refusal::not_found)?.id())?;
    let mut all = Vec::new();
    for id in walk.take(MAX_HISTORY) {
        all.push(git.find_commit(id?)?);
    }
    Ok(page(asking, &all, |commit| shape::commit(&asking.urls, &repository.full_name(), commit)))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`.
pub(super) fn commit(repository: &Repository, asking: &Asking<'_>, name: &str) -> Outcome {
    let git = not_empty(repository)?;
    let missing = || Refusal::new(422, format!("No commit found for SHA: {name}"));
    let commit = bare::resolve(&git, name).ok_or_else(missing)?;
    if asking.call.accepts("application/vnd.github.sha") {
        return Ok(Answer::text("application/vnd.github.sha", commit.id().to_string()));
    }
    Ok(Answer::ok(&shape::commit(&asking.urls, &repository.full_name(), &commit)))
}

/// The repository, or what GitHub says of one without a commit.
fn not_empty(repository: &Repository) -> Result<git2::Repository, Refusal> {
    let git = repository.git()?;
    if git.is_empty()? || bare::branches(&git)?.is_empty() {
        return Err(Refusal::new(409, "Git Repository is empty."));
    }
    Ok(git)
}
