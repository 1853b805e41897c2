//! Accounts.

use serde_json::{Value, json};

use super::{Urls, extended, node_id};

/// The suffix of an app's login.
const BOT_SUFFIX: &str = "[bot]";

/// `simple-user`.
pub(in crate::github) fn simple_account(urls: &Urls, login: &str) -> Value {
    let (id, of) = (id(login), format!("{}/users/{login}", urls.api));
    json!({
        "login": login,
        "id": id,
        "node_id": node_id("U", id),
        "avatar_url": format!("{}/avatars/{id}", urls.html),
        "gravatar_id": "",
        "url": of,
        "html_url": format!("{}/{login}", urls.html),
        "followers_url": format!("{of}/followers"),
        "following_url": format!("{of}/following{{/other_user}}"),
        "gists_url": format!("{of}/gists{{/gist_id}}"),
        "starred_url": format!("{of}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{of}/subscriptions"),
        "organizations_url": format!("{of}/orgs"),
        "repos_url": format!("{of}/repos"),
        "events_url": format!("{of}/events{{/privacy}}"),
        "received_events_url": format!("{of}/received_events"),
        "type": if login.ends_with(BOT_SUFFIX) { "Bot" } else { "User" },
        "site_admin": false,
    })
}

/// `private-user`, the answer about the caller itself.
pub(in crate::github) fn authenticated_account(urls: &Urls, login: &str) -> Value {
    extended(
        simple_account(urls, login),
        json!({
            "user_view_type": "private", "name": null, "company": null, "blog": "", "location": null, "email": null,
            "hireable": null, "bio": null, "twitter_username": null, "public_repos": 0, "public_gists": 0,
            "followers": 0, "following": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
            "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
            "collaborators": 0, "two_factor_authentication": true,
            "plan": { "name": "free", "space": 1, "private_repos": 1, "collaborators": 0 },
        }),
    )
}

/// An id that is the same for a login wherever it is met (FNV-1a, 31 bits, as GitHub's ids fit).
fn id(login: &str) -> u32 {
    let hash =
        login.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash >> 1
}
