//! Pages: `page`, `per_page` and the `Link` header that leads to the others.

use http::header;
use serde_json::Value;

use super::Asking;
use super::answer::Answer;

/// What GitHub gives when nothing is asked, and the most that it gives.
const DEFAULT_PER_PAGE: usize = 30;
const MAX_PER_PAGE: usize = 100;

/// The page of `all` that was asked for, shaped item by item.
pub(super) fn page<T>(asking: &Asking<'_>, all: &[T], shape: impl FnMut(&T) -> Value) -> Answer {
    let per_page = number(asking, "per_page").unwrap_or(DEFAULT_PER_PAGE).clamp(1, MAX_PER_PAGE);
    let page = number(asking, "page").unwrap_or(1).max(1);
    let items: Vec<Value> =
        all.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).map(shape).collect();
    let last = all.len().div_ceil(per_page).max(1);
    let answer = Answer::ok(&Value::Array(items));
    let links = links(asking, page, last);
    if links.is_empty() { answer } else { answer.with(header::LINK, links) }
}

fn number(asking: &Asking<'_>, name: &str) -> Option<usize> {
    asking.call.parameter(name).and_then(|value| value.parse().ok())
}

/// In GitHub's order: previous, next, last, first; none that would lead to the page itself.
fn links(asking: &Asking<'_>, page: usize, last: usize) -> String {
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(asking, (page - 1).min(last), "prev"));
    }
    if page < last {
        links.push(link(asking, page + 1, "next"));
        links.push(link(asking, last, "last"));
    }
    if page > 1 {
        links.push(link(asking, 1, "first"));
    }
    links.join(", ")
}

fn link(asking: &Asking<'_>, page: usize, relation: &str) -> String {
    let others = asking.call.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("page={page}")]).collect();
    // The path as sent, so that the link stays below the base that the caller used.
    format!("<{}{}?{}>; rel=\"{relation}\"", asking.urls.html, asking.call.path, query.join("&"))
}
