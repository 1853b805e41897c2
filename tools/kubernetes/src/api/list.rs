//! Lists, page by page.

use domain::{Namespace, PodHash};
use serde_json::Value;

use super::Api;
use super::failure::ApiError;
use super::target::{Ask, Kind, Target, Verb};
use crate::field;

/// Objects per page; fewer are asked for where they are so large that a page passes the limit on an answer.
const PAGE: usize = 100;
/// Events are small, and a namespace has many.
const EVENT_PAGE: usize = 500;

/// Which objects of a kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    labels: Option<String>,
}

impl Selector {
    /// Every one.
    pub(crate) fn all() -> Self {
        Self::default()
    }

    /// Those of one pod template.
    pub(crate) fn hash(hash: &PodHash) -> Self {
        Self { labels: Some(format!("rollouts-pod-template-hash={hash}")) }
    }

    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        self.labels.iter().map(|labels| ("labelSelector", labels.clone())).collect()
    }
}

impl Api {
    /// Lists objects and hands each to `each`, at most `pages` pages of them. Gives the list's resource version.
    pub(crate) async fn list(
        &self,
        kind: Kind,
        namespace: Option<&Namespace>,
        selector: &Selector,
        pages: usize,
        mut each: impl FnMut(Value),
    ) -> Result<String, ApiError> {
        let mut next = String::new();
        let mut version = String::new();
        for _ in 0..pages {
            let page = self.page(kind, namespace, selector, &next).await?;
            version = field::text(&page, "/metadata/resourceVersion", field::WORD);
            next = field::text(&page, "/metadata/continue", field::MESSAGE);
            items(page).into_iter().for_each(&mut each);
            if next.is_empty() {
                return Ok(version);
            }
        }
        tracing::warn!("there are more {} than are read, the rest is not seen", kind.resource());
        Ok(version)
    }

    /// One page of a list, from where `next` says.
    pub(super) async fn page(
        &self,
        kind: Kind,
        namespace: Option<&Namespace>,
        selector: &Selector,
        next: &str,
    ) -> Result<Value, ApiError> {
        let ask = Ask { verb: Verb::List, target: Target::list(kind, namespace) };
        let mut size = if kind == Kind::Event { EVENT_PAGE } else { PAGE };
        loop {
            let mut query = selector.query();
            query.push(("limit", size.to_string()));
            if !next.is_empty() {
                query.push(("continue", next.to_owned()));
            }
            match self.query(&ask, &query).await {
                Err(ApiError::TooLarge { .. }) if size >= 10 => size /= 10,
                answer => return answer.and_then(|page| is_list(&ask, page)),
            }
        }
    }
}

/// Refuses what has no `items`. Taken for an empty list, it would mean that everything is gone.
fn is_list(ask: &Ask, page: Value) -> Result<Value, ApiError> {
    match page.get("items") {
        // Go writes a list without objects as an empty array or as null.
        Some(Value::Array(_) | Value::Null) => Ok(page),
        _ => {
            let source = serde::de::Error::custom("a list without items");
            Err(ApiError::Unreadable { ask: ask.clone(), source })
        }
    }
}

/// The objects of a page.
pub(super) fn items(mut page: Value) -> Vec<Value> {
    match page.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_no_items_is_no_empty_list() {
        let ask = Ask { verb: Verb::List, target: Target::list(Kind::Pod, None) };
        for page in [json!({"items": []}), json!({"items": null}), json!({"items": [{}], "kind": "PodList"})]
        {
            assert_eq!(is_list(&ask, page.clone()).unwrap(), page);
        }
        for page in [json!({"status": "success"}), json!([]), json!("pods"), json!({"items": 7})] {
            let error = is_list(&ask, page.clone()).unwrap_err();
            assert!(matches!(error, ApiError::Unreadable { .. }), "{page}: {error}");
        }
    }
}
