//! GitHub's refusals in words, with what to do about each.

use std::time::Duration;

use domain::{Failure, Remedy};
use http::StatusCode;
use octocrab::GitHubError;

use crate::wire::{WireFault, wait_wanted};

/// The right of a token that a call needs, in the names of fine-grained tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// Any token knows whose it is.
    Any,
    ReadMetadata,
    ReadPulls,
    WritePulls,
}

impl Right {
    fn named(self) -> &'static str {
        match self {
            Self::Any => "to be used at all",
            Self::ReadMetadata => "\"Metadata: read\"",
            Self::ReadPulls => "\"Pull requests: read\"",
            Self::WritePulls => "\"Pull requests: read and write\"",
        }
    }
}

/// What was tried, for the words: `what` is a fragment such as `list the pull requests of https://github.com/acme/shop`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trying<'a> {
    pub(crate) what: &'a str,
    pub(crate) right: Right,
}

impl Trying<'_> {
    /// An error of octocrab in words.
    pub(crate) fn failed(self, error: octocrab::Error) -> Failure {
        let failure = match &error {
            octocrab::Error::GitHub { source, .. } => self.refused(source),
            octocrab::Error::Service { source, .. } => match source.downcast_ref::<WireFault>() {
                Some(fault) => self.cut(fault),
                None => Failure::retry("github-connection", format!("{}: the connection failed", self.what)),
            },
            // A page of a proxy, or of GitHub in trouble; whatever was done is looked for before it is done again.
            octocrab::Error::Json { .. } | octocrab::Error::Serde { .. } => Failure::retry(
                "github-answer",
                format!("{}: the answer has another shape than GitHub's", self.what),
            ),
            _ => Failure::give_up("github-request", format!("{}: the request could not be made", self.what)),
        };
        failure.because(error)
    }

    fn refused(self, error: &GitHubError) -> Failure {
        let Self { what, right } = self;
        let right = right.named();
        let said = said(error);
        let what = format!("{what}: GitHub answered {}: {said}", error.status_code.as_u16());
        if let Some(after) = wait(error) {
            let failure = Failure::retry("github-rate-limit", what);
            return Failure { remedy: Remedy::Retry { after: Some(after) }, ..failure };
        }
        match error.status_code {
            StatusCode::UNAUTHORIZED => {
                let advice =
                    format!("the token is wrong, expired or revoked: renew it, with the right {right}");
                Failure::ask_human("github-token", what, advice)
            }
            StatusCode::FORBIDDEN if said.contains("archived") => {
                let advice = "the repository is archived: unarchive it, or take it out of agents.toml";
                Failure::ask_human("github-archived", what, advice)
            }
            StatusCode::FORBIDDEN => {
                let advice = format!("grant the token the right {right} on this repository");
                Failure::ask_human("github-right", what, advice)
            }
            StatusCode::NOT_FOUND => {
                let advice = format!(
                    "the repository is gone, or hidden from the token: check its address in agents.toml, and grant the token the \
                     right {right} on it"
                );
                Failure::ask_human("github-not-found", what, advice)
            }
            status if status.is_server_error() => Failure::retry("github-server", what),
            _ => Failure::give_up("github-refused", what),
        }
    }

    fn cut(self, fault: &WireFault) -> Failure {
        let what = format!("{}: {fault}", self.what);
        match fault {
            WireFault::OutOfTime(_) => Failure::retry("github-timeout", what),
            WireFault::NoConnection(_) => Failure::retry("github-connection", what),
            WireFault::SentOn(_) => Failure::ask_human(
                "github-redirect",
                what,
                "check the address of the API under [github] in agents.toml",
            ),
            WireFault::TooLarge => Failure::retry("github-too-large", what),
            WireFault::NoRequest(_) => Failure::give_up("github-request", what),
        }
    }
}

/// The wait that a refusal asks for; a secondary limit may come with words alone.
fn wait(error: &GitHubError) -> Option<Duration> {
    let wanted = error.headers.as_ref().and_then(|headers| wait_wanted(error.status_code, headers));
    let limited =
        error.status_code == StatusCode::FORBIDDEN && error.message.to_lowercase().contains("rate limit");
    wanted.or(limited.then_some(Duration::from_secs(60)))
}

/// GitHub's message with its list of errors, in one line.
pub(crate) fn said(error: &GitHubError) -> String {
    let mut said = crate::text::line(&error.message, 200);
    for one in error.errors.iter().flatten().take(5) {
        let field = |name: &str| one.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let words = match (one.as_str(), field("message")) {
            (Some(text), _) => text.to_owned(),
            (None, "") => format!("{} is {}", field("field"), field("code")),
            (None, message) => message.to_owned(),
        };
        said.push_str("; ");
        said.push_str(&crate::text::line(&words, 200));
    }
    said
}
