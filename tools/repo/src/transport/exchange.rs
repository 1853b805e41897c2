//! One request and its answer, as libgit2 reads and writes it.

use std::io::{self, Read, Write};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use git2::transport::Service;
use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret as _;
use url::Url;

use super::Session;
use crate::fault::Fault;

/// Redirects of a repository that was renamed and renamed again.
const MOST_REDIRECTS: u32 = 3;
/// The user name that GitHub wants beside a token.
const USER: &str = "x-access-token";

/// A request that is sent when its answer is first read.
pub(super) struct Exchange {
    session: Arc<Session>,
    service: Service,
    request: Vec<u8>,
    response: Option<Response>,
    received: u64,
}

impl Exchange {
    pub(super) fn new(session: Arc<Session>, service: Service) -> Self {
        Self { session, service, request: Vec::new(), response: None, received: 0 }
    }

    fn answer(&mut self) -> Result<&mut Response, Fault> {
        if self.response.is_none() {
            let response = match self.service {
                Service::UploadPackLs | Service::ReceivePackLs => self.look()?,
                Service::UploadPack | Service::ReceivePack => self.ask()?,
            };
            self.response = Some(response);
        }
        self.response.as_mut().ok_or(Fault::NotGit)
    }

    /// Advertised refs. Only here a redirect is followed, and only within the origin: that is how a renamed repository is found.
    fn look(&self) -> Result<Response, Fault> {
        let name = service_name(self.service);
        let query = format!("/info/refs?service={name}");
        for _ in 0..=MOST_REDIRECTS {
            let url = format!("{}{query}", self.base());
            let response = self.send(self.session.client.get(&url))?;
            if !response.status().is_redirection() {
                return accepted(response, &self.session, &format!("application/x-{name}-advertisement"));
            }
            let next = within_origin(&response, &self.session.origin)?;
            let Some(base) = next.as_str().strip_suffix(&query) else { return Err(sent_on(&next)) };
            base.clone_into(&mut self.session.base.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Err(Fault::SentOn { to: "one place after the other".to_owned() })
    }

    /// A service is asked where the refs were found; a redirect of it is an error.
    fn ask(&mut self) -> Result<Response, Fault> {
        let name = service_name(self.service);
        let result = format!("application/x-{name}-result");
        let request = self
            .session
            .client
            .post(format!("{}/{name}", self.base()))
            .header(CONTENT_TYPE, format!("application/x-{name}-request"))
            .header(ACCEPT, &result)
            .body(std::mem::take(&mut self.request));
        let response = self.send(request)?;
        if response.status().is_redirection() {
            let to = response.headers().get(LOCATION).map(|to| crate::words::line(to.as_bytes(), 100));
            return Err(Fault::SentOn { to: to.unwrap_or_default() });
        }
        accepted(response, &self.session, &result)
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let request = request.timeout(self.session.patience.left()?);
        let request = match &self.session.token {
            Some(token) => request.basic_auth(USER, Some(token.expose_secret())),
            None => request,
        };
        request.send().map_err(of_client)
    }

    fn base(&self) -> String {
        self.session.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.session.patience.left()?;
        let read = self.answer()?.read(buffer).map_err(|error| of_read(&error))?;
        self.session.count(read)?;
        self.received = self.received.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        let looks = matches!(self.service, Service::UploadPackLs | Service::ReceivePackLs);
        // libgit2 keeps every advertised ref in memory.
        if looks && self.received > self.session.most_advertised {
            return Err(Fault::TooManyBytes { limit: self.session.most_advertised });
        }
        Ok(read)
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer).map_err(|fault| {
            let error = io::Error::other(fault.to_string());
            self.session.blame(fault);
            error
        })
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.request.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
        Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
    }
}

/// The place that a redirect names, where it has the same scheme, host and port and no user name.
fn within_origin(response: &Response, origin: &url::Origin) -> Result<Url, Fault> {
    let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let Ok(next) = response.url().join(location) else {
        return Err(Fault::SentOn { to: "a place that is no URL".to_owned() });
    };
    if next.origin() == *origin && next.username().is_empty() && next.password().is_none() {
        Ok(next)
    } else {
        Err(sent_on(&next))
    }
}

/// Only the host is named: the rest of a hostile URL may hold anything.
fn sent_on(next: &Url) -> Fault {
    Fault::SentOn { to: next.host_str().map_or_else(|| next.scheme().to_owned(), str::to_owned) }
}

fn accepted(response: Response, session: &Session, expected: &str) -> Result<Response, Fault> {
    let status = response.status();
    if !status.is_success() {
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        return Err(Fault::Status { code: status.as_u16(), sent: session.sent(), retry_after });
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind == expected { Ok(response) } else { Err(Fault::NotGit) }
}

fn of_client(error: reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::OutOfTime;
    }
    let error = error.without_url();
    Fault::NoConnection { reason: innermost(&error) }
}

fn of_read(error: &io::Error) -> Fault {
    let timed_out = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    if timed_out.is_some_and(reqwest::Error::is_timeout) {
        return Fault::OutOfTime;
    }
    Fault::NoConnection { reason: format!("the connection was cut ({})", innermost(error)) }
}

/// The innermost cause says most ("connection refused", "certificate expired").
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    crate::words::line(innermost.to_string().as_bytes(), 200)
}
