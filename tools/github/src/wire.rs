//! The way from octocrab to GitHub's API: one origin, one token, bounded answers, patient reads.

mod limits;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::Failure;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use octocrab::OctoBody;
use reqwest::Client;
use secrecy::ExposeSecret as _;
use tower::Service;
use url::Url;

use crate::settings::{GitHubSettings, Pauses};

pub(crate) use limits::wait_wanted;

/// The largest answer that is read: a hundred pull requests with bodies at GitHub's limit are below 10 MiB.
const LARGEST_ANSWER: usize = 16 << 20;
/// Redirects of one request: a repository that was renamed and renamed again.
const MOST_REDIRECTS: u32 = 3;
/// The version of the interface that the shapes here belong to (docs.github.com/rest/about-the-rest-api/api-versions).
const API_VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");

/// What goes wrong before GitHub has answered with words of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireFault {
    #[error("it took longer than {0:?}")]
    OutOfTime(Duration),
    #[error("no connection ({0})")]
    NoConnection(String),
    #[error("the answer is larger than {LARGEST_ANSWER} bytes")]
    TooLarge,
    #[error("the server sends us on to {0}, which is not followed")]
    SentOn(String),
    #[error("the request could not be made ({0})")]
    NoRequest(String),
}

/// A handle; clones share the client.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Shared>);

struct Shared {
    client: Client,
    api: Url,
    authorization: HeaderValue,
    timeout: Duration,
    pauses: Pauses,
}

/// A request that can be sent again.
struct Ask {
    method: Method,
    path: String,
    body: Vec<u8>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(settings: &GitHubSettings) -> Result<Self, Failure> {
        let what = "set the GitHub client up";
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .user_agent(concat!("rollmend/", env!("CARGO_PKG_VERSION")));
        if settings.api.scheme() == "http" {
            builder = builder.no_proxy();
        }
        if let Some(path) = &settings.authorities {
            builder = builder.tls_certs_merge(authorities(path)?);
        }
        let client = builder.build().map_err(|e| Failure::give_up("github-client", what).because(e))?;
        let bearer = format!("Bearer {}", settings.token.expose_secret());
        let mut authorization = HeaderValue::from_str(&bearer).map_err(|_| {
            let advice = "remove line breaks and blanks from the token";
            Failure::ask_human("github-token", format!("{what}: the token cannot be sent"), advice)
        })?;
        authorization.set_sensitive(true);
        let shared = Shared {
            client,
            api: settings.api.clone(),
            authorization,
            timeout: settings.timeout,
            pauses: settings.pauses.clone(),
        };
        Ok(Self(Arc::new(shared)))
    }
}

impl Service<Request<OctoBody>> for Wire {
    type Response = Response<reqwest::Body>;
    type Error = WireFault;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, WireFault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let answer = shared.patiently(Ask::of(request).await?).await?;
            let mut response = Response::new(reqwest::Body::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

impl Ask {
    async fn of(request: Request<OctoBody>) -> Result<Self, WireFault> {
        let (parts, body) = request.into_parts();
        if parts.uri.authority().is_some() {
            return Err(WireFault::SentOn(parts.uri.host().unwrap_or_default().to_owned()));
        }
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let body = body.collect().await.map_err(|error| WireFault::NoRequest(error.to_string()))?;
        Ok(Self { method: parts.method, path, body: body.to_bytes().to_vec() })
    }
}

impl Shared {
    /// Reads are repeated where that may help and the wait is short; a write is sent once, since it may have been done.
    async fn patiently(&self, ask: Ask) -> Result<Answer, WireFault> {
        let mut pause = self.pauses.first;
        let mut attempt = 1;
        loop {
            let result = self.follow(&ask).await;
            if ask.method != Method::GET || attempt >= self.pauses.attempts {
                return result;
            }
            let wait = match &result {
                Ok(answer) => match wait_wanted(answer.status, &answer.headers) {
                    Some(wanted) => wanted.max(pause),
                    None if answer.status.is_server_error() => pause,
                    None => return result,
                },
                Err(WireFault::OutOfTime(_) | WireFault::NoConnection(_)) => pause,
                Err(_) => return result,
            };
            if wait > self.pauses.longest {
                return result;
            }
            tracing::debug!(path = %ask.path, attempt, ?wait, "asking GitHub again");
            tokio::time::sleep(wait).await;
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }

    /// A renamed repository redirects within the API, reads by any redirect, writes by those that keep the method.
    async fn follow(&self, ask: &Ask) -> Result<Answer, WireFault> {
        let mut url = self.url(&ask.path)?;
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(ask, url.clone()).await?;
            let keeps_method =
                matches!(answer.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
            if !answer.status.is_redirection() || !(keeps_method || ask.method == Method::GET) {
                return Ok(answer);
            }
            let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            let next = url.join(to).map_err(|_| WireFault::SentOn("a place that is no URL".to_owned()))?;
            if next.origin() != self.api.origin() || !next.username().is_empty() || next.password().is_some()
            {
                return Err(WireFault::SentOn(next.host_str().unwrap_or_default().to_owned()));
            }
            url = next;
        }
        Err(WireFault::SentOn("one place after the other".to_owned()))
    }

    fn url(&self, path: &str) -> Result<Url, WireFault> {
        let base = self.api.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| WireFault::NoRequest(error.to_string()))
    }

    async fn once(&self, ask: &Ask, url: Url) -> Result<Answer, WireFault> {
        let mut request = self
            .client
            .request(ask.method.clone(), url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/vnd.github+json")
            .header(API_VERSION.0, API_VERSION.1);
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(ask.body.clone());
        }
        let mut response = request.send().await.map_err(|error| self.fault(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault(error))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(WireFault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    fn fault(&self, error: reqwest::Error) -> WireFault {
        if error.is_timeout() {
            return WireFault::OutOfTime(self.timeout);
        }
        let error = error.without_url();
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        WireFault::NoConnection(crate::text::line(&innermost.to_string(), 200))
    }
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let what = || format!("read the certificate authorities in {}", path.display());
    let advice = || format!("check that {} is a readable PEM file of certificates", path.display());
    let pem = std::fs::read(path)
        .map_err(|error| Failure::ask_human("github-ca", what(), advice()).because(error))?;
    reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|error| Failure::ask_human("github-ca", what(), advice()).because(error))
}
