//! What lies between stable and canary: the first-parent commits and the lines that each changed.

mod changes;
mod follow;
pub(crate) mod manifest;
mod values;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{Ancestry, Commit, CommitRange, CommitSha, Failure};
use git2::{Oid, Repository};

use crate::fault::of_git;
use crate::gauge::Gauge;
use crate::patience::Patience;
use crate::settings::Limits;
use crate::words;

pub(crate) use changes::{Changes, File, Place};
use follow::Later;
pub(crate) use follow::through;
use values::Values;

/// Commits reachable from the canary and not from stable that are counted at most.
const MOST_COMMITS: usize = 100_000;
/// Characters of a subject and of an author's name.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_NAME: usize = 100;

/// Reads the range between two commits that lie in the clone.
pub(crate) fn read(
    clone: &Repository,
    limits: &Limits,
    stable: Oid,
    canary: Oid,
    patience: &Patience,
) -> Result<CommitRange, Failure> {
    let ancestry = ancestry(clone, stable, canary)?;
    let (ids, left_out) = match ancestry {
        Ancestry::Descendant => first_parents(clone, stable, canary, limits.range_commits)?,
        Ancestry::Same | Ancestry::Older | Ancestry::Diverged => (Vec::new(), 0),
    };
    let mut gauge = Gauge::new(clone, limits);
    let mut later = Later::default();
    let mut values = Values::new(clone, limits);
    let mut commits = Vec::new();
    for id in ids {
        patience
            .left()
            .map_err(|fault| Failure::retry("git-timeout", format!("read commit {id}: {fault}")))?;
        let commit = clone.find_commit(id).map_err(|e| of_git(e, format_args!("read commit {id}")))?;
        gauge.check(&commit)?;
        let parent = commit.parent(0).ok();
        if let Some(parent) = &parent {
            gauge.check(parent)?;
        }
        let changes = Changes::between(clone, limits, parent.as_ref(), &commit)?;
        let mut described = describe(&commit, &changes, &later, limits)?;
        for (file, change) in changes.files.iter().zip(&mut described.files) {
            values.fill(file, &later, change);
        }
        commits.push(described);
        later.push(changes);
    }
    Ok(CommitRange { stable: words::sha(stable)?, canary: words::sha(canary)?, ancestry, commits, left_out })
}

fn ancestry(clone: &Repository, stable: Oid, canary: Oid) -> Result<Ancestry, Failure> {
    let descends = |commit, ancestor| {
        clone
            .graph_descendant_of(commit, ancestor)
            .map_err(|e| of_git(e, format_args!("compare commits {commit} and {ancestor}")))
    };
    Ok(if stable == canary {
        Ancestry::Same
    } else if descends(canary, stable)? {
        Ancestry::Descendant
    } else if descends(stable, canary)? {
        Ancestry::Older
    } else {
        Ancestry::Diverged
    })
}

/// `git log --first-parent stable..canary`, newest first: at most `limit`, and how many more there are. Where stable was merged
/// from the side, the walk ends at the first commit that stable contains.
fn first_parents(
    clone: &Repository,
    stable: Oid,
    canary: Oid,
    limit: usize,
) -> Result<(Vec<Oid>, u64), Failure> {
    let failed = |e| of_git(e, format_args!("walk from {canary} back to {stable}"));
    let mut walk = clone.revwalk().map_err(failed)?;
    walk.push(canary).map_err(failed)?;
    walk.hide(stable).map_err(failed)?;
    let new: HashSet<Oid> = walk.take(MOST_COMMITS).collect::<Result<_, _>>().map_err(failed)?;
    let mut ids = Vec::new();
    let mut left_out = 0;
    let mut next = Some(canary);
    while let Some(id) = next.filter(|id| new.contains(id)) {
        if ids.len() < limit {
            ids.push(id);
        } else {
            left_out += 1;
        }
        next = clone.find_commit(id).map_err(failed)?.parent_id(0).ok();
    }
    Ok((ids, left_out))
}

fn describe(
    commit: &git2::Commit<'_>,
    changes: &Changes,
    later: &Later,
    limits: &Limits,
) -> Result<Commit, Failure> {
    let message = commit.message_raw_bytes();
    let subject =
        message.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let author = commit.author();
    let sha: CommitSha = words::sha(commit.id())?;
    Ok(Commit {
        sha,
        subject: words::line(subject, LONGEST_SUBJECT),
        author: words::line(author.name_bytes(), LONGEST_NAME),
        authored_at: time(author.when().seconds()),
        parents: u32::try_from(commit.parent_count()).unwrap_or(u32::MAX),
        files: changes.files.iter().map(|file| later.seen_from_the_end(file, limits.file_hunks)).collect(),
        files_left_out: changes.left_out,
    })
}

/// A time outside of what chrono can hold is hostile nonsense and becomes the epoch.
fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
