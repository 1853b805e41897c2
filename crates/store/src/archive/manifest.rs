//! The archive's first line: what is in it, and with which digests.

use chrono::{DateTime, Utc};
use domain::{CaseFile, IncidentId, Missing};
use serde::{Deserialize, Serialize};

/// How an archive is told from any other file.
pub(super) const FORMAT: &str = "rollmend-archive";

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// [`FORMAT`].
    pub(super) format: String,
    /// [`ARCHIVE_VERSION`](super::ARCHIVE_VERSION).
    pub(super) version: u32,
    /// The version of rollmend that wrote it.
    pub(super) rollmend: String,
    /// When.
    pub(super) exported_at: DateTime<Utc>,
    /// The incident.
    pub(super) incident: IncidentId,
    /// The documents, in their order.
    pub(super) documents: Vec<Listed>,
    /// Case files that were not there any more.
    pub(super) missing: Vec<Missing>,
}

/// The beginning of every version's manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Beginning {
    /// [`FORMAT`].
    pub(super) format: String,
    /// The version.
    pub(super) version: u32,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// What it is.
    pub(super) part: Part,
    /// Its length in bytes, without the line feed after it.
    pub(super) bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub(super) sha256: String,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    /// `domain::workflow::Run`.
    Incident,
    /// A list of `domain::ports::RecordedEvent`.
    History,
    /// A `domain::CaseFile`, byte by byte as it was kept.
    Case,
    /// A [`Judgement`](super::Judgement).
    Judgement,
}

impl Listed {
    pub(super) fn of(part: Part, bytes: &[u8]) -> Self {
        Self { part, bytes: bytes.len() as u64, sha256: digest(bytes) }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Incident => "incident",
            Self::History => "history",
            Self::Case => "case file",
            Self::Judgement => "judgement",
        })
    }
}

/// The digest that also names case files.
pub(super) fn digest(bytes: &[u8]) -> String {
    CaseFile::id_of(bytes).to_string()
}
