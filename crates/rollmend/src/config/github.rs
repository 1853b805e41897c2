//! `[github]`.

use std::path::PathBuf;

use url::Url;

use super::secret::Secret;
use super::section::{At, Section};

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
    let token = Secret::read(section.section("token"));
    if token.is_none() {
        section.problem(section.span(), "[github] has no token", "add token = { env = \"GITHUB_TOKEN\" }");
    }
    let ca = section.section("ca");
    let file = ca.text("file").map(|file| PathBuf::from(file.value));
    if ca.is_present() && file.is_none() {
        ca.problem(ca.span(), "[github] ca names no file", "write ca = { file = \"/path/ca.pem\" }");
    }
    ca.finish();
    section.finish();
    Some(GitHub { api: api?, token: token?, ca: file })
}

fn api(section: &Section<'_>) -> Option<Url> {
    let Some(At { value: url, span }) = section.parsed::<Url>("api") else {
        return "https://api.github.com".parse().ok();
    };
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
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
