//! The values that a commit of the range changed in manifests.

use domain::{ChangeKind, ChangedValue, FileChange};
use git2::{Oid, Repository};

use super::changes::File;
use super::follow::Later;
use super::manifest::{Changed, Entry, Format, changed};
use crate::settings::Limits;

/// Values of one file, and of a range, that are kept.
const OF_FILE: usize = 100;
const OF_RANGE: usize = 500;
/// Bytes of manifests that are read for one range.
const BYTES: usize = 32 << 20;

/// Reads them, within limits for the whole range.
pub(super) struct Values<'a> {
    clone: &'a Repository,
    limits: &'a Limits,
    room: usize,
    bytes_left: usize,
}

impl<'a> Values<'a> {
    pub(super) fn new(clone: &'a Repository, limits: &'a Limits) -> Self {
        Self { clone, limits, room: OF_RANGE, bytes_left: BYTES }
    }

    /// Adds to a file's change the values that are still this commit's in the canary's version.
    pub(super) fn fill(&mut self, file: &File, later: &Later, change: &mut FileChange) {
        let Some(format) = Format::of(&file.path) else { return };
        if matches!(file.kind, ChangeKind::Deleted | ChangeKind::Opaque) {
            return;
        }
        let Some(found) = self.read(format, file) else {
            change.values_left_out = u64::from(file.added().saturating_add(file.removed()));
            return;
        };
        let mut values: Vec<ChangedValue> =
            found.into_iter().filter_map(|changed| seen_from_the_end(changed, file, later)).collect();
        let most = OF_FILE.min(self.room);
        change.values_left_out = u64::try_from(values.len().saturating_sub(most)).unwrap_or(u64::MAX);
        values.truncate(most);
        self.room -= values.len();
        change.values = values;
    }

    fn read(&mut self, format: Format, file: &File) -> Option<Vec<Changed>> {
        let objects = self.clone.odb().ok()?;
        let size = |id: Oid| {
            if id.is_zero() { Some(0) } else { Some(objects.read_header(id).ok()?.0) }
        };
        let [old, new] = file.blobs;
        let bytes = size(old)?.saturating_add(size(new)?);
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        let [old, new] = [old, new].map(|id| entries(self.clone, self.limits, format, id));
        Some(changed(&old?, &new?))
    }
}

fn seen_from_the_end(changed: Changed, file: &File, later: &Later) -> Option<ChangedValue> {
    let own_line = changed.own_line.max(1);
    let line = later.line_from_the_end(&file.path, own_line)?;
    let value = |side: Option<(u32, String)>| side.map(|(_, value)| value);
    Some(ChangedValue {
        line,
        own_line: changed.own_line,
        key: changed.key,
        before: value(changed.before),
        after: value(changed.after),
    })
}

/// The lines of a manifest that lies in the clone (none, where it was not there). `None` where it is too large or no text.
fn entries(clone: &Repository, limits: &Limits, format: Format, id: Oid) -> Option<Vec<Entry>> {
    if id.is_zero() {
        return Some(Vec::new());
    }
    let (bytes, _) = clone.odb().ok()?.read_header(id).ok()?;
    if bytes > limits.blob {
        return None;
    }
    let blob = clone.find_blob(id).ok()?;
    let text = std::str::from_utf8(blob.content()).ok()?;
    Some(format.entries(text))
}
