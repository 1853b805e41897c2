//! Reading an archive that anybody may have written.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;

use super::manifest::{Beginning, FORMAT, Listed, Manifest, Part, digest};
use super::{ARCHIVE_VERSION, Archive, ArchivedCase, Judgement};

/// Bytes of the manifest that are read at most.
const MANIFEST: u64 = 1 << 20;
/// Bytes of all documents together, unpacked: several times what the limits of gathering allow for an incident of many attempts, far below what
/// would hurt. A file that unpacks to more is not read further.
const LARGEST: u64 = 128 << 20;
/// Documents at most.
const MOST: usize = 500;

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is something else.
    #[error("read it as an archive: {reason}; `rollmend export` writes one")]
    Other {
        /// Why it is none.
        reason: String,
    },
    /// Another version wrote it.
    #[error("read an archive of version {version}: this rollmend reads version {ARCHIVE_VERSION}")]
    Version {
        /// Its version.
        version: u32,
    },
    /// It is larger than any archive of ours.
    #[error("read the archive: it holds more than {limit}")]
    TooLarge {
        /// The limit that it breaks.
        limit: String,
    },
    /// Its content does not fit its manifest, or itself.
    #[error("trust the archive: {reason}: it was changed or damaged")]
    Damaged {
        /// What does not fit.
        reason: String,
    },
}

impl Archive {
    /// Reads and verifies an archive: every digest, the ids of the case files, and that its parts belong together.
    pub fn read(from: impl Read) -> Result<Self, ArchiveError> {
        let mut text = BufReader::new(GzDecoder::new(from).take(MANIFEST + LARGEST));
        let manifest = manifest(&mut text)?;
        let mut parts = Parts::default();
        for (place, listed) in manifest.documents.iter().enumerate() {
            let name = format!("its document {} ({})", place + 1, listed.part);
            parts.take(listed.part, document(&mut text, listed, &name)?, &name)?;
        }
        let mut rest = [0];
        if text.read(&mut rest).map_err(|error| broken(&error))? > 0 {
            return Err(damaged("there is more in it than its manifest lists"));
        }
        parts.archive(manifest)
    }
}

fn manifest(text: &mut impl BufRead) -> Result<Manifest, ArchiveError> {
    let mut line = Vec::new();
    text.take(MANIFEST)
        .read_until(b'\n', &mut line)
        .map_err(|error| ArchiveError::Other { reason: format!("it is no gzip file ({error})") })?;
    let other = |reason: &str| ArchiveError::Other { reason: reason.to_owned() };
    let beginning: Beginning =
        serde_json::from_slice(&line).map_err(|_| other("it does not begin with a manifest"))?;
    if beginning.format != FORMAT {
        return Err(other("its manifest names another format"));
    }
    if beginning.version != ARCHIVE_VERSION {
        return Err(ArchiveError::Version { version: beginning.version });
    }
    let manifest: Manifest =
        serde_json::from_slice(&line).map_err(|error| damaged(format!("its manifest is odd ({error})")))?;
    if manifest.documents.len() > MOST {
        return Err(ArchiveError::TooLarge { limit: format!("{MOST} documents") });
    }
    let bytes = manifest.documents.iter().fold(0_u64, |sum, listed| sum.saturating_add(listed.bytes));
    if bytes > LARGEST {
        return Err(ArchiveError::TooLarge { limit: format!("{} MiB", LARGEST >> 20) });
    }
    Ok(manifest)
}

/// The length is believed only as a limit: room is made as bytes come.
fn document(text: &mut impl BufRead, listed: &Listed, name: &str) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    text.take(listed.bytes).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    if bytes.len() as u64 != listed.bytes {
        return Err(damaged(format!("{name} ends early")));
    }
    if digest(&bytes) != listed.sha256 {
        return Err(damaged(format!("{name} does not have the digest of the manifest")));
    }
    let mut feed = [0];
    match text.read(&mut feed) {
        Ok(1) if feed == *b"\n" => Ok(bytes),
        Ok(_) => Err(damaged(format!("{name} is longer than the manifest says"))),
        Err(error) => Err(broken(&error)),
    }
}

/// The documents so far.
#[derive(Default)]
struct Parts {
    run: Option<domain::workflow::Run>,
    history: Option<Vec<domain::ports::RecordedEvent>>,
    cases: Vec<ArchivedCase>,
    judgements: Vec<Judgement>,
}

impl Parts {
    fn take(&mut self, part: Part, bytes: Vec<u8>, name: &str) -> Result<(), ArchiveError> {
        match part {
            Part::Incident if self.run.is_none() => self.run = Some(decoded(&bytes, name)?),
            Part::History if self.history.is_none() => self.history = Some(decoded(&bytes, name)?),
            Part::Incident | Part::History => return Err(damaged(format!("{name} is there twice"))),
            Part::Judgement => self.judgements.push(decoded(&bytes, name)?),
            Part::Case => {
                let case = ArchivedCase::of(bytes).map_err(|why| damaged(format!("{name}: {why}")))?;
                self.cases.push(case);
            }
        }
        Ok(())
    }

    fn archive(self, manifest: Manifest) -> Result<Archive, ArchiveError> {
        let run = self.run.ok_or_else(|| damaged("it holds no incident"))?;
        let history = self.history.ok_or_else(|| damaged("it holds no history"))?;
        let about = |id: &domain::IncidentId| *id == run.id;
        if !about(&manifest.incident) || !self.cases.iter().all(|case| about(&case.case().header.incident)) {
            return Err(damaged("its parts are of different incidents"));
        }
        let has = |id: &domain::CaseId| self.cases.iter().any(|case| case.id() == id);
        if !self.judgements.iter().all(|judgement| has(&judgement.case)) {
            return Err(damaged("it judges a case file that is not in it"));
        }
        Ok(Archive {
            rollmend: manifest.rollmend,
            exported_at: manifest.exported_at,
            run,
            history,
            cases: self.cases,
            judgements: self.judgements,
            missing: manifest.missing,
        })
    }
}

fn decoded<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T, ArchiveError> {
    serde_json::from_slice(bytes).map_err(|error| damaged(format!("{name} has an unknown shape ({error})")))
}

fn damaged(reason: impl Into<String>) -> ArchiveError {
    ArchiveError::Damaged { reason: reason.into() }
}

fn broken(error: &io::Error) -> ArchiveError {
    damaged(format!("it cannot be unpacked ({error})"))
}
