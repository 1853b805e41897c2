//! Which lines undo one changed value: as few as leave the manifest whole.

use std::ops::Range;

use crate::range::Place;
use crate::range::manifest::{Changed, Entry};

/// Lines of the suspect's version that give way to lines of the version before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// Lines of the suspect's version, from 1; with none, the place before `start`.
    pub(super) suspects: Range<u32>,
    /// Lines of the version before.
    pub(super) before: Range<u32>,
    /// What may differ afterwards: these keys and all below.
    pub(super) unit: String,
    /// The keys of the value.
    pub(super) key: String,
    /// What it is afterwards.
    pub(super) value: Option<String>,
    /// What the suspect made of it.
    pub(super) suspects_value: Option<String>,
}

/// The edit that undoes `changed`; `None` where its lines cannot be told from others.
pub(super) fn edit(old: &[Entry], new: &[Entry], places: &[Place], changed: &Changed) -> Option<Edit> {
    let value = |side: &Option<(u32, String)>| side.as_ref().map(|(_, value)| value.clone());
    let (suspects, before, unit) = match (&changed.before, &changed.after) {
        (Some((old_line, _)), Some((new_line, _))) => {
            (*new_line..new_line + 1, *old_line..old_line + 1, changed.key.clone())
        }
        (None, Some((line, _))) => {
            let (lines, unit) = added(new, places, *line, &changed.key)?;
            (lines, 0..0, unit)
        }
        (Some((line, _)), None) => removed(old, new, places, *line, &changed.key)?,
        (None, None) => return None,
    };
    Some(Edit {
        suspects,
        before,
        unit,
        key: changed.key.clone(),
        value: value(&changed.before),
        suspects_value: value(&changed.after),
    })
}

/// The lines to take out again: the value's, or those of the element or key that came with it and holds nothing else.
fn added(new: &[Entry], places: &[Place], line: u32, key: &str) -> Option<(Range<u32>, String)> {
    let place = places.iter().find(|place| news(place).contains(&line))?;
    let is_new = |entry: &Entry| news(place).contains(&entry.line);
    let entry = new.iter().find(|entry| entry.line == line && entry.key == key)?;
    let mut unit = key;
    for above in entry.above() {
        let all_new = new.iter().filter(|other| other.is_within(above)).all(is_new);
        let alone =
            new.iter().all(|other| !other.is_within(above) || other.key == above || other.is_within(unit));
        if !all_new || (!is_element(above) && !alone) {
            break;
        }
        unit = above;
    }
    Some((span(new, &news(place), unit, unit)?, unit.to_owned()))
}

/// The lines to put back, and where: the value's, with the element or keys that went away with it.
fn removed(
    old: &[Entry],
    new: &[Entry],
    places: &[Place],
    line: u32,
    key: &str,
) -> Option<(Range<u32>, Range<u32>, String)> {
    let place = places.iter().find(|place| olds(place).contains(&line))?;
    let entry = old.iter().find(|entry| entry.line == line && entry.key == key)?;
    let (mut unit, mut whole) = (key, key);
    for above in entry.above().take_while(|above| !new.iter().any(|other| other.is_within(above))) {
        unit = above;
        if is_element(above) {
            whole = above;
        }
    }
    let lines = span(old, &olds(place), unit, whole)?;
    let kept = old.iter().rev().filter(|entry| place.old_start <= entry.line && entry.line < lines.start);
    let after = kept
        .filter_map(|kept| {
            new.iter().find(|entry| entry.key == kept.key && news(place).contains(&entry.line))
        })
        .map(|entry| entry.line)
        .next();
    let at = match (after, place.new_lines) {
        (Some(line), _) => line + 1,
        (None, 0) => place.new_start + 1,
        (None, _) => place.new_start,
    };
    Some((at..at, lines, unit.to_owned()))
}

/// From the first line of `unit` to the last of `whole` below it, all of which must be among `lines`.
fn span(entries: &[Entry], lines: &Range<u32>, unit: &str, whole: &str) -> Option<Range<u32>> {
    let within = |key: &'_ str| {
        let key = key.to_owned();
        entries.iter().filter(move |entry| entry.is_within(&key) && lines.contains(&entry.line))
    };
    let first = within(unit).map(|entry| entry.line).min()?;
    let last = within(whole).max_by_key(|entry| entry.line)?;
    let end = match last.value {
        Some(_) => last.line + 1,
        // A text of several lines ends where the next key begins.
        None => {
            let next = entries.iter().map(|entry| entry.line).filter(|line| *line > last.line).min();
            next.map_or(lines.end, |next| next.min(lines.end))
        }
    };
    Some(first..end)
}

/// Whether the innermost of these keys is an element of a list.
fn is_element(key: &str) -> bool {
    key.ends_with(']')
}

fn news(place: &Place) -> Range<u32> {
    place.new_start..place.new_start.saturating_add(place.new_lines)
}

fn olds(place: &Place) -> Range<u32> {
    place.old_start..place.old_start.saturating_add(place.old_lines)
}
