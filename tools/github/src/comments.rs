//! Comments, each written once.

use domain::ports::Forge as _;
use domain::{Failure, PullRequestNumber, Repository};
use serde::Serialize;

use crate::answer::{Comment, NewComment};
use crate::failure::{Right, Trying};
use crate::forge::{GitHub, route};
use crate::text;

/// Pages of a hundred comments that are read at most; beyond them a comment of ours is not looked for.
const MOST_PAGES: u32 = 30;
const PER_PAGE: usize = 100;

#[derive(Serialize)]
struct Query {
    per_page: usize,
    page: u32,
}

/// Writes `body` with `marker` in it, unless a comment of our own login has the marker.
pub(crate) async fn comment_once(
    github: &GitHub,
    repository: &Repository,
    number: PullRequestNumber,
    marker: &str,
    body: &str,
) -> Result<(), Failure> {
    let login = github.login(repository).await?;
    if is_written(github, repository, number, marker, &login).await? {
        return Ok(());
    }
    let body =
        if body.contains(marker) { text::body(body) } else { format!("{}\n\n{marker}", text::body(body)) };
    let what = format!("comment on pull request {number} of {}", repository.url);
    let comment = NewComment { body: &body };
    let written: Result<serde_json::Value, _> =
        github.octocrab().post(comments(repository, number), Some(&comment)).await;
    written.map(drop).map_err(|error| Trying { what: &what, right: Right::WritePulls }.failed(error))
}

async fn is_written(
    github: &GitHub,
    repository: &Repository,
    number: PullRequestNumber,
    marker: &str,
    login: &str,
) -> Result<bool, Failure> {
    let what = format!("read the comments on pull request {number} of {}", repository.url);
    for page in 1..=MOST_PAGES {
        let query = Query { per_page: PER_PAGE, page };
        let some: Vec<Comment> = github
            .octocrab()
            .get(comments(repository, number), Some(&query))
            .await
            .map_err(|error| Trying { what: &what, right: Right::ReadPulls }.failed(error))?;
        let ours = |comment: &Comment| {
            comment.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(login))
                && comment.body.as_deref().is_some_and(|body| body.contains(marker))
        };
        if some.iter().any(ours) {
            return Ok(true);
        }
        if some.len() < PER_PAGE {
            break;
        }
    }
    Ok(false)
}

/// A pull request's conversation is that of the issue with its number.
fn comments(repository: &Repository, number: PullRequestNumber) -> String {
    route(repository, &format!("issues/{}/comments", number.0))
}
