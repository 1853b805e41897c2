//! Which values differ between two versions of a manifest, on lines that a commit changed.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::range::changes::Place;

/// A value that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The keys that lead to it.
    pub(crate) key: String,
    /// Its value and line before; `None` where it is new.
    pub(crate) before: Option<(u32, String)>,
    /// Its value and line after; `None` where it is gone.
    pub(crate) after: Option<(u32, String)>,
    /// Its line in the file after the commit; for a value that is gone, the one after which it stood, 0
    /// at the file's beginning.
    pub(crate) own_line: u32,
}

/// The changed values in the order of their lines. A value that only moved is not among them.
pub(crate) fn changed(old: &[Entry], new: &[Entry], places: &[Place]) -> Vec<Changed> {
    let mut by_key: BTreeMap<&str, (Vec<&Entry>, Vec<&Entry>)> = BTreeMap::new();
    for entry in old.iter().filter(|entry| removed_at(places, entry.line).is_some()) {
        by_key.entry(&entry.key).or_default().0.push(entry);
    }
    for entry in new.iter().filter(|entry| is_added(places, entry.line)) {
        by_key.entry(&entry.key).or_default().1.push(entry);
    }
    let keys = |entries: &[Entry]| entries.iter().map(|entry| entry.key.clone()).collect::<BTreeSet<_>>();
    let (old_keys, new_keys) = (keys(old), keys(new));
    let mut found = Vec::new();
    for (key, (before, after)) in by_key {
        for at in 0..before.len().max(after.len()) {
            let (before, after) = (before.get(at).copied(), after.get(at).copied());
            // A key that is there on both sides is neither new nor gone, whatever became of its other lines.
            let is_clear = match (before, after) {
                (Some(_), None) => !new_keys.contains(key),
                (None, Some(_)) => !old_keys.contains(key),
                _ => true,
            };
            found.extend(one(key, before, after, places).filter(|_| is_clear));
        }
    }
    found.sort_by_key(|changed| changed.own_line);
    found
}

fn one(key: &str, before: Option<&Entry>, after: Option<&Entry>, places: &[Place]) -> Option<Changed> {
    let of = |entry: Option<&Entry>| match entry {
        Some(entry) => Some(Some((entry.line, entry.value.clone()?))),
        None => Some(None),
    };
    let (before, after) = (of(before)?, of(after)?);
    let value = |side: &Option<(u32, String)>| side.as_ref().map(|(_, value)| value.clone());
    if value(&before) == value(&after) {
        return None;
    }
    let own_line = match (&after, &before) {
        (Some((line, _)), _) => *line,
        (None, Some((line, _))) => removed_at(places, *line)?,
        (None, None) => return None,
    };
    Some(Changed { key: key.to_owned(), before, after, own_line })
}

/// The line of the new version after which a removed line stood; `None` where the line was not removed.
fn removed_at(places: &[Place], line: u32) -> Option<u32> {
    let until = places.partition_point(|place| place.old_start <= line);
    let place = places.get(until.checked_sub(1)?)?;
    if line >= place.old_start.saturating_add(place.old_lines) {
        return None;
    }
    Some(if place.new_lines == 0 { place.new_start } else { place.new_start.saturating_sub(1) })
}

fn is_added(places: &[Place], line: u32) -> bool {
    let until = places.partition_point(|place| place.new_start <= line);
    let place = until.checked_sub(1).and_then(|at| places.get(at));
    place.is_some_and(|place| line < place.new_start.saturating_add(place.new_lines))
}
