//! How requests reach a provider: one host, no redirects, bounded answers, patience with a busy one.
//!
//! rig has a transport of its own, which reads answers of any size and asks once.

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use reqwest::Client;
use rig_core::http_client::{
    Error, HttpClientExt, LazyBody, MultipartForm, Result as Sent, StreamingResponse,
};
use url::{Origin, Url};

use super::fault::Fault;
use super::pace::{self, Pace};

/// The largest answer that is read. The longest that a model can write takes a fraction of it.
pub(super) const LARGEST: usize = 2 << 20;
/// How much of a refusal is read.
const LARGEST_REFUSAL: usize = 16 << 10;

/// Sends to one origin.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    origin: Origin,
    pace: Pace,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Transport {
    /// Sends to the origin of `base` alone: the key is in every request.
    pub(super) fn new(client: Client, base: &Url, pace: Pace) -> Self {
        Self { client, origin: base.origin(), pace }
    }

    async fn exchange(self, mut parts: Parts, body: Bytes) -> Sent<Answer> {
        let mut url = Url::parse(&parts.uri.to_string()).map_err(|_| Error::instance(Fault::Elsewhere))?;
        if url.origin() != self.origin {
            return Err(Error::instance(Fault::Elsewhere));
        }
        key_to_header(&mut url, &mut parts.headers);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self.once(&parts, url.clone(), body.clone()).await;
            let Some(asked_for) = asks_for_patience(&outcome) else { return finished(outcome) };
            let Some(wait) = self.pace.wait(attempts, asked_for) else { return finished(outcome) };
            tracing::debug!(attempts, wait_ms = wait.as_millis(), "the provider is asked again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, parts: &Parts, url: Url, body: Bytes) -> Result<Answer, Fault> {
        let request =
            self.client.request(parts.method.clone(), url).headers(parts.headers.clone()).body(body);
        let mut response = request.send().await.map_err(|error| of_sending(&error))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = if status.is_success() { whole(response).await? } else { beginning(response).await };
        Ok(Answer { status, headers, body })
    }
}

/// rig writes Gemini's key into the address, where proxies and servers log it; Gemini takes it as a header as well.
fn key_to_header(url: &mut Url, headers: &mut HeaderMap) {
    let (keys, rest): (Vec<_>, Vec<_>) = url.query_pairs().into_owned().partition(|(name, _)| name == "key");
    let Some((_, key)) = keys.first() else { return };
    if let Ok(mut value) = HeaderValue::from_str(key) {
        value.set_sensitive(true);
        headers.insert("x-goog-api-key", value);
    }
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(rest);
    }
}

/// Whether asking again can help, and how long the provider wants to be left alone. An answer that broke off is not asked for
/// again here, since it may be charged.
#[expect(
    clippy::option_option,
    reason = "whether to ask again, and whether a time was named, are two questions"
)]
fn asks_for_patience(outcome: &Result<Answer, Fault>) -> Option<Option<std::time::Duration>> {
    match outcome {
        Ok(answer) if pace::may_pass(answer.status) => Some(pace::retry_after(&answer.headers)),
        Err(Fault::Unreachable | Fault::Dropped) => Some(None),
        Ok(_) | Err(_) => None,
    }
}

/// A status that is no success becomes rig's error for it. The provider's words go no further than the debug log of a refusal.
#[expect(clippy::result_large_err, reason = "it is rig's error")]
fn finished(outcome: Result<Answer, Fault>) -> Sent<Answer> {
    let answer = outcome.map_err(Error::instance)?;
    if answer.status.is_success() {
        return Ok(answer);
    }
    let words = String::from_utf8_lossy(&answer.body).into_owned();
    Err(Error::non_success_with_details(answer.status, answer.headers, words))
}

/// Without reqwest's own words, which hold the address.
pub(super) fn of_sending(error: &reqwest::Error) -> Fault {
    if error.is_connect() { Fault::Unreachable } else { Fault::Dropped }
}

pub(super) async fn whole(mut response: reqwest::Response) -> Result<Bytes, Fault> {
    let declared = response.content_length().unwrap_or_default();
    if declared > LARGEST as u64 {
        return Err(Fault::Huge(LARGEST));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Fault::BrokenOff)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Fault::Huge(LARGEST));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

async fn beginning(mut response: reqwest::Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= LARGEST_REFUSAL {
            body.truncate(LARGEST_REFUSAL);
            break;
        }
    }
    body.freeze()
}

impl HttpClientExt for Transport {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Sent<Response<LazyBody<U>>>> + Send + 'static
    where
        T: Into<Bytes> + Send,
        U: From<Bytes> + Send + 'static,
    {
        let transport = self.clone();
        let (parts, body) = request.into_parts();
        let body = body.into();
        async move {
            let answer = transport.exchange(parts, body).await?;
            let body: LazyBody<U> = Box::pin(std::future::ready(Ok(U::from(answer.body))));
            Ok(rebuilt(answer.status, answer.headers, body))
        }
    }

    fn send_multipart<U>(
        &self,
        _: Request<MultipartForm>,
    ) -> impl Future<Output = Sent<Response<LazyBody<U>>>> + Send + 'static
    where
        U: From<Bytes> + Send + 'static,
    {
        std::future::ready(Err(Error::instance(Fault::Request)))
    }

    fn send_streaming<T>(&self, request: Request<T>) -> impl Future<Output = Sent<StreamingResponse>> + Send
    where
        T: Into<Bytes> + Send,
    {
        let transport = self.clone();
        let (parts, body) = request.into_parts();
        let body = body.into();
        async move {
            let answer = transport.exchange(parts, body).await?;
            let stream = futures::stream::iter([Ok(answer.body)]);
            let body: rig_core::http_client::BoxedStream = Box::pin(stream);
            Ok(rebuilt(answer.status, answer.headers, body))
        }
    }
}

fn rebuilt<B>(status: StatusCode, headers: HeaderMap, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
