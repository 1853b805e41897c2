//! Puts a patch's commit on the server as a new branch, and knows it again when it is there already.

use std::cell::RefCell;

use domain::ports::Pushed;
use domain::{BranchName, Failure, Patch, PatchKind, Repository};
use git2::{Commit, Direction, Oid, PushOptions, RemoteCallbacks};

use crate::commits::is_in;
use crate::fault::{Doing, of_git};
use crate::fetch::Upstream;
use crate::ours;
use crate::revert::{Revert, find, merge_options};
use crate::words;

/// Only branches below it are ever written.
const OURS: &str = "rollmend/";

/// Pushes without force, unless the branch is there: then it must hold this very patch, or a human decides.
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
/// where it is exactly this patch on some commit of the base branch: an author's name proves nothing.
fn already_there(
    upstream: &Upstream<'_>,
    repository: &Repository,
    branch: &BranchName,
    patch: &Patch,
    tip: Oid,
) -> Result<Pushed, Failure> {
    let sha = words::sha(tip)?;
    if sha == patch.commit {
        return Ok(Pushed::AlreadyThere(sha));
    }
    let there = upstream.fetch_object(tip)?.then(|| upstream.clone.find_commit(tip).ok()).flatten();
    let ours = match &there {
        Some(commit) => whose(&Side { upstream, repository, patch }, commit)?,
        None => Whose::Unknown,
    };
    match ours {
        Whose::ThisPatch => Ok(Pushed::AlreadyThere(sha)),
        Whose::Revert => Err(Failure::ask_human(
            "push-other-patch",
            format!(
                "push {branch} to {}: the branch is there with commit {}, an earlier revert of the same suspect, and this patch is \
                 another",
                upstream.url,
                sha.short()
            ),
            format!("open a pull request of the branch {branch}, or delete it to have this patch proposed"),
        )),
        Whose::Unknown => Err(Failure::ask_human(
            "push-foreign-branch",
            format!(
                "push {branch} to {}: the branch is there with commit {}, which is not ours",
                upstream.url,
                sha.short()
            ),
            format!("look at the branch {branch}, and delete it if nobody needs it"),
        )),
    }
}

/// What the commit of a branch turns out to be, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The patch that is to be pushed.
    ThisPatch,
    /// The revert of the suspect, where the patch is none. A pull request of it with the patch's words would tell a lie.
    Revert,
    Unknown,
}

/// What a commit is compared with.
struct Side<'a> {
    upstream: &'a Upstream<'a>,
    repository: &'a Repository,
    patch: &'a Patch,
}

fn whose(side: &Side<'_>, tip: &Commit<'_>) -> Result<Whose, Failure> {
    let Side { upstream, patch, .. } = side;
    let clone = upstream.clone;
    let Some(suspect) = find(clone, &patch.reverts)? else { return Ok(Whose::Unknown) };
    let (Some(base), Some(newest)) = (tip.parent(0).ok(), find(clone, &patch.base_commit)?) else {
        return Ok(Whose::Unknown);
    };
    let same_line = is_in(clone, base.id(), newest.id()) || is_in(clone, newest.id(), base.id());
    if tip.parent_count() != 1 || !same_line {
        return Ok(Whose::Unknown);
    }
    if patch.kind != PatchKind::Revert && is_same_change(side, tip, &base, suspect.id())? {
        return Ok(Whose::ThisPatch);
    }
    let (repository, limits) = (side.repository, upstream.limits);
    let revert = Revert { clone, repository, limits, base, suspect };
    Ok(match (revert.made(tip)?, patch.kind) {
        (true, PatchKind::Revert) => Whose::ThisPatch,
        (true, PatchKind::RevertedHunks | PatchKind::Edits) => Whose::Revert,
        (false, _) => Whose::Unknown,
    })
}

/// Whether a commit says that it is ours and holds what the patch makes of the commit below it, to the last byte.
fn is_same_change(
    side: &Side<'_>,
    tip: &Commit<'_>,
    base: &Commit<'_>,
    suspect: Oid,
) -> Result<bool, Failure> {
    let clone = side.upstream.clone;
    if !ours::is_marked(tip, side.patch.kind, suspect) {
        return Ok(false);
    }
    let Some(made) = find(clone, &side.patch.commit)? else { return Ok(false) };
    let failed = |e| of_git(e, format_args!("compare commit {} with the patch", tip.id()));
    let before = made.parent(0).and_then(|before| before.tree()).map_err(failed)?;
    let (below, after) = (base.tree().map_err(failed)?, made.tree().map_err(failed)?);
    let applied = clone.merge_trees(&before, &below, &after, Some(&merge_options()));
    let mut applied = applied.map_err(failed)?;
    Ok(!applied.has_conflicts() && applied.write_tree_to(clone).is_ok_and(|tree| tree == tip.tree_id()))
}
