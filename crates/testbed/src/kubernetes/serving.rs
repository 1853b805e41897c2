//! The way of one request: who asks, what for, whether they may, and then the answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    InitialEvents,
    access::{Access, Caller},
    discovery,
    form::Extent,
    kinds::Kind,
    pod_log, reading,
    refusal::Refusal,
    request::{Ask, Form, Query},
    store::Store,
    watching, writing,
};
use crate::kubelet::PodLogs;

/// How large a request's body may be (the API server's own limit, in bytes).
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// All that answers are made from.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) logs: PodLogs,
    pub(crate) access: Access,
    pub(crate) custom_resources: AtomicBool,
    pub(crate) initial_events: InitialEvents,
    pub(crate) version: String,
    /// Counts the orders given to all live watches.
    pub(crate) orders: watch::Sender<watching::Orders>,
}

/// A request for a resource, ready to be answered.
pub(crate) struct Asking {
    pub(crate) ask: Ask,
    pub(crate) kind: Kind,
    pub(crate) form: Form,
    pub(crate) extent: Extent,
    pub(crate) query: Query,
}

/// Answers any request.
pub(crate) async fn serve(State(server): State<Arc<Server>>, request: Request) -> Response {
    match answer(&server, request).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal),
    }
}

/// A JSON answer.
pub(crate) fn json(code: StatusCode, body: &Value) -> Response {
    (code, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn answer(server: &Server, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let path = head.uri.path();
    if matches!(path, "/healthz" | "/livez" | "/readyz") {
        return Ok((StatusCode::OK, "ok").into_response());
    }
    let caller = server.access.caller(&head.headers)?;
    if head.method == Method::GET
        && let Some(told) = discovery::answer(path, &server.served(), &server.version)
    {
        if caller.user == "system:anonymous" && path != "/version" {
            return Err(anonymous(path));
        }
        return Ok(json(StatusCode::OK, &told));
    }
    let Some(ask) = Ask::parse(&head.method, path, &query) else { return Ok(no_such_path()) };
    if (ask.group.as_str(), ask.plural.as_str()) == ("authorization.k8s.io", "selfsubjectaccessreviews") {
        return review(server, caller, body).await;
    }
    let Some((kind, form)) = ask.kind().filter(|(kind, _)| server.serves(*kind)) else {
        return Ok(no_such_path());
    };
    server.access.check(caller, &ask)?;
    let asking = Asking { ask, kind, form, extent: Extent::accepted(&head.headers)?, query };
    match (asking.ask.verb, asking.ask.subresource.as_deref()) {
        ("get", Some("log")) if kind == Kind::Pod => pod_log::read(server, &asking),
        ("get", None | Some("status")) => reading::get(server, &asking),
        ("list", None) => reading::list(server, &asking),
        ("watch", None) => watching::watch(server, &asking),
        ("create" | "update" | "patch" | "delete", _) => {
            let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or("application/json").to_owned();
            writing::write(server, &asking, &content_type, &read_body(body).await?)
        }
        _ => Err(Refusal::method_not_allowed()),
    }
}

impl Server {
    fn serves(&self, kind: Kind) -> bool {
        !kind.is_custom() || self.custom_resources.load(Ordering::Relaxed)
    }

    fn served(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.serves(*kind)).collect()
    }
}

async fn review(server: &Server, caller: Caller<'_>, body: Body) -> Result<Response, Refusal> {
    let review = serde_json::from_slice(&read_body(body).await?).map_err(|error| {
        Refusal::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
    })?;
    Ok(json(StatusCode::CREATED, &server.access.review(caller, review)))
}

async fn read_body(body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = axum::body::to_bytes(body, BODY_LIMIT).await.map_err(|_| Refusal::too_large(BODY_LIMIT))?;
    Ok(bytes.to_vec())
}

/// What the API server's router says of a path that nobody serves, a resource without its CRD included: no `Status`.
fn no_such_path() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

fn anonymous(path: &str) -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "Forbidden",
        format!("forbidden: User \"system:anonymous\" cannot get path \"{path}\""),
    )
}

fn refuse(refusal: &Refusal) -> Response {
    json(refusal.code, &refusal.to_status())
}
