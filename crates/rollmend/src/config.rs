//! `agents.toml`: read, checked as a whole, and turned into values that cannot be wrong.
//!
//! Every problem of a file is reported at once, each with its place and what to do. Unknown keys are problems. Secrets are
//! never in the file, only the names of variables or files that hold them.

mod agents;
mod budget;
mod cluster;
mod daemon;
mod document;
mod gate;
mod github;
mod key;
mod models;
mod problem;
#[cfg(test)]
mod reference;
mod repository;
mod secret;
mod section;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::{AllowedRepositories, Budget, Confidence, GateSettings};

pub(crate) use agents::{Analyzer, Fixer};
pub(crate) use cluster::Cluster;
pub(crate) use daemon::{Access, Daemon};
pub(crate) use github::GitHub;
pub(crate) use key::written;
pub(crate) use models::{Model, Provider};
pub(crate) use problem::Problems;
pub(crate) use secret::Secret;
pub(crate) use watch::{Change, Watch};

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
    /// Every `[models.NAME]`, also those that no agent names.
    pub(crate) models: BTreeMap<String, Model>,
    /// `[agents.analyzer]`, where it names a model.
    pub(crate) analyzer: Option<Analyzer>,
    /// `[agents.fixer]`, where it names a model.
    pub(crate) fixer: Option<Fixer>,
    /// `[agents.fixer] min_confidence`.
    pub(crate) min_confidence: Confidence,
    /// `[budget]`.
    pub(crate) budget: Budget,
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

impl ConfigError {
    /// All that is wrong, in one line.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Problems(problems) => format!("{problems}: {}", problems.line()),
            Self::Absent { .. } | Self::Unreadable { .. } => self.to_string(),
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
