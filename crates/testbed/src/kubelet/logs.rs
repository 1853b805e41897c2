//! The logs of containers, kept by container id as a runtime keeps its files.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// How much of one container's log is kept in memory, in bytes; the oldest lines go first.
const CONTAINER_LIMIT: usize = 64 * 1024 * 1024;
/// The longest entry of a log in the format of the container runtimes, in bytes; longer lines take several.
const ENTRY_LIMIT: usize = 16 * 1024;

/// A handle on the logs of all containers.
#[derive(Debug, Clone, Default)]
pub struct PodLogs {
    containers: Arc<Mutex<BTreeMap<String, Arc<ContainerLog>>>>,
}

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What was written, with its line end; without one the next entry goes on with the same line.
    pub bytes: Bytes,
}

/// A place in a container's log.
#[derive(Debug)]
pub struct LogReader {
    log: Arc<ContainerLog>,
    next: u64,
    changed: watch::Receiver<()>,
}

#[derive(Debug)]
struct ContainerLog {
    state: Mutex<Lines>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Line>,
    bytes: usize,
    /// The number of the first line that is still there.
    first: u64,
    finished: bool,
}

impl PodLogs {
    /// Appends what a container wrote at one moment.
    pub fn append(&self, container_id: &str, at: DateTime<Utc>, written: &[u8]) {
        let log = self.open(container_id);
        {
            let mut state = log.lock();
            for line in written.split_inclusive(|byte| *byte == b'\n') {
                for bytes in line.chunks(ENTRY_LIMIT) {
                    state.push(Line { at, bytes: Bytes::copy_from_slice(bytes) });
                }
            }
        }
        log.changed.send_replace(());
    }

    /// Begins an empty log, so that it can be followed before the first line.
    pub fn begin(&self, container_id: &str) {
        self.open(container_id);
    }

    /// Says that the container has ended: who follows its log reaches the end.
    pub fn finish(&self, container_id: &str) {
        let log = self.open(container_id);
        log.lock().finished = true;
        log.changed.send_replace(());
    }

    /// Ends a log and forgets it; who follows it still reads the rest.
    pub fn forget(&self, container_id: &str) {
        if let Some(log) = self.lock().remove(container_id) {
            log.lock().finished = true;
            log.changed.send_replace(());
        }
    }

    /// Opens a log at its beginning, none when no container of that id ever ran.
    pub fn read(&self, container_id: &str) -> Option<LogReader> {
        let log = Arc::clone(self.lock().get(container_id)?);
        let changed = log.changed.subscribe();
        Some(LogReader { log, next: 0, changed })
    }

    fn open(&self, container_id: &str) -> Arc<ContainerLog> {
        let fresh = || Arc::new(ContainerLog { state: Mutex::default(), changed: watch::Sender::new(()) });
        Arc::clone(self.lock().entry(container_id.to_owned()).or_insert_with(fresh))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ContainerLog>>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogReader {
    /// What is there and was not read yet.
    pub fn ready(&mut self) -> Vec<Line> {
        self.changed.mark_unchanged();
        let state = self.log.lock();
        let skip = self.next.saturating_sub(state.first);
        self.next = state.first + state.kept.len() as u64;
        state.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)).cloned().collect()
    }

    /// The next lines, waiting for them; nothing when the container has ended and all was read.
    pub async fn next(&mut self) -> Option<Vec<Line>> {
        loop {
            let finished = self.log.lock().finished;
            let lines = self.ready();
            if !lines.is_empty() {
                return Some(lines);
            }
            if finished || self.changed.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl ContainerLog {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn push(&mut self, line: Line) {
        self.bytes += line.bytes.len();
        self.kept.push_back(line);
        while self.bytes > CONTAINER_LIMIT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.bytes.len();
            self.first += 1;
        }
    }
}
