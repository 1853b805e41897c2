//! Where a secret is kept, and reading it.

use std::path::PathBuf;

use secrecy::SecretString;

use super::key::{Key, live};
use super::section::Section;

/// The largest secret that is read from a file.
const LARGEST: u64 = 64 << 10;

/// The name of a variable or file that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// An environment variable.
    Variable(String),
    /// A file; white space around its content is left out.
    File(PathBuf),
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum SecretError {
    /// The variable is not set.
    #[error("failed to read {key}: the environment variable {variable} is not set or empty")]
    #[diagnostic(help("set it where the daemon is started, for example from a Kubernetes Secret"))]
    Variable {
        /// Who wants it.
        key: String,
        /// The variable.
        variable: String,
    },
    /// The file cannot be read.
    #[error("failed to read {key} from {}: {source}", path.display())]
    #[diagnostic(help("check that the Secret is mounted and that the daemon's user may read it"))]
    File {
        /// Who wants it.
        key: String,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl Secret {
    /// Reads `{ env = "NAME" }` or `{ file = "/path" }`.
    pub(super) fn read(section: &Section<'_>, key: Key) -> Option<Self> {
        let section = section.whole(key, "`{ env = \"NAME\" }` or `{ file = \"/path\" }`");
        if !section.is_present() {
            return None;
        }
        let (variable, file) = (section.text(live("env", "")), section.text(live("file", "")));
        let secret = match (variable, file) {
            (Some(variable), None) => Some(Self::Variable(variable.value)),
            (None, Some(file)) => Some(Self::File(file.value.into())),
            (Some(_), Some(_)) | (None, None) => {
                let what = "a secret is named by one of `env` and `file`";
                section.problem(section.span(), what, "write { env = \"NAME\" } or { file = \"/path\" }");
                None
            }
        };
        section.finish();
        secret
    }

    /// The secret itself; `key` names it in the file.
    pub(crate) fn reveal(&self, key: &str) -> Result<SecretString, SecretError> {
        match self {
            Self::Variable(variable) => match std::env::var(variable) {
                Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned().into()),
                _ => Err(SecretError::Variable { key: key.to_owned(), variable: variable.clone() }),
            },
            Self::File(path) => {
                let failed = |source| SecretError::File { key: key.to_owned(), path: path.clone(), source };
                if std::fs::metadata(path).map_err(failed)?.len() > LARGEST {
                    return Err(failed(std::io::Error::other("it is larger than 64 KiB")));
                }
                let value = std::fs::read_to_string(path).map_err(failed)?;
                if value.trim().is_empty() {
                    return Err(failed(std::io::Error::other("it is empty")));
                }
                Ok(value.trim().to_owned().into())
            }
        }
    }
}
