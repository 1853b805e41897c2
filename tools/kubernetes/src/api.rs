//! Requests to the API server: each with a time limit and a size limit, each failure with who can mend it.
//!
//! Refuses to know what the answers mean. A [`Kind`] that is not here cannot be asked for; Secrets are not here.

mod body;
mod failure;
mod lines;
mod list;
mod target;
mod watch;

use std::time::Duration;

use http::{Method, Request, Response, header};
use kube::client::Body;
use serde_json::Value;
use tokio::time::timeout;

pub(crate) use self::body::{Collected, collect};
pub(crate) use self::failure::ApiError;
pub(crate) use self::lines::{RawLine, Splitter};
pub(crate) use self::list::Selector;
pub(crate) use self::target::{Ask, Kind, Target, Verb};
pub(crate) use self::watch::{Seen, watch};

/// The limit for reading or writing an object or a page of a list.
pub(crate) const REQUEST: Duration = Duration::from_secs(10);
/// The largest answer to such a request, in bytes. etcd holds objects of at most about 1.5 MB.
pub(crate) const ANSWER: usize = 32 * 1024 * 1024;

/// What client-go accepts: JSON where there is any, and logs as they are.
const ACCEPT: &str = "application/json, */*";

/// A cheap handle on the API server.
#[derive(Clone)]
pub(crate) struct Api {
    client: kube::Client,
}

impl Api {
    pub(crate) fn new(client: kube::Client) -> Self {
        Self { client }
    }

    /// The object, or nothing when there is none of that name.
    pub(crate) async fn get(&self, target: Target) -> Result<Option<Value>, ApiError> {
        let ask = Ask { verb: Verb::Get, target };
        match self.object(&ask, Method::GET, "application/json", Vec::new()).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends one request and reads its whole answer as JSON.
    pub(crate) async fn object(
        &self,
        ask: &Ask,
        method: Method,
        content: &'static str,
        body: Vec<u8>,
    ) -> Result<Value, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(ask.target.path())
            .header(header::ACCEPT, ACCEPT)
            .header(header::CONTENT_TYPE, content)
            .body(Body::from(body));
        self.json(ask, request).await
    }

    /// Sends a GET with a query and reads its whole answer as JSON.
    pub(crate) async fn query(&self, ask: &Ask, query: &[(&str, String)]) -> Result<Value, ApiError> {
        self.json(ask, get_request(ask, query)).await
    }

    /// Sends a GET and gives the answer's body to be read as it comes; the limit is for the answer's head.
    pub(crate) async fn stream(
        &self,
        ask: &Ask,
        query: &[(&str, String)],
    ) -> Result<Response<Body>, ApiError> {
        let answer = self.send(ask, get_request(ask, query));
        timeout(REQUEST, answer).await.unwrap_or_else(|_| Err(ApiError::slow(ask, REQUEST)))
    }

    async fn json(&self, ask: &Ask, request: http::Result<Request<Body>>) -> Result<Value, ApiError> {
        let whole = async {
            let answer = self.send(ask, request).await?;
            match collect(answer.into_body(), ANSWER).await {
                Collected::Whole(bytes) => serde_json::from_slice(&bytes)
                    .map_err(|source| ApiError::Unreadable { ask: ask.clone(), source }),
                Collected::TooLarge => Err(ApiError::TooLarge { ask: ask.clone(), limit: ANSWER }),
                Collected::Cut(source) => Err(ApiError::unreachable(ask, source)),
            }
        };
        timeout(REQUEST, whole).await.unwrap_or_else(|_| Err(ApiError::slow(ask, REQUEST)))
    }

    async fn send(
        &self,
        ask: &Ask,
        request: http::Result<Request<Body>>,
    ) -> Result<Response<Body>, ApiError> {
        let request = request.map_err(|source| ApiError::unreachable(ask, kube::Error::HttpError(source)))?;
        let answer = self.client.send(request).await.map_err(|source| ApiError::unreachable(ask, source))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(ApiError::refused(ask, answer).await)
    }
}

fn get_request(ask: &Ask, query: &[(&str, String)]) -> http::Result<Request<Body>> {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(query);
    let uri = format!("{}?{}", ask.target.path(), encoded.finish());
    Request::get(uri).header(header::ACCEPT, ACCEPT).body(Body::empty())
}
