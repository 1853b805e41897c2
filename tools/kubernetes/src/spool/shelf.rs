//! The segments of one log on disk: the beginning for good, the end as a ring.
//!
//! All calls block on the disk; how it is read back is in `reading`. Nothing is kept elsewhere: what a crash leaves is read from the files and their names.

mod reading;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use domain::ports::LogSource;

use super::counters::Counters;
use super::segment::{Form, Segment};
use super::usage::{Full, Usage};
use crate::log::StoredLine;

/// The file that says whose log it is.
pub(super) const SOURCE: &str = "source.json";

/// Limits of one log, in bytes on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) whole: u64,
    pub(super) head: u64,
    /// A segment that is larger is packed.
    pub(super) segment: u64,
}

#[derive(Debug)]
pub(super) struct Shelf {
    dir: PathBuf,
    limits: Limits,
    usage: Arc<Usage>,
    segments: Vec<Segment>,
    received: Counters,
    /// The number of the next segment; never used twice, so that a ring that was emptied is not taken for the beginning.
    next: u64,
    last: Last,
}

/// Whether the last segment still grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Grows,
    Done,
}

/// What became of lines that were to be kept.
#[derive(Debug)]
pub(super) enum Kept {
    /// They are on disk, or were dropped for a limit and counted.
    AsAllowed,
    /// The disk refused some; they are counted as dropped.
    Refused(io::Error),
}

impl Limits {
    /// A quarter for the beginning; sixteen segments, so that the ring drops little at a time.
    pub(super) fn new(per_container: u64) -> Self {
        let segment = (per_container / 16).clamp(512, 256 * 1024);
        Self { whole: per_container, head: per_container / 4, segment }
    }
}

impl Shelf {
    /// Nothing yet; the directory is made with the first line.
    pub(super) fn new(dir: PathBuf, limits: Limits, usage: Arc<Usage>) -> Self {
        Self {
            dir,
            limits,
            usage,
            segments: Vec::new(),
            received: Counters::default(),
            next: 0,
            last: Last::Done,
        }
    }

    /// What an earlier process left in the directory.
    pub(super) fn load(dir: PathBuf, limits: Limits, usage: Arc<Usage>) -> io::Result<Self> {
        let mut shelf = Self::new(dir, limits, usage);
        for entry in fs::read_dir(&shelf.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(segment) =
                name.to_str().and_then(|name| Segment::parse(name, entry.metadata().ok()?.len()))
            {
                shelf.segments.push(segment);
            }
        }
        shelf.sort_out();
        if let Some(last) = shelf.segments.last_mut() {
            let text = last.mend(&shelf.dir);
            shelf.next = last.number + 1;
            shelf.received = last.before + Counters::of_text(&text);
            shelf.last = if last.form == Form::Plain { Last::Grows } else { Last::Done };
        }
        shelf.usage.add(shelf.disk());
        Ok(shelf)
    }

    /// What was received in all, kept or not.
    pub(super) fn received(&self) -> Counters {
        self.received
    }

    /// Keeps lines as far as the limits and the disk allow. Those not kept are counted.
    pub(super) fn append(&mut self, source: &LogSource, lines: &[StoredLine]) -> Kept {
        let mut outcome = Kept::AsAllowed;
        for chunk in chunks(lines, self.limits.segment) {
            let text: String = chunk.iter().map(|line| line.text.as_str()).collect();
            if let Err(error) = self.write(source, &text) {
                // The next segment's name then counts what is missing.
                self.close();
                if let Lost::Disk(error) = error {
                    outcome = Kept::Refused(error);
                }
            }
            self.received += Counters::of(chunk);
        }
        outcome
    }

    /// How much can be given up for others, in bytes.
    pub(super) fn evictable(&self) -> u64 {
        self.ring().filter_map(|index| self.segments.get(index)).map(|segment| segment.disk).sum()
    }

    /// Gives up the oldest segment of the ring.
    pub(super) fn evict(&mut self) -> Result<(), Full> {
        let index = self.ring().next().ok_or(Full)?;
        let segment = self.segments.remove(index);
        if let Err(error) = segment.remove(&self.dir) {
            tracing::warn!("{} cannot be removed: {error}", segment.path(&self.dir).display());
        }
        self.usage.release(segment.disk);
        Ok(())
    }

    /// Removes everything.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.usage.release(self.disk());
        self.segments.clear();
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn write(&mut self, source: &LogSource, text: &str) -> Result<(), Lost> {
        let bytes = text.len() as u64;
        if self.grown().is_some_and(|segment| segment.disk + bytes > self.limits.segment) {
            self.close();
        }
        self.make_room(bytes)?;
        if self.last == Last::Done {
            self.begin(source)?;
        }
        self.usage.reserve(bytes)?;
        let written = match self.segments.last_mut() {
            Some(segment) => segment.append(&self.dir, text),
            None => Err(io::Error::other("no segment was begun")),
        };
        if written.is_err() {
            self.usage.release(bytes);
        }
        Ok(written?)
    }

    fn begin(&mut self, source: &LogSource) -> Result<(), Lost> {
        let whose = self.dir.join(SOURCE);
        if !whose.exists() {
            fs::create_dir_all(&self.dir)?;
            let unfinished = whose.with_extension("tmp");
            fs::write(&unfinished, serde_json::to_vec(source).map_err(io::Error::other)?)?;
            fs::rename(&unfinished, &whose)?;
        }
        let number = self.next;
        self.next += 1;
        self.segments.push(Segment { number, before: self.received, form: Form::Plain, disk: 0 });
        self.last = Last::Grows;
        Ok(())
    }

    /// Packs the segment that grows; one without a line goes.
    fn close(&mut self) {
        if self.last == Last::Done {
            return;
        }
        self.last = Last::Done;
        let Some(segment) = self.segments.last_mut() else { return };
        let before = segment.disk;
        if before == 0 {
            // There may be no file either.
            let _ = segment.remove(&self.dir);
            self.next = segment.number;
            self.segments.pop();
            return;
        }
        if let Err(error) = segment.pack(&self.dir) {
            tracing::debug!("{} stays as it is: {error}", segment.path(&self.dir).display());
        }
        self.usage.release(before - segment.disk);
    }

    /// Makes room within this log's own limit.
    fn make_room(&mut self, bytes: u64) -> Result<(), Full> {
        if bytes > self.limits.whole.saturating_sub(self.limits.head) {
            return Err(Full);
        }
        while self.disk() + bytes > self.limits.whole {
            if self.evict().is_err() {
                if self.last == Last::Done {
                    return Err(Full);
                }
                self.close();
            }
        }
        Ok(())
    }

    fn grown(&self) -> Option<&Segment> {
        self.segments.last().filter(|_| self.last == Last::Grows)
    }

    fn disk(&self) -> u64 {
        self.segments.iter().map(|segment| segment.disk).sum()
    }

    /// The segments that may go: those behind the head, but for the one that grows.
    fn ring(&self) -> std::ops::Range<usize> {
        let end = self.segments.len() - usize::from(self.grown().is_some());
        self.head().min(end)..end
    }

    /// How many segments are the beginning: in a row from the first on, as many as its share holds.
    fn head(&self) -> usize {
        let mut left = self.limits.head;
        let in_a_row = self.segments.iter().zip(0..).take_while(|(segment, number)| {
            let fits = segment.number == *number && segment.disk <= left;
            left = left.saturating_sub(segment.disk);
            fits
        });
        in_a_row.count()
    }

    /// Orders the segments; of one that a crash left in both forms the plain one stays.
    fn sort_out(&mut self) {
        self.segments.sort_by_key(|segment| (segment.number, segment.form == Form::Packed));
        let dir = &self.dir;
        self.segments.dedup_by(|later, earlier| {
            let double = later.number == earlier.number;
            if double {
                // It would be found again next time, no more.
                let _ = later.remove(dir);
            }
            double
        });
    }
}

/// Why lines were not kept.
enum Lost {
    /// A limit is reached.
    Limit,
    /// The disk refused.
    Disk(io::Error),
}

impl From<Full> for Lost {
    fn from(Full: Full) -> Self {
        Self::Limit
    }
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Runs of lines of at most `most` bytes, and single lines that are longer.
fn chunks(lines: &[StoredLine], most: u64) -> Vec<&[StoredLine]> {
    let mut chunks = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        if bytes > 0 && bytes + line.len() > most {
            chunks.extend(lines.get(from..index));
            (from, bytes) = (index, 0);
        }
        bytes += line.len();
    }
    chunks.extend(lines.get(from..).filter(|rest| !rest.is_empty()));
    chunks
}

#[cfg(test)]
mod tests;
