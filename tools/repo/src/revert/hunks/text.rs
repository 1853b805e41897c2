//! A manifest's text with some lines in place of others, and whether nothing else changed by it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use domain::LineRange;

use super::edit::Edit;
use crate::range::manifest::{Entry, Format};
use crate::range::{Place, through};

/// What a version of the file has of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The suspect's, at these lines.
    Suspects(Range<u32>),
    /// What it was before the suspect.
    Undone,
    /// Something else, or the lines around it are others.
    Changed,
}

/// Looks for an edit's lines in a later version of the file. `places` are what changed between the two.
pub(super) fn find(edit: &Edit, later: &[Entry], places: &[Place]) -> Found {
    let now: Vec<Option<&str>> =
        later.iter().filter(|entry| entry.key == edit.key).map(|entry| entry.value.as_deref()).collect();
    let is = |value: &Option<String>| match value {
        Some(value) => now.contains(&Some(value.as_str())),
        None => now.is_empty(),
    };
    if is(&edit.suspects_value)
        && let Some(lines) = moved(&edit.suspects, places)
    {
        return Found::Suspects(lines);
    }
    if is(&edit.value) && !is(&edit.suspects_value) { Found::Undone } else { Found::Changed }
}

/// Where untouched lines are after `places` changed.
fn moved(lines: &Range<u32>, places: &[Place]) -> Option<Range<u32>> {
    let one = |first: u32, last: u32| match through(&[LineRange { first, last }], places).as_slice() {
        [only] if only.last - only.first == last - first => Some(*only),
        _ => None,
    };
    if lines.is_empty() {
        let at =
            if lines.start > 1 { one(lines.start - 1, lines.start - 1)?.last + 1 } else { one(1, 1)?.first };
        return Some(at..at);
    }
    one(lines.start, lines.end - 1).map(|range| range.first..range.last + 1)
}

/// The text with each range of its lines replaced. `None` where two of them meet, or a line is not there.
pub(super) fn replaced(text: &str, before: &str, edits: &[(Range<u32>, Range<u32>)]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to) in edits {
        let (start, end) = (index(from.start)?, index(from.end)?);
        result.extend(lines.get(at..start)?.iter().copied());
        let fresh = old.get(index(to.start.max(1))?..index(to.end.max(1))?)?;
        if !fresh.is_empty() && !result.is_empty() && !result.ends_with('\n') {
            return None;
        }
        result.extend(fresh.iter().copied());
        let goes_on = end < lines.len();
        if goes_on && !fresh.is_empty() && !result.ends_with('\n') {
            result.push('\n');
        }
        // The file's last line ends as it did.
        if !goes_on && end > start && !text.ends_with('\n') {
            result.truncate(result.trim_end_matches(['\r', '\n']).len());
        }
        at = end;
    }
    result.extend(lines.get(at..)?.iter().copied());
    Some(result)
}

fn index(line: u32) -> Option<usize> {
    usize::try_from(line.checked_sub(1)?).ok()
}

/// Whether the undone text is what it must be: it parses where the old one did, the values are back, and nothing outside of
/// them differs.
pub(super) fn is_sound(format: Format, base: &str, undone: &str, edits: &[Edit]) -> bool {
    if format.parses(base) == Some(true) && format.parses(undone) != Some(true) {
        return false;
    }
    let (old, new) = (values(format, base), values(format, undone));
    let are_back = edits.iter().all(|edit| match (&edit.value, new.get(&edit.key)) {
        (Some(value), Some(now)) => now.contains(&Some(value.clone())),
        (None, now) => now.is_none(),
        (Some(_), None) => false,
    });
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    are_back
        && keys
            .into_iter()
            .filter(|key| old.get(*key) != new.get(*key))
            .all(|key| edits.iter().any(|edit| may_differ(key, &edit.unit)))
}

fn values(format: Format, text: &str) -> BTreeMap<String, Vec<Option<String>>> {
    let mut values: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for entry in format.entries(text) {
        values.entry(entry.key).or_default().push(entry.value);
    }
    values
}

/// Whether a key lies within an edit's unit. Elements that go by their number move when one of them goes.
fn may_differ(key: &str, unit: &str) -> bool {
    let list = unit.strip_suffix(']').and_then(|unit| unit.rsplit_once('['));
    let unit = match list {
        Some((list, at)) if at.bytes().all(|byte| byte.is_ascii_digit()) => list,
        _ => unit,
    };
    key.strip_prefix(unit).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edit::edit;
    use super::*;
    use crate::range::manifest::changed;

    /// A manifest of variables, each of them there or not and with a value.
    fn manifest(variables: &[(u8, Option<u8>)]) -> String {
        let head =
            "spec:\n  containers:\n    - name: shop\n      env:\n        - name: FIXED\n          value: x\n";
        let variable = |(name, value): &(u8, Option<u8>)| {
            Some(format!("        - name: V{name}\n          value: \"{}\"\n", (*value)?))
        };
        let variables: Vec<String> = variables.iter().filter_map(variable).collect();
        format!("{head}{}      image: shop:1\n", variables.concat())
    }

    fn places(old: &str, new: &str) -> Vec<Place> {
        let mut places = Vec::new();
        let mut options = git2::DiffOptions::new();
        options.context_lines(0).interhunk_lines(0);
        let patch = git2::Patch::from_buffers(old.as_bytes(), None, new.as_bytes(), None, Some(&mut options))
            .unwrap();
        for at in 0..patch.num_hunks() {
            let (hunk, _) = patch.hunk(at).unwrap();
            places.push(Place {
                old_start: hunk.old_start(),
                old_lines: hunk.old_lines(),
                new_start: hunk.new_start(),
                new_lines: hunk.new_lines(),
            });
        }
        places
    }

    fn of(entries: &[Entry]) -> BTreeMap<String, Option<String>> {
        entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever else a commit changed: each of its values is undone by itself, and all others stay what the commit made them.
        #[test]
        fn each_value_is_undone_by_itself(
            old in prop::collection::vec(prop::option::of(0u8..3), 5),
            new in prop::collection::vec(prop::option::of(0u8..3), 5),
        ) {
            let named = |values: &[Option<u8>]| (0u8..).zip(values.iter().copied()).collect::<Vec<_>>();
            let (old, new) = (manifest(&named(&old)), manifest(&named(&new)));
            let places = places(&old, &new);
            let (was, is) = (Format::Yaml.entries(&old), Format::Yaml.entries(&new));
            for one in changed(&was, &is) {
                let edit = edit(&was, &is, &places, &one).unwrap();
                prop_assert_eq!(find(&edit, &is, &[]), Found::Suspects(edit.suspects.clone()));
                let text = replaced(&new, &old, &[(edit.suspects.clone(), edit.before.clone())]).unwrap();
                prop_assert!(is_sound(Format::Yaml, &new, &text, std::slice::from_ref(&edit)), "{:?}\n{}", edit, text);
                let mut expected = of(&is);
                expected.retain(|key, _| !may_differ(key, &edit.unit));
                expected.extend(of(&was).into_iter().filter(|(key, _)| may_differ(key, &edit.unit)));
                prop_assert_eq!(of(&Format::Yaml.entries(&text)), expected);
            }
        }
    }

    #[test]
    fn in_a_list_of_variables_every_changed_value_can_be_undone() {
        let some = |values: [Option<u8>; 3]| manifest(&(0u8..).zip(values).collect::<Vec<_>>());
        for (old, new) in [
            ([Some(1), Some(1), Some(1)], [Some(2), None, Some(2)]),
            ([None, Some(1), None], [Some(1), Some(2), Some(1)]),
            ([Some(1), None, Some(1)], [None, Some(1), None]),
        ] {
            let (old, new) = (some(old), some(new));
            let places = places(&old, &new);
            let (was, is) = (Format::Yaml.entries(&old), Format::Yaml.entries(&new));
            let all = changed(&was, &is);
            assert!(!all.is_empty());
            for one in all {
                let edit = edit(&was, &is, &places, &one).unwrap();
                let text = replaced(&new, &old, &[(edit.suspects.clone(), edit.before.clone())]).unwrap();
                assert!(is_sound(Format::Yaml, &new, &text, &[edit]), "{one:?}\n{text}");
            }
        }
    }
}
