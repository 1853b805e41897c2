//! All logs on disk, by observation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use domain::ports::LogSource;
use domain::{Incarnation, IncidentId, LogExcerpt, Redactor};
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
    redactor: Redactor,
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

/// What a person should know of the disk.
pub(super) enum DiskNews {
    /// It refuses lines.
    Refuses { dir: PathBuf, error: io::Error },
    /// It takes lines again.
    Well,
}

impl Library {
    /// Makes the directory and finds what is in it; what was not written for too long is removed.
    pub(super) fn open(settings: &SpoolSettings, now: SystemTime) -> io::Result<Self> {
        fs::create_dir_all(&settings.dir)?;
        let library = Self {
            dir: settings.dir.clone(),
            limits: Limits::new(settings.per_container),
            usage: Arc::new(Usage::new(settings.total)),
            redactor: settings.redactor.clone(),
            logs: Mutex::default(),
            disk_is_well: AtomicBool::new(true),
        };
        for (observation, path) in directories(&library.dir)? {
            if is_forgotten(&path, now, settings.forget_after) {
                tracing::info!("spooled logs of {observation} were never released, removing them");
                fs::remove_dir_all(&path)?;
                continue;
            }
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

    /// Keeps lines of a log, and says when the disk begins to refuse or to work again.
    pub(super) fn append(&self, log: &Log, lines: &[StoredLine]) -> Option<DiskNews> {
        let lines = self.redacted(lines);
        self.make_room(lines.iter().map(StoredLine::len).sum());
        match log.shelf().append(&log.source, &lines) {
            Kept::AsAllowed => (!self.disk_is_well.swap(true, Ordering::Relaxed)).then_some(DiskNews::Well),
            Kept::Refused(error) => {
                let news = self.disk_is_well.swap(false, Ordering::Relaxed);
                news.then_some(DiskNews::Refuses { dir: self.dir.clone(), error })
            }
        }
    }

    fn redacted<'l>(&self, lines: &'l [StoredLine]) -> Cow<'l, [StoredLine]> {
        let configured = |line: &StoredLine| match self.redactor.configured(&line.text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        };
        if lines.iter().all(|line| configured(line).is_none()) {
            return Cow::Borrowed(lines);
        }
        let without = |line: &StoredLine| match configured(line) {
            Some(text) => StoredLine { text, ..line.clone() },
            None => line.clone(),
        };
        Cow::Owned(lines.iter().map(without).collect())
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

/// Whether nothing in the observation's logs was written lately. What cannot be told is kept.
fn is_forgotten(observation: &Path, now: SystemTime, after: Duration) -> bool {
    let logs = directories(observation).unwrap_or_default();
    let files = logs.iter().filter_map(|(_, log)| fs::read_dir(log).ok()).flatten().flatten();
    let newest = files.filter_map(|file| file.metadata().ok()?.modified().ok()).max();
    newest.and_then(|newest| now.duration_since(newest).ok()).is_some_and(|age| age > after)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(name: &str) -> IncidentId {
        format!("shop-{name}-01234567").parse().unwrap()
    }

    fn source(pod: &str) -> LogSource {
        LogSource {
            namespace: "shop".parse().unwrap(),
            pod: pod.parse().unwrap(),
            pod_uid: "11e7bd8a-6f90".parse().unwrap(),
            container: "app".parse().unwrap(),
            role: domain::ContainerRole::App,
            side: domain::Side::Canary,
            which: Incarnation::Current,
        }
    }

    #[test]
    fn attack_39_a_configured_token_never_reaches_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let redactor = Redactor::new(["configured-secret-value-1".to_owned()]);
        let settings = SpoolSettings { redactor, ..SpoolSettings::in_dir(dir.path()) };
        let library = Library::open(&settings, SystemTime::now()).unwrap();
        let log = library.log(&observation("checkout"), source("shop-1"));
        let lines = ["using configured-secret-value-1 now", "nothing of the kind"]
            .map(|text| StoredLine::new(&crate::api::RawLine { bytes: text.as_bytes().to_vec(), cut: 0 }));
        assert!(library.append(&log, &lines).is_none());
        let kept = library.excerpts(&observation("checkout"), 1_000);
        assert_eq!(kept[0].head, "using [redacted] now\nnothing of the kind\n");
    }

    #[test]
    fn a_directory_is_named_after_its_log_and_a_name_that_is_too_long_stays_unique() {
        assert_eq!(log_name(&source("shop-1")), "shop-1_11e7bd8a_app_current");
        let long = |end: char| log_name(&source(&format!("{}{end}", "x".repeat(240))));
        assert!(long('a').len() <= NAME);
        assert_ne!(long('a'), long('b'));
    }

    #[test]
    fn what_nobody_released_is_removed_at_a_later_start_and_what_is_no_log_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let settings = SpoolSettings::in_dir(dir.path());
        let now = SystemTime::now();
        let library = Library::open(&settings, now).unwrap();
        let log = library.log(&observation("a"), source("shop-1"));
        let raw = crate::api::RawLine { bytes: b"2026-11-24T02:29:28Z words".to_vec(), cut: 0 };
        assert!(library.append(&log, &[StoredLine::new(&raw)]).is_none());
        fs::create_dir_all(dir.path().join("foreign/thing")).unwrap();
        let later = Library::open(&settings, now + settings.forget_after / 2).unwrap();
        assert_eq!(later.excerpts(&observation("a"), 1000).len(), 1);
        let much_later = Library::open(&settings, now + settings.forget_after * 2).unwrap();
        assert_eq!(much_later.excerpts(&observation("a"), 1000), []);
        let names: Vec<_> = directories(dir.path()).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["foreign"]);
    }
}
