//! An incident in one file, to be taken along and judged again elsewhere: gzip over lines of JSON. The first line is the manifest, which lists
//! the documents after it with their length and SHA-256: the incident, its history, its case files, and what the rules made of each case.
//!
//! The digests show damage and careless changes. They are no signature: whoever rewrites a whole archive rewrites them, too.
//! Nothing in an archive names a place on a disk, and everything that is read of it is bounded before it is kept.

mod manifest;
mod reading;

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use domain::ports::RecordedEvent;
use domain::workflow::Run;
use domain::{Brief, CaseFile, CaseId, Missing, Verdict};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::cases::parsed;
use manifest::{Listed, Manifest, Part};
pub use reading::ArchiveError;

/// The version of the shape; a reader refuses another.
pub const ARCHIVE_VERSION: u32 = 1;

/// One incident with all that was kept of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    /// The version of rollmend that wrote it.
    pub rollmend: String,
    /// When it was written.
    pub exported_at: DateTime<Utc>,
    /// The incident.
    pub run: Run,
    /// Its events, oldest first.
    pub history: Vec<RecordedEvent>,
    /// Its case files, oldest first.
    pub cases: Vec<ArchivedCase>,
    /// What the rules of `rollmend` make of each case.
    pub judgements: Vec<Judgement>,
    /// Case files that the incident names and that were not there any more.
    pub missing: Vec<Missing>,
}

/// A case file with its canonical bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedCase {
    id: CaseId,
    bytes: Vec<u8>,
    case: CaseFile,
}

/// What the rules made of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The case.
    pub case: CaseId,
    /// Its digest.
    pub brief: Brief,
    /// The verdict on it.
    pub verdict: Verdict,
}

impl ArchivedCase {
    /// A case by its canonical bytes; the id is their digest.
    ///
    /// # Errors
    /// What is wrong with the bytes, as a sentence's end.
    pub fn of(bytes: Vec<u8>) -> Result<Self, String> {
        let case = parsed(&bytes)?;
        Ok(Self { id: CaseFile::id_of(&bytes), bytes, case })
    }

    /// The digest of its bytes.
    pub fn id(&self) -> &CaseId {
        &self.id
    }

    /// The case.
    pub fn case(&self) -> &CaseFile {
        &self.case
    }
}

impl Archive {
    /// Writes it; the same incident gives the same bytes but for `exported_at`.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut documents =
            vec![(Part::Incident, encoded(&self.run)?), (Part::History, encoded(&self.history)?)];
        documents.extend(self.cases.iter().map(|case| (Part::Case, case.bytes.clone())));
        for judgement in &self.judgements {
            documents.push((Part::Judgement, encoded(judgement)?));
        }
        let manifest = Manifest {
            format: manifest::FORMAT.to_owned(),
            version: ARCHIVE_VERSION,
            rollmend: self.rollmend.clone(),
            exported_at: self.exported_at,
            incident: self.run.id.clone(),
            documents: documents.iter().map(|(part, bytes)| Listed::of(*part, bytes)).collect(),
            missing: self.missing.clone(),
        };
        let mut encoder = GzEncoder::new(to, Compression::default());
        encoder.write_all(&encoded(&manifest)?)?;
        encoder.write_all(b"\n")?;
        for (_, bytes) in &documents {
            encoder.write_all(bytes)?;
            encoder.write_all(b"\n")?;
        }
        encoder.finish()?.flush()
    }
}

fn encoded(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}
