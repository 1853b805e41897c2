//! Repositories.

use serde_json::{Value, json};

use super::{Urls, extended, node_id, simple_account, time};
use crate::github::account::Rights;
use crate::github::bare;
use crate::github::world::{Activity, PullState, Repository, Visibility};

/// The templates below a repository's API address: property, path.
const API_LINKS: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

/// Where the ids of forks begin.
const FORK_IDS: u64 = 1_000_000;

/// `repository`, as a pull request carries it at both ends. Another `owner` than the repository's makes it that
/// account's fork, of which nothing else is kept.
pub(in crate::github) fn simple_repository(
    urls: &Urls,
    repository: &Repository,
    owner: &str,
    rights: Rights,
) -> Value {
    let api = format!("{}/repos/{owner}/{}", urls.api, repository.name);
    let links =
        API_LINKS.iter().map(|(name, path)| ((*name).to_owned(), format!("{api}{path}").into())).collect();
    let parts = [identity(urls, repository, owner), state(repository, rights), unused()];
    parts.into_iter().fold(Value::Object(links), extended)
}

/// What names it and where it is.
fn identity(urls: &Urls, repository: &Repository, owner: &str) -> Value {
    let full_name = format!("{owner}/{}", repository.name);
    let html = format!("{}/{full_name}", urls.html);
    let fork = owner != repository.owner;
    // Ids are handed out one by one from the low end, so that a fork's cannot be another repository's.
    let id = if fork { repository.id + FORK_IDS } else { repository.id };
    json!({
        "id": id, "node_id": node_id("R", id), "name": repository.name, "full_name": full_name, "fork": fork,
        "owner": simple_account(urls, owner), "html_url": html, "clone_url": format!("{html}.git"),
        "svn_url": html, "git_url": format!("git://localhost/{full_name}.git"),
        "ssh_url": format!("git@localhost:{full_name}.git"), "mirror_url": null,
    })
}

/// What changes about it.
fn state(repository: &Repository, rights: Rights) -> Value {
    let open = repository.pulls.iter().filter(|pull| pull.state == PullState::Open).count();
    let default_branch =
        repository.git().map_or_else(|_| "main".to_owned(), |git| bare::default_branch(&git));
    let (private, writes) = (repository.visibility == Visibility::Private, rights == Rights::Write);
    let created_at = time(repository.created_at);
    json!({
        "private": private, "visibility": if private { "private" } else { "public" },
        "archived": repository.activity == Activity::Archived, "disabled": false, "default_branch": default_branch,
        "open_issues": open, "open_issues_count": open,
        "created_at": created_at, "updated_at": created_at, "pushed_at": created_at,
        "permissions": { "admin": false, "maintain": false, "push": writes, "triage": writes, "pull": true },
    })
}

/// What the description requires and nobody here reads.
fn unused() -> Value {
    json!({
        "homepage": null, "description": null, "language": null, "license": null, "is_template": false,
        "topics": [], "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
        "has_downloads": true, "has_discussions": false, "allow_forking": true, "web_commit_signoff_required": false,
        "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 0,
    })
}

/// `full-repository`, the answer about one repository.
pub(in crate::github) fn full_repository(urls: &Urls, repository: &Repository, rights: Rights) -> Value {
    extended(
        simple_repository(urls, repository, &repository.owner, rights),
        json!({ "network_count": 0, "subscribers_count": 0 }),
    )
}
