//! All logs on disk, by observation.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::ports::LogSource;
use domain::{Incarnation, IncidentId, LogExcerpt};
use sha2::{Digest, Sha256};

use super::shelf::{Kept, Limits, SOURCE, Shelf};
use super::usage::Usage;
use crate::log::StoredLine;
use crate::settings::SpoolSettings;

/// The longest name that is used for a directory as it is; file systems allow 255 bytes.
const NAME: usize = 200;
/// The largest file that says whose log it is, in bytes.
const SOURCE_BYTES: u64 = 16 * 1024;

pub(super) struct Library {
    dir: PathBuf,
    limits: Limits,
    usage: Arc<Usage>,
    logs: Mutex<BTreeMap<Key, Arc<Log>>>,
    disk_is_well: AtomicBool,
}

/// The directory of an observation, and that of a log in it.
type Key = (String, String);

/// One log.
pub(super) struct Log {
    pub(super) source: LogSource,
    shelf: Mutex<Shelf>,
}

impl Library {
    /// Makes the directory and finds what is in it.
    pub(super) fn open(settings: &SpoolSettings) -> io::Result<Self> {
        fs::create_dir_all(&settings.dir)?;
        let library = Self {
            dir: settings.dir.clone(),
            limits: Limits::new(settings.per_container),
            usage: Arc::new(Usage::new(settings.total)),
            logs: Mutex::default(),
            disk_is_well: AtomicBool::new(true),
        };
        for (observation, path) in directories(&library.dir)? {
            for (log, path) in directories(&path)? {
                match library.load(&path) {
                    Ok(found) => drop(library.logs().insert((observation.clone(), log), Arc::new(found))),
                    Err(error) => tracing::warn!("{} is no spooled log: {error}", path.display()),
                }
            }
        }
        Ok(library)
    }

    /// The log of a source, made where there is none yet. Nothing is written before its first line.
    pub(super) fn log(&self, observation: &IncidentId, source: LogSource) -> Arc<Log> {
        let key = (directory_name(observation.as_str()), log_name(&source));
        let dir = self.dir.join(&key.0).join(&key.1);
        let new = || {
            let shelf = Shelf::new(dir, self.limits, Arc::clone(&self.usage));
            Arc::new(Log { source, shelf: Mutex::new(shelf) })
        };
        Arc::clone(self.logs().entry(key).or_insert_with(new))
    }

    /// Keeps lines of a log. A disk that refuses is logged once, until it works again.
    pub(super) fn append(&self, log: &Log, lines: &[StoredLine]) {
        self.make_room(lines.iter().map(StoredLine::len).sum());
        let kept = log.shelf().append(&log.source, lines);
        match kept {
            Kept::AsAllowed => {
                if !self.disk_is_well.swap(true, Ordering::Relaxed) {
                    tracing::info!("logs are spooled again");
                }
            }
            Kept::Refused(error) => {
                if self.disk_is_well.swap(false, Ordering::Relaxed) {
                    tracing::error!(
                        "failed to spool logs into {}: {error}; lines are dropped and counted until it works: make room on the disk",
                        self.dir.display()
                    );
                }
            }
        }
    }

    /// What is kept of every log of the observation, at most `limit` bytes each.
    pub(super) fn excerpts(&self, observation: &IncidentId, limit: u64) -> Vec<LogExcerpt> {
        self.of(observation)
            .iter()
            .map(|log| {
                let (head, tail, dropped) = log.shelf().excerpt(limit);
                LogExcerpt {
                    pod: log.source.pod.clone(),
                    container: log.source.container.clone(),
                    role: log.source.role,
                    side: log.source.side,
                    which: log.source.which,
                    head,
                    tail,
                    dropped,
                }
            })
            .collect()
    }

    /// Bytes received for the observation so far, by earlier processes too.
    pub(super) fn stored(&self, observation: &IncidentId) -> u64 {
        self.of(observation).iter().map(|log| log.shelf().received().bytes).sum()
    }

    /// Removes everything of an observation.
    pub(super) fn forget(&self, observation: &IncidentId) {
        let name = directory_name(observation.as_str());
        let logs = {
            let mut all = self.logs();
            let keys: Vec<Key> = all.keys().filter(|key| key.0 == name).cloned().collect();
            keys.iter().filter_map(|key| all.remove(key)).collect::<Vec<_>>()
        };
        for log in logs {
            if let Err(error) = log.shelf().remove() {
                tracing::warn!("failed to remove spooled logs of {}: {error}", log.source.pod);
            }
        }
        // It is not there when nothing was ever written.
        let _ = fs::remove_dir_all(self.dir.join(name));
    }

    /// Whoever has most beyond its beginning gives, until that many bytes more fit into the total.
    fn make_room(&self, bytes: u64) {
        while !self.usage.fits(bytes) {
            let logs: Vec<Arc<Log>> = self.logs().values().cloned().collect();
            let fattest = logs.into_iter().max_by_key(|log| log.shelf().evictable());
            if fattest.is_none_or(|log| log.shelf().evict().is_err()) {
                return;
            }
        }
    }

    fn of(&self, observation: &IncidentId) -> Vec<Arc<Log>> {
        let name = directory_name(observation.as_str());
        let logs = self.logs();
        logs.range((name.clone(), String::new())..)
            .take_while(|((of, _), _)| *of == name)
            .map(|(_, log)| Arc::clone(log))
            .collect()
    }

    fn load(&self, dir: &Path) -> io::Result<Log> {
        let whose = dir.join(SOURCE);
        if fs::metadata(&whose)?.len() > SOURCE_BYTES {
            return Err(io::Error::other("the file that says whose it is is too large"));
        }
        let source = serde_json::from_slice(&fs::read(whose)?)?;
        let shelf = Shelf::load(dir.to_owned(), self.limits, Arc::clone(&self.usage))?;
        Ok(Log { source, shelf: Mutex::new(shelf) })
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<Log>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Time of the last line that is kept, and how many of the last lines have it.
    pub(super) fn resume(&self) -> Option<(DateTime<Utc>, u64)> {
        self.shelf().resume()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directory of a log: `<pod>_<first 8 of the uid>_<container>_<which>`.
pub(super) fn log_name(source: &LogSource) -> String {
    let uid = source.pod_uid.as_str();
    let uid = uid.get(..8).unwrap_or(uid);
    let which = match source.which {
        Incarnation::Current => "current",
        Incarnation::Previous => "previous",
    };
    directory_name(&format!("{}_{uid}_{}_{which}", source.pod, source.container))
}

/// The name, cut and made unique again where it is too long for a file system. It holds no slash, since no part of it can.
fn directory_name(name: &str) -> String {
    if name.len() <= NAME {
        return name.to_owned();
    }
    let digest = hex::encode(Sha256::digest(name));
    format!("{}~{}", name.get(..NAME - 20).unwrap_or_default(), digest.get(..16).unwrap_or_default())
}

fn directories(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if let (true, Ok(name)) = (entry.file_type()?.is_dir(), entry.file_name().into_string()) {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
