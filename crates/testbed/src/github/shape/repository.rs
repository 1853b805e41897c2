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

/// `repository`, as a pull request carries it at both ends.
pub(in crate::github) fn simple_repository(urls: &Urls, repository: &Repository, rights: Rights) -> Value {
    let (full_name, id) = (repository.full_name(), repository.id);
    let html = format!("{}/{full_name}", urls.html);
    let open = repository.pulls.iter().filter(|pull| pull.state == PullState::Open).count();
    let default_branch = repository.git().map_or_else(|_| "main".to_owned(), |git| bare::default_branch(&git));
    let links = API_LINKS
        .iter()
        .map(|(name, path)| ((*name).to_owned(), format!("{}/repos/{full_name}{path}", urls.api).into()))
        .collect();
    let writes = rights == Rights::Write;
    extended(
        Value::Object(links),
        json!({
            "id": id, "node_id": node_id("R", id), "name": repository.name, "full_name": full_name,
            "owner": simple_account(urls, &repository.owner),
            "private": repository.visibility == Visibility::Private,
            "visibility": if repository.visibility == Visibility::Private { "private" } else { "public" },
            "html_url": html, "clone_url": format!("{html}.git"), "svn_url": html,
            "git_url": format!("git:{full_name}.git"), "ssh_url": format!("git@localhost:{full_name}.git"),
            "mirror_url": null, "homepage": null, "description": null, "language": null, "license": null,
            "fork": false, "is_template": false, "topics": [], "default_branch": default_branch,
            "archived": repository.activity == Activity::Archived, "disabled": false,
            "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false, "has_downloads": true,
            "has_discussions": false, "allow_forking": true, "web_commit_signoff_required": false,
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 0,
            "open_issues": open, "open_issues_count": open,
            "created_at": time(repository.created_at), "updated_at": time(repository.created_at),
            "pushed_at": time(repository.created_at),
            "permissions": { "admin": false, "maintain": false, "push": writes, "triage": writes, "pull": true },
        }),
    )
}

/// `full-repository`, the answer about one repository.
pub(in crate::github) fn full_repository(urls: &Urls, repository: &Repository, rights: Rights) -> Value {
    extended(simple_repository(urls, repository, rights), json!({ "network_count": 0, "subscribers_count": 0 }))
}
