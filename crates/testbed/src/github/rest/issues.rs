//! Comments and labels, which pull requests share with issues.

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal};
use super::paging::page;
use super::pulls::text;
use super::{Asking, login};
use crate::github::shape;
use crate::github::world::{Comment, World};

/// The longest comment, in characters.
const MAX_COMMENT: usize = 65_536;

/// Everything below `/repos/{owner}/{repo}/issues/{number}`.
pub(super) fn route(
    world: &mut World,
    full_name: &str,
    asking: &Asking<'_>,
    method: &Method,
    number: &str,
    rest: &[&str],
) -> Outcome {
    let number = number.parse().map_err(|_| Refusal::not_found())?;
    world.fresh(full_name)?.pull(number).ok_or_else(Refusal::not_found)?;
    match (method, rest) {
        (&Method::GET, ["comments"]) => comments(world, full_name, asking, number),
        (&Method::POST, ["comments"]) => comment(world, full_name, asking, number),
        (&Method::GET, ["labels"]) => labels(world, full_name, asking, number),
        (&Method::POST, ["labels"]) => add_labels(world, full_name, asking, number),
        _ => Err(Refusal::not_found()),
    }
}

/// `GET …/comments`, oldest first.
fn comments(world: &mut World, full_name: &str, asking: &Asking<'_>, number: u64) -> Outcome {
    let repository = world.fresh(full_name)?;
    let all: Vec<&Comment> = repository.comments.iter().filter(|comment| comment.number == number).collect();
    Ok(page(asking, &all, |comment| shape::comment(&asking.urls, repository, comment)))
}

/// `POST …/comments`.
fn comment(world: &mut World, full_name: &str, asking: &Asking<'_>, number: u64) -> Outcome {
    let body = asking.call.object()?;
    let author = login(asking)?;
    let body = text(&body, "body").filter(|body| !body.trim().is_empty());
    let missing = json!({ "resource": "IssueComment", "field": "body", "code": "missing_field" });
    let body = body.ok_or_else(|| Refusal::invalid(vec![missing]))?.to_owned();
    if body.chars().count() > MAX_COMMENT {
        let message = format!("body is too long (maximum is {MAX_COMMENT} characters)");
        let error =
            json!({ "resource": "IssueComment", "field": "body", "code": "custom", "message": message });
        return Err(Refusal::invalid(vec![error]));
    }
    let comment = Comment { id: world.id(), number, author, body, created_at: world.now() };
    let repository = world.fresh(full_name)?;
    let shaped = shape::comment(&asking.urls, repository, &comment);
    repository.comments.push(comment);
    Ok(Answer::created(&shaped))
}

/// `GET …/labels`.
fn labels(world: &mut World, full_name: &str, asking: &Asking<'_>, number: u64) -> Outcome {
    let repository = world.fresh(full_name)?;
    let names = repository.pull(number).map(|pull| pull.labels.clone()).unwrap_or_default();
    Ok(page(asking, &names, |name| shape::label(&asking.urls, repository, name)))
}

/// `POST …/labels`, with an object or the bare list; labels that do not exist are made.
fn add_labels(world: &mut World, full_name: &str, asking: &Asking<'_>, number: u64) -> Outcome {
    let body: Value =
        serde_json::from_slice(&asking.call.body).map_err(|_| Refusal::new(400, "Problems parsing JSON"))?;
    let list = body.get("labels").unwrap_or(&body).as_array().cloned().unwrap_or_default();
    for label in &list {
        let name = label.as_str().or_else(|| text(label, "name")).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Refusal::new(422, "Invalid request.\n\nLabels must have a name."));
        }
        let id = world.id();
        let repository = world.fresh(full_name)?;
        repository.labels.entry(name.clone()).or_insert(id);
        if let Some(pull) = repository.pull_mut(number)
            && !pull.labels.contains(&name)
        {
            pull.labels.push(name);
        }
    }
    labels(world, full_name, asking, number)
}
