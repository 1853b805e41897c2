//! Which repository may be cloned: only what the operator listed, compared strictly.
//!
//! Everything that names a repository (an annotation, a template, a request) is hostile; it can choose among the listed
//! ones, never add one.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::id::BranchName;

/// `https://host/owner/name`, without credentials, query, fragment or `.git`. Plain `http` only for loopback.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RepositoryUrl {
    origin: String,
    owner: String,
    name: String,
}

/// A text that is no repository's URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the repository URL {text:?}: {rule}")]
pub struct InvalidRepositoryUrl {
    /// The offending text, cut to 200 characters, without control characters.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl RepositoryUrl {
    /// Parses and normalises.
    pub fn parse(text: &str) -> Result<Self, InvalidRepositoryUrl> {
        let refuse = |rule| InvalidRepositoryUrl {
            text: text.chars().filter(|c| !c.is_control()).take(200).collect(),
            rule,
        };
        if text.len() > 2_000 || text.chars().any(|c| c.is_control() || c == '\\' || !c.is_ascii()) {
            return Err(refuse("it must be plain ASCII of at most 2,000 characters"));
        }
        let url = Url::parse(text.trim()).map_err(|_| refuse("it must look like https://host/owner/name"))?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(refuse("it must not contain a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must not have a query or fragment"));
        }
        let origin = origin(&url).map_err(refuse)?;
        let (owner, name) = owner_and_name(&url).map_err(refuse)?;
        Ok(Self { origin, owner, name })
    }

    /// Scheme, host and port, such as `https://github.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The owner as written.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository's name as written, without `.git`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether both name the same repository: host, owner and name without regard to case.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.origin == other.origin
            && self.owner.eq_ignore_ascii_case(&other.owner)
            && self.name.eq_ignore_ascii_case(&other.name)
    }
}

fn origin(url: &Url) -> Result<String, &'static str> {
    let host = match url.host() {
        Some(Host::Domain(name)) if name.ends_with('.') => return Err("the host must not end with a dot"),
        Some(Host::Domain(name)) if name.split('.').any(|label| label.starts_with("xn--")) => {
            return Err("the host must be plain ASCII, not an internationalised name");
        }
        Some(host) => host,
        None => return Err("it must name a host"),
    };
    let loopback = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("http is allowed for loopback only: use https"),
        _ => return Err("only https is allowed"),
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

fn owner_and_name(url: &Url) -> Result<(String, String), &'static str> {
    const RULE: &str = "its path must be /owner/name";
    let mut parts = url.path().trim_start_matches('/').trim_end_matches('/').split('/');
    let (Some(owner), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(RULE);
    };
    let name = name.strip_suffix(".git").unwrap_or(name);
    let plain = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && !part.starts_with(['-', '.'])
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if plain(owner) && plain(name) { Ok((owner.to_owned(), name.to_owned())) } else { Err(RULE) }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.origin, self.owner, self.name)
    }
}

impl TryFrom<String> for RepositoryUrl {
    type Error = InvalidRepositoryUrl;

    fn try_from(text: String) -> Result<Self, InvalidRepositoryUrl> {
        Self::parse(&text)
    }
}

impl From<RepositoryUrl> for String {
    fn from(url: RepositoryUrl) -> String {
        url.to_string()
    }
}

/// A repository that the operator listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repository {
    /// Where it is.
    pub url: RepositoryUrl,
    /// The branch that pull requests go to.
    pub base: BranchName,
    /// What a patch may touch, as globs; empty: all but the files that are always refused.
    pub paths: Vec<String>,
    /// Labels for its pull requests.
    pub labels: Vec<String>,
}

/// What names the repository of an incident, in the order in which the first that is set decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedRepository {
    /// The Rollout's annotation `rollmend.dev/repository`.
    pub annotation: Option<String>,
    /// `githubUrl` of a plugin metric in the run's spec.
    pub plugin: Option<String>,
    /// `repoUrl` of a request for this attempt.
    pub request: Option<String>,
}

impl NamedRepository {
    /// The deciding text, if any is set.
    pub fn deciding(&self) -> Option<&str> {
        [&self.annotation, &self.plugin, &self.request].into_iter().flatten().map(String::as_str).next()
    }
}

/// What the allow-list says of the named repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum RepositoryStanding {
    /// Listed.
    Allowed {
        /// The listed entry; its `base` wins over any other.
        repository: Repository,
    },
    /// Nothing names one.
    NotNamed,
    /// Named, and not listed or no URL of a repository.
    Refused {
        /// Why, with the name as given.
        reason: String,
    },
}

/// The allow-list: only these are ever cloned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedRepositories(Vec<Repository>);

impl AllowedRepositories {
    /// From the listed entries.
    pub fn new(listed: Vec<Repository>) -> Self {
        Self(listed)
    }

    /// The listed entries.
    pub fn iter(&self) -> impl Iterator<Item = &Repository> {
        self.0.iter()
    }

    /// Looks the named repository up.
    pub fn standing(&self, named: &NamedRepository) -> RepositoryStanding {
        let Some(text) = named.deciding() else { return RepositoryStanding::NotNamed };
        match RepositoryUrl::parse(text) {
            Err(error) => RepositoryStanding::Refused { reason: error.to_string() },
            Ok(url) => match self.0.iter().find(|listed| listed.url.is_same_as(&url)) {
                Some(listed) => RepositoryStanding::Allowed { repository: listed.clone() },
                None => RepositoryStanding::Refused {
                    reason: format!(
                        "{url} is not listed in agents.toml: add a [[repository]] for it to allow it"
                    ),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_1_to_3_a_url_that_only_looks_like_an_allowed_one_is_refused() {
        let allowed = AllowedRepositories::new(vec![Repository {
            url: RepositoryUrl::parse("https://github.com/o/r").unwrap(),
            base: "main".parse().unwrap(),
            paths: vec![],
            labels: vec![],
        }]);
        for bad in [
            "https://github.com@evil.example/o/r",
            "https://github.com:x@evil.example/o/r",
            "https://github.com.evil.example/o/r",
            "https://g\u{456}thub.com/o/r",
            "https://xn--gthub-n4a.com/o/r",
            "https://github.com./o/r",
            "https://github.com:8443/o/r",
            "http://github.com/o/r",
            "file:///etc",
            "file://github.com/o/r",
            "ext::sh -c id",
            "ssh://git@github.com/o/r",
            "git@github.com:o/r",
            "--upload-pack=x",
            "-oProxyCommand=x",
            "https://github.com/o/r/../../x/y",
            "https://github.com/o/r?x=1",
            "https://github.com/o/r#x",
            "https://github.com/o/%2e%2e",
            "https://github.com\\@evil.example/o/r",
            "https://github.com/o/r\r\nHost: evil.example",
            "",
        ] {
            let named = NamedRepository { request: Some(bad.to_owned()), ..Default::default() };
            let standing = allowed.standing(&named);
            assert!(matches!(standing, RepositoryStanding::Refused { .. }), "{bad:?}: {standing:?}");
        }
    }

    #[test]
    fn the_comparison_ignores_case_and_dot_git() {
        let listed = RepositoryUrl::parse("https://github.com/acme/shop").unwrap();
        for same in ["https://GitHub.com/Acme/Shop.git", "https://github.com:443/acme/shop/"] {
            assert!(RepositoryUrl::parse(same).unwrap().is_same_as(&listed), "{same}");
        }
    }

    #[test]
    fn the_first_that_is_set_decides_even_when_a_later_one_is_allowed() {
        let allowed = AllowedRepositories::new(vec![Repository {
            url: RepositoryUrl::parse("https://github.com/acme/shop").unwrap(),
            base: "main".parse().unwrap(),
            paths: vec![],
            labels: vec![],
        }]);
        let named = NamedRepository {
            annotation: Some("https://github.com/acme/other".to_owned()),
            plugin: None,
            request: Some("https://github.com/acme/shop".to_owned()),
        };
        assert!(matches!(allowed.standing(&named), RepositoryStanding::Refused { .. }));
        let named = NamedRepository { annotation: None, ..named };
        assert!(matches!(allowed.standing(&named), RepositoryStanding::Allowed { .. }));
    }
}
