//! Reading pull requests.
//!
//! The `head` filter compares `owner:branch` with the label recorded in the pull request, so that it finds closed ones
//! whose branch is gone. GitHub documents the format and says nothing of branches that were deleted; what others rely
//! on, read on these public pages:
//! - dependabot/dependabot-core `common/lib/dependabot/pull_request_creator/github.rb` asks with `head=owner:branch` and
//!   `state=all` for closed pull requests of a branch, as its way not to open again what a human has closed;
//! - learningequality/kolibri pull request 14719: the filter also finds merged ones and those of forks, checked against
//!   the live API;
//! - a `head` without the owner is ignored, and all pull requests come back (PyGithub/PyGithub issues 1678 and 3031,
//!   XAMPPRocky/octocrab issue 252): callers must compare the head in what they get;
//! - octokit/octokit.js issue 2056 reports one result for another branch that pointed at the same commit: the same
//!   comparison guards against it;
//! - octokit/octokit.js issue 2710 asks without `state` and gets nothing for a pull request that is not open: the
//!   default is `open`.

use http::Method;
use serde_json::Value;

use super::answer::{Answer, Outcome, Refusal};
use super::paging::page;
use super::{Asking, write_pulls};
use crate::github::bare;
use crate::github::shape;
use crate::github::world::{Pull, PullState, Repository, World};

/// Everything below `/repos/{owner}/{repo}/pulls`.
pub(super) fn route(
    world: &mut World,
    full_name: &str,
    asking: &Asking<'_>,
    method: &Method,
    rest: &[&str],
) -> Outcome {
    match (method, rest) {
        (&Method::GET, []) => Ok(list(world.fresh(full_name)?, asking)),
        (&Method::POST, []) => write_pulls::create(world, full_name, asking),
        (&Method::GET, [number]) => one(world.fresh(full_name)?, asking, number),
        (&Method::PATCH, [number]) => write_pulls::update(world, full_name, asking, number),
        _ => Err(Refusal::not_found()),
    }
}

/// `GET /repos/{owner}/{repo}/pulls`, newest first.
fn list(repository: &Repository, asking: &Asking<'_>) -> Answer {
    let call = asking.call;
    let state = call.parameter("state").unwrap_or("open");
    // Without an owner the filter is not one (see above).
    let head = call.parameter("head").filter(|head| head.contains(':'));
    let base = call.parameter("base");
    let wanted = |pull: &&Pull| {
        let open = pull.state == PullState::Open;
        let in_state = match state {
            "closed" => !open,
            "all" => true,
            _ => open,
        };
        in_state
            && head.is_none_or(|head| pull.head_label() == head)
            && base.is_none_or(|base| pull.base == base)
    };
    let mut pulls: Vec<&Pull> = repository.pulls.iter().filter(wanted).collect();
    if call.parameter("direction") != Some("asc") {
        pulls.reverse();
    }
    page(asking, &pulls, |pull| shape::simple_pull(&asking.urls, repository, pull))
}

/// `GET /repos/{owner}/{repo}/pulls/{number}`, also as a diff.
fn one(repository: &Repository, asking: &Asking<'_>, number: &str) -> Outcome {
    let pull =
        number.parse().ok().and_then(|number| repository.pull(number)).ok_or_else(Refusal::not_found)?;
    if asking.call.accepts("application/vnd.github.diff") {
        let git = repository.git()?;
        let (base, head) = (git2::Oid::from_str(&pull.base_sha)?, git2::Oid::from_str(&pull.head_sha)?);
        let text = bare::as_text(&bare::difference(&git, base, head)?)?;
        return Ok(Answer::text("application/vnd.github.diff", text));
    }
    Ok(Answer::ok(&shape::full_pull(&asking.urls, repository, pull)?))
}

/// The value of a text property, if it is one.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}
