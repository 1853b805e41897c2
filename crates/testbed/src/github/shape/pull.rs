//! Pull requests, their comments and labels.

use serde_json::{Value, json};

use super::{Urls, extended, node_id, simple_account, simple_repository, time};
use crate::github::account::Rights;
use crate::github::bare;
use crate::github::world::{Comment, Pull, PullState, Repository, Stage};

/// `pull-request-simple`, as lists carry it.
pub(in crate::github) fn simple_pull(urls: &Urls, repository: &Repository, pull: &Pull) -> Value {
    let (api, html) = addresses(urls, repository, pull);
    let issue = format!("{}/repos/{}/issues/{}", urls.api, repository.full_name(), pull.number);
    let (closed_at, merged_at, merge_commit) = match &pull.state {
        PullState::Open => (Value::Null, Value::Null, None),
        PullState::Closed(at) => (time(*at), Value::Null, None),
        PullState::Merged { at, commit, .. } => (time(*at), time(*at), Some(commit)),
    };
    let labels: Vec<_> = pull.labels.iter().map(|name| label(urls, repository, name)).collect();
    extended(
        links(urls, repository, pull, &issue),
        json!({
            "id": pull.id, "node_id": node_id("PR", pull.id), "number": pull.number,
            "url": api, "html_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
            "issue_url": issue, "commits_url": format!("{api}/commits"),
            "review_comments_url": format!("{api}/comments"),
            "review_comment_url": format!("{}/repos/{}/pulls/comments{{/number}}", urls.api, repository.full_name()),
            "comments_url": format!("{issue}/comments"),
            "state": if pull.state == PullState::Open { "open" } else { "closed" },
            "locked": false, "active_lock_reason": null, "title": pull.title, "body": pull.body,
            "user": simple_account(urls, &pull.author), "labels": labels, "milestone": null,
            "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
            "head": end(urls, repository, &pull.head_owner, &pull.head, &pull.head_sha),
            "base": end(urls, repository, &repository.owner, &pull.base, &pull.base_sha),
            "author_association": if pull.author == repository.owner { "OWNER" } else { "CONTRIBUTOR" },
            "auto_merge": null, "draft": pull.stage == Stage::Draft, "merge_commit_sha": merge_commit,
            "created_at": time(pull.created_at), "updated_at": time(pull.updated_at),
            "closed_at": closed_at, "merged_at": merged_at,
        }),
    )
}

/// `pull-request`, the answer about one.
pub(in crate::github) fn full_pull(
    urls: &Urls,
    repository: &Repository,
    pull: &Pull,
) -> Result<Value, git2::Error> {
    let git = repository.git()?;
    let head = git2::Oid::from_str(&pull.head_sha)?;
    let base = git2::Oid::from_str(&pull.base_sha)?;
    let stats = bare::difference(&git, base, head)?.stats()?;
    let commits = bare::ahead(&git, base, head)?.len();
    let comments = repository.comments.iter().filter(|comment| comment.number == pull.number).count();
    let (mergeable, mergeable_state) = mergeable(&git, pull)?;
    let merged_by = match &pull.state {
        PullState::Merged { by, .. } => simple_account(urls, by),
        PullState::Open | PullState::Closed(_) => Value::Null,
    };
    Ok(extended(
        simple_pull(urls, repository, pull),
        json!({
            "merged": matches!(pull.state, PullState::Merged { .. }), "merged_by": merged_by,
            "mergeable": mergeable, "mergeable_state": mergeable_state, "rebaseable": mergeable,
            "comments": comments, "review_comments": 0, "maintainer_can_modify": false, "commits": commits,
            "additions": stats.insertions(), "deletions": stats.deletions(), "changed_files": stats.files_changed(),
        }),
    ))
}

/// Whether the head merges cleanly into the base as it is now, and GitHub's word for the state.
fn mergeable(git: &git2::Repository, pull: &Pull) -> Result<(Option<bool>, &'static str), git2::Error> {
    if pull.state != PullState::Open {
        return Ok((None, "unknown"));
    }
    let Some(base) = bare::tip(git, &pull.base) else { return Ok((None, "unknown")) };
    let ours = git.find_commit(base)?;
    let theirs = git.find_commit(git2::Oid::from_str(&pull.head_sha)?)?;
    if git.merge_commits(&ours, &theirs, None)?.has_conflicts() {
        return Ok((Some(false), "dirty"));
    }
    Ok((Some(true), if pull.stage == Stage::Draft { "draft" } else { "clean" }))
}

/// `issue-comment`.
pub(in crate::github) fn comment(urls: &Urls, repository: &Repository, comment: &Comment) -> Value {
    let full_name = repository.full_name();
    let api = format!("{}/repos/{full_name}/issues", urls.api);
    json!({
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "url": format!("{api}/comments/{}", comment.id),
        "html_url": format!("{}/{full_name}/pull/{}#issuecomment-{}", urls.html, comment.number, comment.id),
        "issue_url": format!("{api}/{}", comment.number),
        "body": comment.body,
        "user": simple_account(urls, &comment.author),
        "author_association": if comment.author == repository.owner { "OWNER" } else { "CONTRIBUTOR" },
        "created_at": time(comment.created_at),
        "updated_at": time(comment.created_at),
        "performed_via_github_app": null,
    })
}

/// `label`.
pub(in crate::github) fn label(urls: &Urls, repository: &Repository, name: &str) -> Value {
    let id = repository.labels.get(name).copied().unwrap_or_default();
    json!({
        "id": id,
        "node_id": node_id("LA", id),
        "url": format!("{}/repos/{}/labels/{}", urls.api, repository.full_name(), encoded(name)),
        "name": name,
        "description": "",
        "color": "ededed",
        "default": false,
    })
}

fn addresses(urls: &Urls, repository: &Repository, pull: &Pull) -> (String, String) {
    let full_name = repository.full_name();
    (
        format!("{}/repos/{full_name}/pulls/{}", urls.api, pull.number),
        format!("{}/{full_name}/pull/{}", urls.html, pull.number),
    )
}

fn links(urls: &Urls, repository: &Repository, pull: &Pull, issue: &str) -> Value {
    let (api, html) = addresses(urls, repository, pull);
    let repo = format!("{}/repos/{}", urls.api, repository.full_name());
    let statuses = format!("{repo}/statuses/{}", pull.head_sha);
    json!({
        "statuses_url": statuses,
        "_links": {
            "self": { "href": api },
            "html": { "href": html },
            "issue": { "href": issue },
            "comments": { "href": format!("{issue}/comments") },
            "review_comments": { "href": format!("{api}/comments") },
            "review_comment": { "href": format!("{repo}/pulls/comments{{/number}}") },
            "commits": { "href": format!("{api}/commits") },
            "statuses": { "href": statuses },
        },
    })
}

/// One end of a pull request.
fn end(urls: &Urls, repository: &Repository, owner: &str, branch: &str, sha: &str) -> Value {
    json!({
        "label": format!("{owner}:{branch}"),
        "ref": branch,
        "sha": sha,
        "user": simple_account(urls, owner),
        "repo": simple_repository(urls, repository, owner, Rights::Read),
    })
}

/// Percent-encodes what may not stand in a path segment.
fn encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
