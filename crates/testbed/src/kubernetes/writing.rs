//! POST, PUT, PATCH and DELETE.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    form,
    kinds::{Kind, Scope},
    object::{number, set, text},
    patch,
    refusal::Refusal,
    serving::{Asking, Server, json as answer},
};

/// Which part of an object a write changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Status,
}

/// Carries a write out and answers with the object as it then is.
pub(crate) fn write(server: &Server, asking: &Asking, media: &str, body: &[u8]) -> Result<Response, Refusal> {
    let part = match asking.ask.subresource.as_deref() {
        None => Part::Main,
        Some("status") if asking.kind.has_status_subresource() => Part::Status,
        Some(_) => return Err(Refusal::method_not_allowed()),
    };
    let (code, object) = match asking.ask.verb {
        "create" => (StatusCode::CREATED, create(server, asking, body)?),
        "update" => (StatusCode::OK, replace(server, asking, part, body)?),
        "patch" => (StatusCode::OK, change(server, asking, part, media, body)?),
        _ => (StatusCode::OK, delete(server, asking, body)?),
    };
    Ok(answer(code, &form::outgoing(&object, asking.form, asking.extent)))
}

fn create(server: &Server, asking: &Asking, body: &[u8]) -> Result<Value, Refusal> {
    let mut object = parsed(asking, body)?;
    if asking.kind.scope() == Scope::Namespaced {
        let namespace = place(asking);
        let given = text(&object, "/metadata/namespace");
        if !given.is_empty() && given != namespace {
            return Err(Refusal::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        if server.store.get(Kind::Namespace, "", namespace).is_none() {
            return Err(Refusal::not_found(Kind::Namespace, namespace));
        }
        set(&mut object, "/metadata/namespace", namespace);
    }
    if asking.kind == Kind::Event {
        sound_event(&object)?;
    }
    for filled_by_server in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove(filled_by_server);
        }
    }
    if asking.query.get("dryRun").is_some() {
        return Ok(object);
    }
    server.store.insert(asking.kind, object)
}

fn replace(server: &Server, asking: &Asking, part: Part, body: &[u8]) -> Result<Value, Refusal> {
    let new = parsed(asking, body)?;
    let (kind, name) = (asking.kind, named(asking));
    server.store.try_update(kind, place(asking), name, |object| {
        current(kind, name, object, &new)?;
        overlay(kind, part, object, new);
        Ok(())
    })
}

fn change(server: &Server, asking: &Asking, part: Part, media: &str, body: &[u8]) -> Result<Value, Refusal> {
    const ACCEPTED: &str =
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json";
    let media = media.split(';').next().unwrap_or_default().trim();
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("error decoding patch: {error}")))?;
    let (kind, name) = (asking.kind, named(asking));
    if media == "application/strategic-merge-patch+json" && kind.is_custom() {
        return Err(Refusal::unsupported_media_type(
            media,
            "application/json-patch+json, application/merge-patch+json",
        ));
    }
    server.store.try_update(kind, place(asking), name, |object| {
        let mut new = form::outgoing(object, asking.form, form::Extent::Whole);
        match media {
            "application/json-patch+json" => patch::apply(&mut new, &parsed)
                .map_err(|problem| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", problem))?,
            "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
                patch::merge(&mut new, &parsed);
            }
            other => return Err(Refusal::unsupported_media_type(other, ACCEPTED)),
        }
        let new = form::incoming(new, kind, asking.form);
        current(kind, name, object, &new)?;
        overlay(kind, part, object, new);
        Ok(())
    })
}

fn delete(server: &Server, asking: &Asking, body: &[u8]) -> Result<Value, Refusal> {
    let options: Value = serde_json::from_slice(body).unwrap_or_default();
    let grace = match asking.query.number("gracePeriodSeconds")? {
        Some(seconds) => i64::try_from(seconds).ok(),
        None => number(&options, "/gracePeriodSeconds"),
    };
    let name = named(asking);
    if name.is_empty() {
        return Err(Refusal::method_not_allowed());
    }
    let deleted = server.store.delete_within(asking.kind, place(asking), name, grace)?;
    if asking.kind == Kind::Pod {
        return Ok(deleted);
    }
    Ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": name, "group": asking.kind.group(), "kind": asking.kind.plural(),
            "uid": text(&deleted, "/metadata/uid"),
        },
    }))
}

fn parsed(asking: &Asking, body: &[u8]) -> Result<Value, Refusal> {
    let object: Value = serde_json::from_slice(body).map_err(|error| {
        Refusal::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
    })?;
    let (kind, api_version) = form::object_type(asking.kind, asking.form, form::Extent::Whole);
    for (member, wanted) in [("/kind", &kind), ("/apiVersion", &api_version)] {
        let given = text(&object, member);
        if !given.is_empty() && given != wanted {
            return Err(Refusal::bad_request(format!(
                "the {} in the data ({given}) does not match the expected one ({wanted})",
                member.trim_start_matches('/')
            )));
        }
    }
    Ok(form::incoming(object, asking.kind, asking.form))
}

/// Whether the version that the client names, if it names one, is still the present one.
fn current(kind: Kind, name: &str, present: &Value, new: &Value) -> Result<(), Refusal> {
    let named = text(new, "/metadata/resourceVersion");
    if named.is_empty() || named == text(present, "/metadata/resourceVersion") {
        return Ok(());
    }
    Err(Refusal::conflict(kind, name))
}

/// Takes over what the addressed part may change.
fn overlay(kind: Kind, part: Part, object: &mut Value, mut new: Value) {
    let kept = match (part, kind.has_status_subresource()) {
        (Part::Status, _) => {
            let status = new.get("status").cloned().unwrap_or_default();
            set(object, "/status", status);
            return;
        }
        (Part::Main, true) => object.get("status").cloned(),
        (Part::Main, false) => new.get("status").cloned(),
    };
    if let Some(members) = new.as_object_mut() {
        members.remove("status");
        members.extend(kept.map(|status| ("status".to_owned(), status)));
    }
    if let Some(generation) = object.pointer("/metadata/generation") {
        set(&mut new, "/metadata/generation", generation.clone());
    }
    *object = new;
}

/// The checks of the API server's event validation that a careless client runs into.
fn sound_event(event: &Value) -> Result<(), Refusal> {
    let refuse = |field: &str, problem: String| {
        Err(Refusal::invalid(Kind::Event, text(event, "/metadata/name"), field, &problem))
    };
    let namespace = text(event, "/metadata/namespace");
    let involved = text(event, "/involvedObject/namespace");
    if involved != namespace && !(involved.is_empty() && namespace == "default") {
        return refuse(
            "involvedObject.namespace",
            format!("Invalid value: \"{involved}\": does not match event.namespace"),
        );
    }
    if text(event, "/eventTime").is_empty() {
        return Ok(());
    }
    for (field, limit) in
        [("reportingComponent", 253), ("reportingInstance", 128), ("action", 128), ("reason", 128)]
    {
        let value = text(event, &format!("/{field}"));
        if value.is_empty() {
            return refuse(field, "Required value".to_owned());
        }
        if value.len() > limit {
            return refuse(field, format!("Invalid value: \"\": can have at most {limit} characters"));
        }
    }
    if text(event, "/message").len() > 1024 {
        return refuse("message", "Invalid value: \"\": can have at most 1024 characters".to_owned());
    }
    if !matches!(text(event, "/type"), "Normal" | "Warning") {
        return refuse("type", "Invalid value: \"\": has invalid value".to_owned());
    }
    Ok(())
}

fn place(asking: &Asking) -> &str {
    asking.ask.namespace.as_deref().unwrap_or_default()
}

fn named(asking: &Asking) -> &str {
    asking.ask.name.as_deref().unwrap_or_default()
}
