//! Puts a patch's commit on the server as a new branch, and knows it again when it is there already.

use std::cell::RefCell;

use domain::ports::Pushed;
use domain::{BranchName, Failure, Patch, Repository};
use git2::{Direction, Oid, PushOptions, RemoteCallbacks};

use crate::fault::Doing;
use crate::fetch::Upstream;
use crate::revert::{Revert, find};
use crate::words;

/// Only branches below it are ever written.
const OURS: &str = "rollmend/";

/// Pushes without force, unless the branch is there: then it must be our own revert of the same suspect, or a human decides.
pub(crate) fn push(
    upstream: &Upstream<'_>,
    repository: &Repository,
    branch: &BranchName,
    patch: &Patch,
) -> Result<Pushed, Failure> {
    if !branch.as_str().starts_with(OURS) {
        return Err(Failure::give_up(
            "push-branch",
            format!("push {branch}: only branches below {OURS} are written"),
        ));
    }
    let advertised = upstream.advertised(Direction::Push)?;
    match advertised.branches.get(branch.as_str()) {
        Some(tip) => already_there(upstream, repository, branch, patch, *tip),
        None => create(upstream, branch, patch),
    }
}

fn create(upstream: &Upstream<'_>, branch: &BranchName, patch: &Patch) -> Result<Pushed, Failure> {
    if find(upstream.clone, &patch.commit)?.is_none() {
        let what = format!("push {branch}: commit {} is no longer in the clone", patch.commit.short());
        return Err(Failure::give_up("push-commit-gone", what));
    }
    let refused = RefCell::new(None);
    let mut callbacks = RemoteCallbacks::new();
    callbacks.push_update_reference(|_, reason| {
        *refused.borrow_mut() = reason.map(|reason| words::line(reason.as_bytes(), 300));
        Ok(())
    });
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks).packbuilder_parallelism(1);
    let explain = |error| upstream.explain(error, Doing::Push);
    let mut remote = upstream.clone.remote_anonymous(&upstream.open.url()).map_err(explain)?;
    // No `+`: the server takes it only while the branch is absent.
    let spec = format!("{}:refs/heads/{branch}", patch.commit);
    let pushed = remote.push(&[spec], Some(&mut options));
    drop(options);
    if let Some(reason) = refused.into_inner() {
        return Err(refusal(upstream, branch, &reason));
    }
    pushed.map_err(|error| upstream.explain(error, Doing::Push))?;
    Ok(Pushed::Created(patch.commit.clone()))
}

/// A reason that the server gives for one ref, in git's report-status.
fn refusal(upstream: &Upstream<'_>, branch: &BranchName, reason: &str) -> Failure {
    let what = format!("push {branch} to {}: the server refused it: {reason}", upstream.url);
    let raced =
        ["fetch first", "non-fast-forward", "already exists", "failed to update ref", "cannot lock ref"];
    if raced.iter().any(|race| reason.contains(race)) {
        return Failure::retry("push-raced", what);
    }
    Failure::ask_human(
        "push-refused",
        what,
        format!(
            "let the daemon's account create branches below {OURS} (branch protection, rulesets, push rules)"
        ),
    )
}

/// A branch of that name may be our earlier push, whose answer was lost, or of another cluster; or somebody else's. It is ours
/// where it is exactly the revert of the suspect on some earlier commit of the base branch: an author's name proves nothing.
fn already_there(
    upstream: &Upstream<'_>,
    repository: &Repository,
    branch: &BranchName,
    patch: &Patch,
    tip: Oid,
) -> Result<Pushed, Failure> {
    let sha = words::sha(tip)?;
    if sha == patch.commit
        || (upstream.fetch_object(tip)? && is_our_revert(upstream, repository, patch, tip)?)
    {
        return Ok(Pushed::AlreadyThere(sha));
    }
    Err(Failure::ask_human(
        "push-foreign-branch",
        format!(
            "push {branch} to {}: the branch is there with commit {}, which is not ours",
            upstream.url,
            sha.short()
        ),
        format!("look at the branch {branch}, and delete it if nobody needs it"),
    ))
}

fn is_our_revert(
    upstream: &Upstream<'_>,
    repository: &Repository,
    patch: &Patch,
    tip: Oid,
) -> Result<bool, Failure> {
    let clone = upstream.clone;
    let Ok(commit) = clone.find_commit(tip) else { return Ok(false) };
    let Some(suspect) = find(clone, &patch.reverts)? else { return Ok(false) };
    let (Some(base), Some(newest)) = (commit.parent(0).ok(), find(clone, &patch.base_commit)?) else {
        return Ok(false);
    };
    let same_line =
        [(newest.id(), base.id()), (base.id(), newest.id())].into_iter().any(|(commit, ancestor)| {
            commit == ancestor || clone.graph_descendant_of(commit, ancestor).unwrap_or(false)
        });
    if commit.parent_count() != 1 || !same_line {
        return Ok(false);
    }
    Revert { clone, repository, limits: upstream.limits, base, suspect }.made(&commit)
}
