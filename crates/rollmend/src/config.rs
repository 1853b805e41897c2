//! `agents.toml`: read, checked as a whole, and turned into values that cannot be wrong.
//!
//! Every problem of a file is reported at once, each with its place and what to do. Unknown keys are problems. Secrets are
//! never in the file, only the names of variables or files that hold them.

mod cluster;
mod daemon;
mod document;
mod gate;
mod github;
mod problem;
mod repository;
mod secret;
mod section;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use domain::{AllowedRepositories, Confidence, GateSettings, MIN_CONFIDENCE};

pub(crate) use cluster::Cluster;
pub(crate) use daemon::{Access, Daemon};
pub(crate) use github::GitHub;
pub(crate) use problem::Problems;
#[cfg(test)]
pub(crate) use secret::Secret;

/// The name that is looked for where no file is named.
pub(crate) const DEFAULT_FILE: &str = "agents.toml";
/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `[daemon]`.
    pub(crate) daemon: Daemon,
    /// `[cluster]`.
    pub(crate) cluster: Cluster,
    /// `[gate]`.
    pub(crate) gate: GateSettings,
    /// `[agents.fixer] min_confidence`.
    pub(crate) min_confidence: Confidence,
    /// `[github]`, where present.
    pub(crate) github: Option<GitHub>,
    /// Every `[[repository]]`.
    pub(crate) repositories: AllowedRepositories,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum ConfigError {
    /// There is no file.
    #[error("there is no configuration: {} does not exist", path.display())]
    #[diagnostic(help(
        "`rollmend demo` needs none; for `serve`, write a commented one with `rollmend init`, change it, and test it with `rollmend check`"
    ))]
    Absent {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file has problems.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Problems(#[from] Problems),
}

impl Config {
    /// Reads and checks a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = text_of(path)?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }

    /// Checks a text; `name` is what problems call it.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        let (config, problems) = document::check(text);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(Problems::new(name, text, problems)),
        }
    }
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ConfigError::Absent { path: path.to_owned() });
        }
        Err(error) => return Err(unreadable(error)),
        Ok(about) if about.len() > LARGEST => {
            let words = format!("it is larger than {} KiB", LARGEST >> 10);
            return Err(unreadable(std::io::Error::other(words)));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn default_confidence() -> Confidence {
    Confidence::of(MIN_CONFIDENCE)
}
