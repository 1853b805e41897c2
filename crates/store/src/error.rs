//! What can go wrong with the disk, and what a person can do about it.

use std::path::PathBuf;

use domain::{Failure, IncidentId};

/// A failure of journal or case files. Nothing on the way to the log follows the sources of an error: they are in its words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lock file could not be used.
    #[error("lock the journal with {}: {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Another daemon has the journal.
    #[error("open the journal {}: {holder} has it; stop that one first, or name another file in [daemon] engine", journal.display())]
    Held {
        /// The journal.
        journal: PathBuf,
        /// What the holder wrote into the lock file.
        holder: String,
    },
    /// The journal's file is no journal, or damaged.
    #[error("read the journal {}: the file is damaged; move it away (the case files stay readable) and start again", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The journal was written by a later version.
    #[error("open the journal {}: a newer version of rollmend has written it; use that version, or another file", path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
    },
    /// There is no journal to read.
    #[error("open the journal {}: there is none; is `engine` in [daemon] the file that the daemon uses?", path.display())]
    Absent {
        /// The journal.
        path: PathBuf,
    },
    /// The database refused.
    #[error("use the journal {}: {source}", path.display())]
    Database {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: sqlx::Error,
    },
    /// Another writer has written an event of the same number.
    #[error("write event {number} of {incident}: there is one with this number already")]
    Conflict {
        /// The incident.
        incident: IncidentId,
        /// The number.
        number: u64,
    },
    /// A stored value does not have the shape that this version writes.
    #[error("read {what} from the journal: it does not have the shape that this version writes")]
    Shape {
        /// What was read.
        what: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A file could not be read or written.
    #[error("{verb} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A case file is not what its name says.
    #[error("read the case file {}: {reason}", path.display())]
    Case {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let what = error.to_string();
        let failure = match &error {
            Error::Conflict { .. } => Failure::retry("journal-conflict", what),
            Error::Database { source, .. } if is_full(source) => Failure::ask_human(
                "disk-full",
                what,
                "the disk is full: make room; nothing is lost meanwhile",
            ),
            Error::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                // There is often room again after a while, and the effect that wrote it can be done once more.
                Failure::retry(
                    "disk-full",
                    format!("{what}: the disk is full: make room; nothing is lost meanwhile"),
                )
            }
            Error::Database { .. } => Failure::retry("journal-database", what),
            Error::File { .. } | Error::Lock { .. } => Failure::retry("store-file", what),
            Error::Case { .. } => Failure::give_up("case-damaged", what),
            Error::Held { .. } | Error::Damaged { .. } | Error::Newer { .. } | Error::Absent { .. } => {
                Failure::give_up("journal-unusable", what)
            }
            Error::Shape { .. } => Failure::give_up("journal-shape", what),
        };
        failure.because(error)
    }
}

/// `SQLITE_FULL`, by its primary result code (sqlite.org/rescode.html).
fn is_full(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.code().as_deref() == Some("13"))
}
