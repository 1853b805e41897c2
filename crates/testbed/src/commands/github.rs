//! `rollmend-testbed github`.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use testbed::github::{GitHub, GitHubOptions, Rights, Source, Token};
use testbed::wire::Port;

/// What `github` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A repository: a git bundle or a repository's directory; without one it is empty.
    #[arg(long = "repo", value_name = "OWNER/NAME[=PATH]", required = true)]
    repositories: Vec<Serving>,
    /// A token that is accepted; without a login it is octocat's, and it may write unless it says read.
    #[arg(long = "token", value_name = "TOKEN[:LOGIN[:read|write]]", required = true)]
    tokens: Vec<Accepting>,
    /// The port; any free one when absent.
    #[arg(long)]
    port: Option<u16>,
    /// A branch, of every repository, that takes no push.
    #[arg(long = "protect", value_name = "BRANCH")]
    protected: Vec<String>,
    /// Where the bare repositories go; a temporary directory when absent.
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// One `--repo`.
#[derive(Clone)]
struct Serving {
    name: String,
    source: Source,
}

impl FromStr for Serving {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, source) = match text.split_once('=') {
            None => (text, Source::Empty),
            Some((name, path)) => {
                let path = PathBuf::from(path);
                (name, if path.is_dir() { Source::Repository(path) } else { Source::Bundle(path) })
            }
        };
        Ok(Self { name: name.to_owned(), source })
    }
}

/// One `--token`.
#[derive(Clone)]
struct Accepting(Token);

impl FromStr for Accepting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, ':');
        let secret = parts.next().filter(|secret| !secret.is_empty()).ok_or("the token is empty")?;
        let login = parts.next().filter(|login| !login.is_empty()).unwrap_or("octocat");
        let rights = match parts.next() {
            None | Some("write") => Rights::Write,
            Some("read") => Rights::Read,
            Some(other) => return Err(format!("'{other}' is not a right: use read or write")),
        };
        Ok(Self(Token::new(secret, login, rights)))
    }
}

/// Starts the double and shows what it is asked, until it is interrupted.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let github = GitHub::start(GitHubOptions {
        tokens: arguments.tokens.into_iter().map(|token| token.0).collect(),
        port: arguments.port.map_or(Port::Any, Port::Fixed),
        directory: arguments.directory,
        ..GitHubOptions::default()
    })
    .await
    .context("failed to start")?;
    for Serving { name, source } in arguments.repositories {
        github.create_repository(&name, source).await.with_context(|| format!("failed to make {name}"))?;
        for branch in &arguments.protected {
            github.protect(&name, branch).with_context(|| format!("failed to protect {branch} of {name}"))?;
        }
        super::say(&format!("clone {}", github.clone_url(&name)))?;
    }
    super::show(github.wire(), "github").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_login_and_a_right_that_may_be_left_out() {
        let token = |text: &str| text.parse::<Accepting>().map(|token| token.0);
        assert_eq!(token("abc"), Ok(Token::new("abc", "octocat", Rights::Write)));
        assert_eq!(token("abc:bot[bot]:read"), Ok(Token::new("abc", "bot[bot]", Rights::Read)));
        assert!(token("abc:x:admin").is_err());
        assert!(token("").is_err());
    }
}
