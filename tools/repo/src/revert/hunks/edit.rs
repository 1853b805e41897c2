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
            let (lines, unit) = added(old, new, places, *line, &changed.key)?;
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
fn added(
    old: &[Entry],
    new: &[Entry],
    places: &[Place],
    line: u32,
    key: &str,
) -> Option<(Range<u32>, String)> {
    let entry = new.iter().find(|entry| entry.line == line && entry.key == key)?;
    let mut unit = key;
    for above in entry.above().take_while(|above| !is_in(old, above)) {
        let holds_nothing_else =
            new.iter().all(|other| !other.is_within(above) || other.key == above || other.is_within(unit));
        if !is_element(above) && !holds_nothing_else {
            break;
        }
        unit = above;
    }
    let added =
        |line: u32| places.iter().map(news).find(|lines| lines.contains(&line)).map(|lines| lines.end);
    Some((span(new, unit, unit, added)?, unit.to_owned()))
}

/// The lines to put back, and where: the value's, with the element or keys that went away with it.
fn removed(
    old: &[Entry],
    new: &[Entry],
    places: &[Place],
    line: u32,
    key: &str,
) -> Option<(Range<u32>, Range<u32>, String)> {
    let entry = old.iter().find(|entry| entry.line == line && entry.key == key)?;
    let (mut unit, mut whole) = (key, key);
    for above in entry.above().take_while(|above| !is_in(new, above)) {
        unit = above;
        if is_element(above) {
            whole = above;
        }
    }
    let gone = |line: u32| places.iter().map(olds).find(|lines| lines.contains(&line)).map(|lines| lines.end);
    let lines = span(old, unit, whole, gone)?;
    let at = insertion(old, new, entry, unit, lines.start)?;
    Some((at..at, lines, unit.to_owned()))
}

/// The line of the new version before which `unit` stands again: behind the neighbour, or the key above it, that it stood behind.
fn insertion(old: &[Entry], new: &[Entry], entry: &Entry, unit: &str, start: u32) -> Option<u32> {
    let parent = entry.above().find(|above| above.len() < unit.len()).unwrap_or_default();
    let before = old.iter().filter(|other| other.line < start);
    let Some(kept) = before.rev().find(|other| is_in(new, &other.key)) else {
        return parent.is_empty().then_some(1);
    };
    let neighbour = if kept.key == parent {
        parent
    } else {
        let is_below = parent.is_empty() || kept.is_within(parent);
        let below = kept.ends.iter().filter_map(|end| kept.key.get(..*end));
        below.filter(|_| is_below).find(|key| key.len() > parent.len())?
    };
    let last = if neighbour == parent {
        new.iter().find(|other| other.key == parent)?
    } else {
        new.iter().filter(|other| other.is_within(neighbour)).max_by_key(|other| other.line)?
    };
    let is_one_line = last.value.is_some() || neighbour == parent;
    let next = new.iter().map(|other| other.line).filter(|line| *line > last.line).min();
    if is_one_line { Some(last.line + 1) } else { next }
}

/// From the first line of `unit` to the last of `whole`, with no line of anything else between them. `end_of` gives where the changed lines end that a
/// line is among: a text of several lines goes no further than these.
fn span(
    entries: &[Entry],
    unit: &str,
    whole: &str,
    end_of: impl Fn(u32) -> Option<u32>,
) -> Option<Range<u32>> {
    let first = entries.iter().filter(|entry| entry.is_within(unit)).map(|entry| entry.line).min()?;
    let last = entries.iter().filter(|entry| entry.is_within(whole)).max_by_key(|entry| entry.line)?;
    let end = if last.value.is_some() {
        last.line + 1
    } else {
        let next = entries.iter().map(|entry| entry.line).filter(|line| *line > last.line).min();
        end_of(last.line).unwrap_or(last.line + 1).min(next.unwrap_or(u32::MAX))
    };
    let lines = first..end;
    let is_whole = entries.iter().all(|entry| !lines.contains(&entry.line) || entry.is_within(unit));
    is_whole.then_some(lines)
}

fn is_in(entries: &[Entry], key: &str) -> bool {
    entries.iter().any(|entry| entry.is_within(key))
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
