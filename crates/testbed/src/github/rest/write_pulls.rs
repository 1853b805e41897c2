//! Opening and changing pull requests, with GitHub's rules about when that is refused.
//!
//! The sentences are those of the live API as quoted in public issues: "A pull request already exists for" in
//! google/go-github issue 1441, "No commits between" in peter-evans/create-pull-request issue 2105, `invalid` for a base
//! that is not there in dailymotion-oss/octopilot issue 134.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal};
use super::pulls::text;
use super::{Asking, login};
use crate::github::world::{Pull, PullState, Repository, Stage, World, record_head};
use crate::github::{bare, shape};

/// The longest title and body, in characters.
const MAX_TITLE: usize = 256;
const MAX_BODY: usize = 65_536;

/// What a new pull request is to be.
pub(in crate::github) struct NewPull {
    pub(in crate::github) title: String,
    pub(in crate::github) body: Option<String>,
    /// `branch` or `owner:branch`.
    pub(in crate::github) head: String,
    pub(in crate::github) base: String,
    pub(in crate::github) stage: Stage,
    pub(in crate::github) author: String,
}

/// `POST /repos/{owner}/{repo}/pulls`.
pub(super) fn create(world: &mut World, full_name: &str, asking: &Asking<'_>) -> Outcome {
    let body = asking.call.object()?;
    let missing: Vec<Value> = ["title", "head", "base"]
        .iter()
        .filter(|name| text(&body, name).is_none_or(str::is_empty))
        .map(|name| json!({ "resource": "PullRequest", "field": name, "code": "missing_field" }))
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::invalid(missing));
    }
    let required = |name: &str| text(&body, name).unwrap_or_default().to_owned();
    let new = NewPull {
        title: required("title"),
        body: text(&body, "body").map(str::to_owned),
        head: required("head"),
        base: required("base"),
        stage: if body.get("draft") == Some(&Value::Bool(true)) { Stage::Draft } else { Stage::Ready },
        author: login(asking)?,
    };
    let number = open(world, full_name, new)?;
    let repository = world.fresh(full_name)?;
    let pull = repository.pull(number).ok_or_else(Refusal::not_found)?;
    Ok(Answer::created(&shape::full_pull(&asking.urls, repository, pull)?))
}

/// Opens a pull request and returns its number.
pub(in crate::github) fn open(world: &mut World, full_name: &str, new: NewPull) -> Result<u64, Refusal> {
    let (id, now) = (world.id(), world.now());
    let repository = world.fresh(full_name)?;
    let Ends { head, head_sha, base_sha } = checked(repository, &new)?;
    let number = next_number(repository);
    let pull = Pull {
        id,
        number,
        title: new.title,
        body: new.body,
        head_owner: repository.owner.clone(),
        head,
        head_sha: head_sha.to_string(),
        base: new.base,
        base_sha: base_sha.to_string(),
        stage: new.stage,
        state: PullState::Open,
        author: new.author,
        labels: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    record_head(&repository.git()?, &pull)?;
    repository.pulls.push(pull);
    Ok(number)
}

/// The two ends of a pull request that may be opened.
struct Ends {
    head: String,
    head_sha: git2::Oid,
    base_sha: git2::Oid,
}

/// Whether a pull request may be opened, by GitHub's rules.
fn checked(repository: &Repository, new: &NewPull) -> Result<Ends, Refusal> {
    within_limits(&new.title, new.body.as_deref())?;
    let (head_owner, head) = new.head.split_once(':').unwrap_or((&repository.owner, &new.head));
    if !head_owner.eq_ignore_ascii_case(&repository.owner) {
        return Err(Refusal::invalid_field("head", "invalid"));
    }
    let git = repository.git()?;
    let base_sha = bare::tip(&git, &new.base).ok_or_else(|| Refusal::invalid_field("base", "invalid"))?;
    let head_sha = bare::tip(&git, head).ok_or_else(|| Refusal::invalid_field("head", "invalid"))?;
    let label = format!("{}:{head}", repository.owner);
    if has_open(repository, &label, &new.base) {
        return Err(Refusal::custom(&format!("A pull request already exists for {label}.")));
    }
    if git.merge_base(base_sha, head_sha).is_err() {
        let message = format!("The {head} branch has no history in common with {}", new.base);
        return Err(Refusal::custom(&message));
    }
    if bare::ahead(&git, base_sha, head_sha)?.is_empty() {
        return Err(Refusal::custom(&format!("No commits between {} and {head}", new.base)));
    }
    Ok(Ends { head: head.to_owned(), head_sha, base_sha })
}

/// Whether an open pull request joins these two ends already.
fn has_open(repository: &Repository, head_label: &str, base: &str) -> bool {
    let is_open = |pull: &&Pull| pull.state == PullState::Open;
    repository.pulls.iter().filter(is_open).any(|pull| pull.head_label() == head_label && pull.base == base)
}

/// The next number of an issue or pull request.
pub(in crate::github) fn next_number(repository: &Repository) -> u64 {
    repository.pulls.iter().map(|pull| pull.number).max().unwrap_or(0) + 1
}

/// `PATCH /repos/{owner}/{repo}/pulls/{number}`. Whether it is a draft cannot be changed this way, as on GitHub.
pub(super) fn update(world: &mut World, full_name: &str, asking: &Asking<'_>, number: &str) -> Outcome {
    let body = asking.call.object()?;
    let now = world.now();
    let repository = world.fresh(full_name)?;
    let number = number.parse().map_err(|_| Refusal::not_found())?;
    let pull = repository.pull(number).ok_or_else(Refusal::not_found)?.clone();
    within_limits(text(&body, "title").unwrap_or_default(), text(&body, "body"))?;
    let state = match text(&body, "state") {
        Some("closed") if pull.state == PullState::Open => PullState::Closed(now),
        Some("open") if pull.state != PullState::Open => reopened(repository, &pull)?,
        _ => pull.state.clone(),
    };
    let base = text(&body, "base").unwrap_or(&pull.base).to_owned();
    if bare::tip(&repository.git()?, &base).is_none() {
        return Err(Refusal::invalid_field("base", "invalid"));
    }
    if let Some(changed) = repository.pull_mut(number) {
        text(&body, "title").unwrap_or(&pull.title).clone_into(&mut changed.title);
        changed.body = text(&body, "body").map(str::to_owned).or(pull.body);
        changed.state = state;
        changed.base = base;
        changed.updated_at = now;
    }
    let repository = world.fresh(full_name)?;
    let pull = repository.pull(number).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(&shape::full_pull(&asking.urls, repository, pull)?))
}

fn reopened(repository: &Repository, pull: &Pull) -> Result<PullState, Refusal> {
    let refused = |why: &str| {
        let message = format!("state cannot be changed. {why}");
        let error =
            json!({ "resource": "PullRequest", "field": "state", "code": "invalid", "message": message });
        Refusal::invalid(vec![error])
    };
    if matches!(pull.state, PullState::Merged { .. }) {
        return Err(refused("The pull request cannot be reopened."));
    }
    if has_open(repository, &pull.head_label(), &pull.base) {
        let why =
            format!("There is already an open pull request from {} to {}.", pull.head_label(), pull.base);
        return Err(refused(&why));
    }
    match bare::tip(&repository.git()?, &pull.head) {
        Some(_) => Ok(PullState::Open),
        None => Err(refused(&format!("The {} branch has been deleted.", pull.head))),
    }
}

fn within_limits(title: &str, body: Option<&str>) -> Result<(), Refusal> {
    let too_long = |field: &str, limit: usize| {
        let message = format!("{field} is too long (maximum is {limit} characters)");
        Refusal::invalid(vec![
            json!({ "resource": "Issue", "code": "custom", "field": field, "message": message }),
        ])
    };
    if title.chars().count() > MAX_TITLE {
        return Err(too_long("title", MAX_TITLE));
    }
    if body.is_some_and(|body| body.chars().count() > MAX_BODY) {
        return Err(too_long("body", MAX_BODY));
    }
    Ok(())
}
