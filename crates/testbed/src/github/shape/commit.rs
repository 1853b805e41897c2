//! Commits and what names them.

use chrono::DateTime;
use serde_json::{Value, json};

use super::{Urls, node_id, time};

/// `commit`. Accounts are not known by their commits' addresses here, so `author` and `committer` are null, as they are
/// on GitHub for an address that no account has.
pub(in crate::github) fn commit(urls: &Urls, full_name: &str, commit: &git2::Commit<'_>) -> Value {
    let (sha, api, html) = (commit.id(), format!("{}/repos/{full_name}", urls.api), &urls.html);
    let message = String::from_utf8_lossy(commit.message_bytes());
    let parents = commit.parent_ids().map(|parent| {
        json!({
            "sha": parent.to_string(),
            "url": format!("{api}/commits/{parent}"),
            "html_url": format!("{html}/{full_name}/commit/{parent}"),
        })
    });
    let parents: Vec<Value> = parents.collect();
    json!({
        "sha": sha.to_string(),
        "node_id": node_id("C", sha),
        "url": format!("{api}/commits/{sha}"),
        "html_url": format!("{html}/{full_name}/commit/{sha}"),
        "comments_url": format!("{api}/commits/{sha}/comments"),
        "author": null,
        "committer": null,
        "parents": parents,
        "commit": {
            "url": format!("{api}/git/commits/{sha}"),
            "message": message.trim_end_matches('\n'),
            "author": signature(&commit.author()),
            "committer": signature(&commit.committer()),
            "tree": { "sha": commit.tree_id().to_string(), "url": format!("{api}/git/trees/{}", commit.tree_id()) },
            "comment_count": 0,
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null
            },
        },
    })
}

/// `git-ref`; `name` is the whole name, `refs/…`.
pub(in crate::github) fn git_ref(
    urls: &Urls,
    full_name: &str,
    name: &str,
    object: &git2::Object<'_>,
) -> Value {
    let api = format!("{}/repos/{full_name}/git", urls.api);
    let kind = object.kind().map_or("commit", |kind| kind.str());
    json!({
        "ref": name,
        "node_id": node_id("REF", name),
        "url": format!("{api}/{name}"),
        "object": { "sha": object.id().to_string(), "type": kind, "url": format!("{api}/{kind}s/{}", object.id()) },
    })
}

/// Whether pushes to a branch are restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Protection {
    /// They are.
    On,
    /// They are not.
    Off,
}

/// `branch-with-protection`.
pub(in crate::github) fn branch(
    urls: &Urls,
    full_name: &str,
    name: &str,
    tip: &git2::Commit<'_>,
    protection: Protection,
) -> Value {
    let api = format!("{}/repos/{full_name}/branches/{name}", urls.api);
    let on = protection == Protection::On;
    json!({
        "name": name,
        "commit": commit(urls, full_name, tip),
        "_links": { "self": api, "html": format!("{}/{full_name}/tree/{name}", urls.html) },
        "protected": on,
        "protection": {
            "enabled": on,
            "required_status_checks": { "enforcement_level": "off", "contexts": [], "checks": [] },
        },
        "protection_url": format!("{api}/protection"),
    })
}

fn signature(signature: &git2::Signature<'_>) -> Value {
    let at = DateTime::from_timestamp(signature.when().seconds(), 0).unwrap_or_default();
    json!({
        "name": String::from_utf8_lossy(signature.name_bytes()),
        "email": String::from_utf8_lossy(signature.email_bytes()),
        "date": time(at),
    })
}
