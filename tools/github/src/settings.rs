//! Which GitHub, with which token, and how patiently.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

/// The interface of github.com.
const GITHUB_API: &str = "https://api.github.com";

/// Where a GitHub is and how it is asked.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    pub(crate) api: Url,
    pub(crate) web: String,
    pub(crate) token: SecretString,
    /// A PEM file with certificate authorities that are trusted beside the system's, for GitHub Enterprise.
    pub authorities: Option<PathBuf>,
    /// How long one request may take, its answer included. 20 s by default.
    pub timeout: Duration,
    /// How reads are repeated.
    pub pauses: Pauses,
}

/// How a read that failed for a passing reason is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pauses {
    /// How often a read is tried at most.
    pub attempts: u32,
    /// The wait before the second try; it doubles with each.
    pub first: Duration,
    /// The longest wait for which a call is held; where GitHub asks for more, the call fails with that time.
    pub longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { attempts: 3, first: Duration::from_millis(500), longest: Duration::from_secs(5) }
    }
}

/// A text that is no base of a GitHub API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use {text:?} as the address of a GitHub API: {rule}")]
pub struct InvalidApi {
    /// The text, without control characters, at most 200 characters.
    pub text: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl GitHubSettings {
    /// github.com.
    pub fn github_com(token: SecretString) -> Result<Self, InvalidApi> {
        Self::at(GITHUB_API, token)
    }

    /// The GitHub whose API is at `api`: `https://api.github.com`, `https://<host>/api/v3` for GitHub Enterprise Server,
    /// `https://api.<name>.ghe.com` for Enterprise Cloud with data residency. Plain http for loopback only.
    pub fn at(api: &str, token: SecretString) -> Result<Self, InvalidApi> {
        let refuse = |rule| InvalidApi { text: crate::text::line(api, 200), rule };
        let url = Url::parse(api.trim_end_matches('/')).map_err(|_| refuse("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not contain a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must not have a query or fragment"));
        }
        let web = web_origin(&url).map_err(refuse)?;
        Ok(Self {
            api: url,
            web,
            token,
            authorities: None,
            timeout: Duration::from_secs(20),
            pauses: Pauses::default(),
        })
    }

    /// The origin of the pages and repositories of this GitHub, as [`domain::RepositoryUrl::origin`] writes it: what its token is
    /// for, also when git is spoken.
    pub fn web(&self) -> &str {
        &self.web
    }
}

fn web_origin(api: &Url) -> Result<String, &'static str> {
    let host = api.host().ok_or("it must name a host")?;
    let loopback = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match api.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err("only https is allowed (http for loopback)"),
    }
    let name = host.to_string();
    let name = name.strip_prefix("api.").unwrap_or(&name);
    let port = api.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{name}{port}", api.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(api: &str) -> Result<String, &'static str> {
        let settings = GitHubSettings::at(api, "token".to_owned().into());
        settings.map(|settings| settings.web).map_err(|error| error.rule)
    }

    #[test]
    fn each_api_belongs_to_one_web_origin() {
        assert_eq!(web("https://api.github.com").unwrap(), "https://github.com");
        assert_eq!(web("https://github.example.com/api/v3/").unwrap(), "https://github.example.com");
        assert_eq!(web("https://api.acme.ghe.com").unwrap(), "https://acme.ghe.com");
        assert_eq!(web("http://127.0.0.1:8080/api/v3").unwrap(), "http://127.0.0.1:8080");
    }

    #[test]
    fn an_api_that_would_leak_the_token_is_refused() {
        for bad in [
            "http://github.example.com",
            "https://user@github.com",
            "ftp://x",
            "x",
            "https://a/?b",
            "https://a/#b",
        ] {
            assert!(web(bad).is_err(), "{bad}");
        }
    }
}
