//! What goes wrong on the way to a server, and what a person can do about it.

use std::time::Duration;

use domain::{Failure, Remedy, RepositoryUrl};

/// What an operation on a remote is for; decides which right of the token is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Fetch,
    Push,
}

impl Doing {
    fn verb(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Push => "push to",
        }
    }

    fn right(self) -> &'static str {
        match self {
            Self::Fetch => "\"Contents: read\"",
            Self::Push => "\"Contents: read and write\"",
        }
    }
}

/// Whether the request that failed carried a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    WithToken,
    WithoutToken,
}

/// What went wrong, before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the server answered {code}")]
    Status { code: u16, sent: Sent, retry_after: Option<Duration> },
    #[error("the server sends us on to {to}, which is not followed")]
    SentOn { to: String },
    #[error("the server does not speak git's smart HTTP protocol")]
    NotGit,
    #[error("more than {limit} bytes came")]
    TooManyBytes { limit: u64 },
    #[error("its {what} are more than the limit of {limit}")]
    TooMany { what: &'static str, limit: u64 },
    #[error("it took too long")]
    OutOfTime,
    #[error("it was called off")]
    CalledOff,
    #[error("{reason}")]
    NoConnection { reason: String },
}

impl Fault {
    /// In words, with what to do.
    pub(crate) fn failure(self, doing: Doing, url: &RepositoryUrl) -> Failure {
        let what = format!("{} {url}: {self}", doing.verb());
        match &self {
            Self::Status { code, sent, retry_after } => status(*code, *sent, *retry_after, doing, what, url),
            Self::SentOn { .. } => Failure::ask_human(
                "git-redirect",
                what,
                format!(
                    "check that {url} is the repository's own address and put the right one into agents.toml"
                ),
            ),
            Self::NotGit => Failure::ask_human(
                "git-not-git",
                what,
                format!("check the address {url} and what answers there"),
            ),
            Self::TooManyBytes { .. } => Failure::ask_human(
                "git-too-large",
                what,
                "give clones more room (clones under keep in agents.toml) if the repository is meant to be that large",
            ),
            Self::TooMany { .. } => Failure::give_up("git-too-large", what),
            Self::OutOfTime => Failure::retry("git-timeout", what),
            Self::CalledOff => Failure::retry("git-called-off", what),
            Self::NoConnection { .. } => Failure::retry("git-connection", what),
        }
        .because(self)
    }
}

fn status(
    code: u16,
    sent: Sent,
    retry_after: Option<Duration>,
    doing: Doing,
    what: String,
    url: &RepositoryUrl,
) -> Failure {
    let passing =
        |kind| Failure { remedy: Remedy::Retry { after: retry_after }, ..Failure::retry(kind, what.clone()) };
    let right = doing.right();
    let (kind, advice) = match (code, sent) {
        (429 | 500..=599, _) => return passing("git-server"),
        (403, _) if retry_after.is_some() => return passing("git-rate-limit"),
        (401, Sent::WithToken) => {
            ("git-token", format!("the token is wrong or expired: renew it, with the right {right} on {url}"))
        }
        (401, Sent::WithoutToken) => {
            let origin = url.origin();
            (
                "git-token",
                format!("no token is configured for {origin}: configure one with the right {right} on {url}"),
            )
        }
        // The server's words are lost in libgit2: an archived repository refuses a push with the same status.
        (403, _) => match doing {
            Doing::Fetch => ("git-right", format!("the token lacks the right {right} on {url}: grant it")),
            Doing::Push => (
                "git-right",
                format!(
                    "the token lacks the right {right} on {url}, or it is archived: grant it, or unarchive it"
                ),
            ),
        },
        (404, _) => (
            "git-not-found",
            format!(
                "{url} is gone, or hidden from the token: check the address, and the token's right {right}"
            ),
        ),
        _ => return Failure::give_up("git-status", what),
    };
    Failure::ask_human(kind, what, advice)
}

/// An error of libgit2 itself, where no fault of the wire explains it. Its text may quote the repository's hostile names.
pub(crate) fn of_git(error: git2::Error, what: impl std::fmt::Display) -> Failure {
    let said = crate::words::line(error.message().as_bytes(), 200);
    if is_full(&error) {
        return full(format!("{what}: {said}")).because(error);
    }
    Failure::give_up("git", format!("{what}: {said}")).because(error)
}

/// Whether the disk was full. libgit2 hands on what the system says (strerror(3) of ENOSPC) and keeps no number of it.
pub(crate) fn is_full(error: &git2::Error) -> bool {
    error.message().contains("No space left on device")
}

/// There was no room for something. There often is again after a while.
pub(crate) fn full(what: impl std::fmt::Display) -> Failure {
    Failure::retry("disk-full", format!("{what}: the disk is full: make room, or lower [daemon] keep.clones"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_who_can_do_what_about_it() {
        let url = RepositoryUrl::parse("https://github.com/acme/shop").unwrap();
        let of = |code, sent, doing| {
            let fault = Fault::Status { code, sent, retry_after: None };
            fault.failure(doing, &url)
        };
        assert_eq!(
            of(403, Sent::WithToken, Doing::Push).sentence(),
            "failed to push to https://github.com/acme/shop: the server answered 403: the token lacks the right \
             \"Contents: read and write\" on https://github.com/acme/shop, or it is archived: grant it, or unarchive it"
        );
        assert!(matches!(of(401, Sent::WithoutToken, Doing::Fetch).remedy, Remedy::AskHuman { .. }));
        assert!(matches!(of(404, Sent::WithToken, Doing::Fetch).remedy, Remedy::AskHuman { .. }));
        assert_eq!(of(503, Sent::WithToken, Doing::Fetch).remedy, Remedy::Retry { after: None });
        assert_eq!(of(418, Sent::WithToken, Doing::Fetch).remedy, Remedy::GiveUp);
    }
}
