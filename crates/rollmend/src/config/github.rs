//! `[github]`.

use std::path::PathBuf;

use url::Url;

use super::key::{Key, at_start, live};
use super::secret::Secret;
use super::section::{At, Section};

const API: Key = at_start(
    "api",
    "The address of the REST API, such as `https://github.example.com/api/v3` for GitHub Enterprise. `http` is for loopback only.",
)
.or("`\"https://api.github.com\"`");
const TOKEN: Key = at_start(
    "token",
    "A fine-grained token with read and write for Contents and Pull requests of the listed repositories.",
)
.or("needed in the table");
const CA: Key =
    at_start("ca", "Certificates that are trusted besides the usual ones, PEM.").or("the usual ones alone");

/// GitHub's interface and the token for it.
#[derive(Debug, Clone)]
pub(crate) struct GitHub {
    /// `api`; `https://api.github.com` when absent.
    pub(crate) api: Url,
    /// `token`.
    pub(crate) token: Secret,
    /// `ca`: certificates that are trusted besides the usual ones, PEM.
    pub(crate) ca: Option<PathBuf>,
}

impl GitHub {
    /// Scheme, host and port of the repositories that belong to this interface: `https://github.com` for `api.github.com`, the
    /// same origin for GitHub Enterprise.
    pub(crate) fn web_origin(&self) -> String {
        if self.api.host_str() == Some("api.github.com") {
            return "https://github.com".to_owned();
        }
        self.api.origin().ascii_serialization()
    }
}

pub(super) fn read(section: Section<'_>) -> Option<GitHub> {
    if !section.is_present() {
        return None;
    }
    let api = api(&section);
    let token = Secret::read(&section, TOKEN);
    if token.is_none() {
        section.problem(section.span(), "[github] has no token", "add token = { env = \"GITHUB_TOKEN\" }");
    }
    let ca = authorities(&section, CA);
    section.finish();
    Some(GitHub { api: api?, token: token?, ca })
}

/// `{ file = "/path/ca.pem" }`.
pub(super) fn authorities(section: &Section<'_>, key: Key) -> Option<PathBuf> {
    let ca = section.whole(key, "`{ file = \"/path/ca.pem\" }`");
    let file = ca.text(live("file", "")).map(|file| PathBuf::from(file.value));
    if ca.is_present() && file.is_none() {
        let what = format!("{} names no file", section.name(key.name));
        ca.problem(ca.span(), what, format!("write {} = {{ file = \"/path/ca.pem\" }}", key.name));
    }
    ca.finish();
    file
}

fn api(section: &Section<'_>) -> Option<Url> {
    let Some(At { value: url, span }) = section.parsed::<Url>(API, "URL") else {
        return "https://api.github.com".parse().ok();
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if safe && url.username().is_empty() && url.password().is_none() {
        return Some(url);
    }
    let what = format!("[github] api is \"{}\"", url.origin().ascii_serialization());
    section.problem(
        span,
        what,
        "write https:// and the host without credentials (http is for loopback only)",
    );
    None
}

/// Whether what is sent there leaves this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
