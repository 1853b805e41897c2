//! GET of one object and of a list, in pages when asked.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    form,
    refusal::Refusal,
    selector::Selector,
    serving::{Asking, Server, json as answer},
    store::Snapshot,
};

/// Answers with one object.
pub(crate) fn get(server: &Server, asking: &Asking) -> Result<Response, Refusal> {
    let name = asking.ask.name.as_deref().unwrap_or_default();
    let object = server
        .store
        .get(asking.kind, asking.ask.namespace.as_deref().unwrap_or_default(), name)
        .ok_or_else(|| Refusal::not_found(asking.kind, name))?;
    Ok(answer(StatusCode::OK, &form::outgoing(&object, asking.form, asking.extent)))
}

/// Answers with a list, or with one page of it: `limit`, then `continue`.
pub(crate) fn list(server: &Server, asking: &Asking) -> Result<Response, Refusal> {
    let query = &asking.query;
    let selector = selector(asking)?;
    let snapshot = match query.get("continue") {
        Some(place) => server.store.resume(
            place
                .parse()
                .map_err(|_| Refusal::bad_request("continue key is not valid: illegal base64 data"))?,
        )?,
        None => fresh(server, asking, &selector)?,
    };
    let limit =
        query.number("limit")?.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
    let Snapshot { version, mut rest } = snapshot;
    let page = rest.drain(..limit.unwrap_or(usize::MAX).min(rest.len()));
    let items: Vec<Value> =
        page.map(|object| form::item(asking.kind, &object, asking.form, asking.extent)).collect();
    let (kind, api_version) = form::list_type(asking.kind, asking.form, asking.extent);
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let (Some(members), false) = (metadata.as_object_mut(), rest.is_empty()) {
        members.insert("remainingItemCount".to_owned(), rest.len().into());
        let place = server.store.keep(Snapshot { version, rest });
        members.insert("continue".to_owned(), place.to_string().into());
    }
    Ok(answer(
        StatusCode::OK,
        &json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items}),
    ))
}

/// The selectors of a list or watch.
pub(crate) fn selector(asking: &Asking) -> Result<Selector, Refusal> {
    let labels = asking.query.get("labelSelector").unwrap_or_default();
    let fields = asking.query.get("fieldSelector").unwrap_or_default();
    Selector::parse(asking.kind, labels, fields)
}

fn fresh(server: &Server, asking: &Asking, selector: &Selector) -> Result<Snapshot, Refusal> {
    if let Some(wanted) = asking.query.number("resourceVersion")? {
        let present = server.store.version();
        if wanted > present {
            return Err(Refusal::too_large_version(wanted, present));
        }
        if asking.query.get("resourceVersionMatch") == Some("Exact") {
            server.store.can_watch_from(wanted)?;
        }
    }
    let (version, mut rest) = server.store.snapshot(asking.kind, asking.ask.namespace.as_deref());
    rest.retain(|object| selector.matches(object));
    Ok(Snapshot { version, rest })
}
