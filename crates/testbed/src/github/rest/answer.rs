//! Answers and refusals in GitHub's words.

use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::limit::Meter;
use crate::github::GitHubError;
use crate::github::shape::Urls;
use crate::github::world::Repository;

/// Where GitHub documents its API; answers of refusal name it.
const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// What a handler returns.
pub(super) type Outcome = Result<Answer, Refusal>;

/// An answer that gives what was asked for.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// 200 with this JSON.
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// 201 with this JSON, whose `url` is its address.
    pub(super) fn created(body: &Value) -> Self {
        let at = body.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::json(201, body).with(header::LOCATION, at)
    }

    /// 204.
    pub(super) fn gone() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new() }
    }

    /// 200 with something that is not JSON.
    pub(super) fn text(media: &str, body: String) -> Self {
        let headers = vec![(header::CONTENT_TYPE, format!("{media}; charset=utf-8"))];
        Self { status: 200, headers, body: body.into_bytes() }
    }

    /// The same with one header more.
    pub(super) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    fn json(status: u16, body: &Value) -> Self {
        let headers = vec![(header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// The HTTP answer, with the headers that every answer of GitHub has.
    pub(super) fn into_response(self, meter: &Meter, now: DateTime<Utc>) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let always = [
            (header::SERVER, "github.com".to_owned()),
            (HeaderName::from_static("x-github-media-type"), "github.v3; format=json".to_owned()),
            (HeaderName::from_static("x-github-api-version-selected"), "2022-11-28".to_owned()),
            (HeaderName::from_static("x-github-request-id"), meter.request_id()),
        ];
        let headers = always.into_iter().chain(meter.headers(now)).chain(self.headers);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// An answer that refuses.
#[derive(Debug)]
pub(in crate::github) struct Refusal {
    status: u16,
    message: String,
    errors: Vec<Value>,
    url: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new(), url: None, headers: Vec::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Also what GitHub says of what the caller must not know of.
    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(super) fn bad_credentials() -> Self {
        Self::new(401, "Bad credentials")
    }

    pub(super) fn requires_authentication() -> Self {
        Self::new(401, "Requires authentication")
    }

    pub(super) fn not_accessible() -> Self {
        Self::new(403, "Resource not accessible by personal access token")
    }

    pub(super) fn archived() -> Self {
        Self::new(403, "Repository was archived so is read-only.")
    }

    pub(super) fn no_user_agent() -> Self {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        Self::new(403, message)
    }

    /// Something in the request is wrong; each error is an object of GitHub's `validation-error`.
    pub(super) fn invalid(errors: Vec<Value>) -> Self {
        Self { errors, ..Self::new(422, "Validation Failed") }
    }

    /// One field of a new or changed pull request is wrong.
    pub(super) fn invalid_field(field: &str, code: &str) -> Self {
        Self::invalid(vec![json!({ "resource": "PullRequest", "field": field, "code": code })])
    }

    /// A rule of pull requests that has no code of its own.
    pub(super) fn custom(message: &str) -> Self {
        Self::invalid(vec![json!({ "resource": "PullRequest", "code": "custom", "message": message })])
    }

    /// The repository has another name now.
    pub(super) fn moved(urls: &Urls, repository: &Repository, rest: &str, query: &str) -> Self {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let url = format!("{}/repositories/{}{rest}{query}", urls.api, repository.id);
        let moved = Self { url: Some(url.clone()), ..Self::new(301, "Moved Permanently") };
        moved.with(header::LOCATION, url)
    }

    /// What is refused, for people.
    pub(in crate::github) fn sentence(&self) -> String {
        let why = self.errors.iter().filter_map(|error| error.get("message").or_else(|| error.get("field")));
        let why: Vec<&str> = why.filter_map(Value::as_str).collect();
        if why.is_empty() { self.message.clone() } else { format!("{}: {}", self.message, why.join("; ")) }
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut body = json!({
            "message": self.message, "documentation_url": DOCUMENTATION, "status": self.status.to_string()
        });
        if let Some(object) = body.as_object_mut() {
            if !self.errors.is_empty() {
                object.insert("errors".to_owned(), self.errors.into());
            }
            if let Some(url) = self.url {
                object.insert("url".to_owned(), url.into());
            }
        }
        let answer = Answer::json(self.status, &body);
        self.headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value))
    }
}

/// What git cannot do here is our own failure.
impl From<git2::Error> for Refusal {
    fn from(error: git2::Error) -> Self {
        tracing::warn!(%error, "git failed while answering a request");
        Self::new(500, "Server Error")
    }
}

impl From<GitHubError> for Refusal {
    fn from(error: GitHubError) -> Self {
        match error {
            GitHubError::Unknown(_) => Self::not_found(),
            error => {
                tracing::warn!(%error, "could not answer a request");
                Self::new(500, "Server Error")
            }
        }
    }
}
