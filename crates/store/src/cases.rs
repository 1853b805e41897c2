//! Case files by content: `<folder>/<first two hex>/<digest>.json.gz`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::CaseStore;
use domain::{CASE_VERSION, CaseFile, CaseId, Failure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::Error;

/// The largest case that is read back: far above what the limits of gathering allow, far below what would hurt.
const LARGEST: u64 = 512 << 20;

/// A case file as it lies in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptCase {
    /// Its id.
    pub(crate) id: CaseId,
    /// What it takes, compressed.
    pub(crate) bytes: u64,
    /// When it was written.
    pub(crate) modified: DateTime<Utc>,
}

/// A folder of case files.
#[derive(Debug, Clone)]
pub struct CaseFolder {
    folder: PathBuf,
}

impl CaseFolder {
    /// Uses the folder, which is made where it is absent.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| file("write", folder, source))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The file of a case.
    pub fn path(&self, id: &CaseId) -> PathBuf {
        let digest = id.as_str();
        let head = digest.get(..2).unwrap_or_default();
        self.folder.join(head).join(format!("{digest}.json.gz"))
    }

    fn write(&self, bytes: &[u8]) -> Result<CaseId, Error> {
        let id = CaseFile::id_of(bytes);
        let path = self.path(&id);
        if path.is_file() {
            return Ok(id);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        let partial = path.with_extension(format!("{}.partial", std::process::id()));
        let whole = fs::create_dir_all(folder)
            .and_then(|()| compress(&partial, bytes))
            .and_then(|()| fs::rename(&partial, &path))
            .and_then(|()| File::open(folder)?.sync_all());
        whole.map_err(|source| {
            // What is left of a failed attempt would only take room; its absence loses nothing.
            let _ = fs::remove_file(&partial);
            file("write", &path, source)
        })?;
        Ok(id)
    }

    /// The bytes of a case as they were kept, checked against its id.
    pub async fn content(&self, id: &CaseId) -> Result<Vec<u8>, Failure> {
        let (folder, id) = (self.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || folder.bytes(&id)).await;
        Ok(read.map_err(|error| interrupted(&error))??)
    }

    /// Every case file that is there.
    pub(crate) async fn files(&self) -> Result<Vec<KeptCase>, Failure> {
        let folder = self.clone();
        let read = tokio::task::spawn_blocking(move || folder.listed()).await;
        Ok(read.map_err(|error| interrupted(&error))??)
    }

    fn listed(&self) -> Result<Vec<KeptCase>, Error> {
        let unreadable = |source| file("read", &self.folder, source);
        let mut files = Vec::new();
        for shelf in fs::read_dir(&self.folder).map_err(unreadable)? {
            let shelf = shelf.map_err(unreadable)?;
            if !shelf.file_type().map_err(unreadable)?.is_dir() {
                continue;
            }
            for entry in fs::read_dir(shelf.path()).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let about = entry.metadata().map_err(unreadable)?;
                let name = entry.file_name();
                let id = name.to_str().and_then(|name| name.strip_suffix(".json.gz"));
                let Some(id) = id.and_then(|id| id.parse().ok()).filter(|_| about.is_file()) else {
                    continue;
                };
                let modified = about.modified().map_err(unreadable)?.into();
                files.push(KeptCase { id, bytes: about.len(), modified });
            }
        }
        Ok(files)
    }

    /// Removes a case file. Says whether it was there.
    pub(crate) async fn remove(&self, id: &CaseId) -> Result<bool, Failure> {
        let path = self.path(id);
        match tokio::fs::remove_file(&path).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Failure::from(file("remove", &path, source))),
        }
    }

    fn bytes(&self, id: &CaseId) -> Result<Vec<u8>, Error> {
        let path = self.path(id);
        let damaged = |reason: String| Error::Case { path: path.clone(), reason };
        let compressed = File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                damaged("there is no such file; it was removed or lies in another folder".into())
            }
            _ => file("read", &path, source),
        })?;
        let mut bytes = Vec::new();
        GzDecoder::new(compressed)
            .take(LARGEST)
            .read_to_end(&mut bytes)
            .map_err(|source| damaged(format!("it is damaged ({source})")))?;
        if CaseFile::id_of(&bytes) != *id {
            return Err(damaged(
                "its content does not have the digest of its name: it was changed or damaged".into(),
            ));
        }
        Ok(bytes)
    }

    fn read(&self, id: &CaseId) -> Result<CaseFile, Error> {
        let bytes = self.bytes(id)?;
        parsed(&bytes).map_err(|reason| Error::Case { path: self.path(id), reason })
    }
}

/// The case in its canonical bytes, or what is wrong with them.
pub(crate) fn parsed(bytes: &[u8]) -> Result<CaseFile, String> {
    let case: CaseFile =
        serde_json::from_slice(bytes).map_err(|source| format!("it has an unknown shape ({source})"))?;
    if case.version == CASE_VERSION {
        return Ok(case);
    }
    Err(format!("it has version {}, this rollmend reads version {CASE_VERSION}", case.version))
}

/// The bytes are on the disk before the name is given, so that a file with its final name is whole.
fn compress(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    let mut encoder = GzEncoder::new(target, Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()?.sync_all()
}

fn file(verb: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { verb, path: path.to_owned(), source }
}

fn interrupted(error: &tokio::task::JoinError) -> Failure {
    Failure::retry("store-file", format!("finish work on a case file: {error}"))
}

#[async_trait]
impl CaseStore for CaseFolder {
    async fn put(&self, case: &CaseFile) -> Result<CaseId, Failure> {
        let bytes = case.to_bytes().map_err(|source| {
            Failure::give_up("case-shape", format!("write the case file of {}", case.header.incident))
                .because(source)
        })?;
        let folder = self.clone();
        let written = tokio::task::spawn_blocking(move || folder.write(&bytes)).await;
        Ok(written.map_err(|error| interrupted(&error))??)
    }

    async fn get(&self, id: &CaseId) -> Result<CaseFile, Failure> {
        let (folder, id) = (self.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || folder.read(&id)).await;
        Ok(read.map_err(|error| interrupted(&error))??)
    }
}
