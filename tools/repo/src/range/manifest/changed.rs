//! Which values differ between two versions of a manifest.
//!
//! Compared by the keys that lead to them and not by a diff's lines: where one variable takes the place of another, a diff finds the
//! second's value in the first's line and calls it unchanged.

use std::collections::BTreeMap;

use super::Entry;

/// A value that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The keys that lead to it.
    pub(crate) key: String,
    /// Its value and line before; `None` where it is new.
    pub(crate) before: Option<(u32, String)>,
    /// Its value and line after; `None` where it is gone.
    pub(crate) after: Option<(u32, String)>,
    /// Its line in the file after the commit; for a value that is gone, that of the entry after which it stood, 0 at the file's
    /// beginning.
    pub(crate) own_line: u32,
}

/// The changed values in the order of their lines. Where a key stands several times, they are compared in their order; where their number
/// changed, it is not clear which of them did.
pub(crate) fn changed(old: &[Entry], new: &[Entry]) -> Vec<Changed> {
    let mut by_key: BTreeMap<&str, (Vec<&Entry>, Vec<&Entry>)> = BTreeMap::new();
    for entry in old {
        by_key.entry(&entry.key).or_default().0.push(entry);
    }
    for entry in new {
        by_key.entry(&entry.key).or_default().1.push(entry);
    }
    let mut found = Vec::new();
    let mut gone = Vec::new();
    for (key, (before, after)) in &by_key {
        if before.len() == after.len() {
            found.extend(before.iter().zip(after).filter_map(|(before, after)| modified(key, before, after)));
        } else if before.is_empty() {
            found.extend(after.iter().filter_map(|after| added(after)));
        } else if after.is_empty() {
            gone.extend(before.iter().copied());
        }
    }
    gone.sort_by_key(|entry| entry.line);
    let mut stays = old.iter().filter_map(|entry| {
        let (_, after) = by_key.get(entry.key.as_str())?;
        Some((entry.line, after.first()?.line))
    });
    let (mut next, mut above) = (stays.next(), 0);
    for entry in gone {
        while let Some((_, line)) = next.filter(|(old_line, _)| *old_line < entry.line) {
            above = line;
            next = stays.next();
        }
        found.extend(removed(entry, above));
    }
    found.sort_by_key(|changed| changed.own_line);
    found
}

fn modified(key: &str, before: &Entry, after: &Entry) -> Option<Changed> {
    let (old, new) = (before.value.clone()?, after.value.clone()?);
    (old != new).then(|| Changed {
        key: key.to_owned(),
        before: Some((before.line, old)),
        after: Some((after.line, new)),
        own_line: after.line,
    })
}

fn added(after: &Entry) -> Option<Changed> {
    let value = Some((after.line, after.value.clone()?));
    Some(Changed { key: after.key.clone(), before: None, after: value, own_line: after.line })
}

fn removed(before: &Entry, above: u32) -> Option<Changed> {
    let value = Some((before.line, before.value.clone()?));
    Some(Changed { key: before.key.clone(), before: value, after: None, own_line: above })
}
