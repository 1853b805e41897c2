//! From what a pod template says of its version to a commit.

use domain::{Failure, Revision};
use git2::{Oid, Repository};

use crate::fetch::{Advertised, Upstream};

/// The longest text that is taken for a tag or commit.
const LONGEST: usize = 244;
/// The fewest digits that are taken for an abbreviated commit, as git abbreviates by itself.
const FEWEST_DIGITS: usize = 7;

/// One way to read the text that names a version.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reading {
    Commit(Oid),
    Tag(String),
    Prefix(String),
}

/// The readings of a text, the most exact first: a whole commit id, the tag of that name, the tag with `v` before it, an
/// abbreviated id, also behind `sha-` (as docker/metadata-action tags images) or `-g` (as `git describe` writes it).
fn readings(named: &str) -> Vec<Reading> {
    let text = named.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Vec::new();
    }
    if is_hex(text, 40..=40) {
        return Oid::from_str(text).map(Reading::Commit).into_iter().collect();
    }
    let mut readings = vec![Reading::Tag(text.to_owned()), Reading::Tag(format!("v{text}"))];
    let behind = text.strip_prefix("sha-").or_else(|| text.rsplit_once("-g").map(|(_, digits)| digits));
    readings.extend([Some(text), behind].into_iter().flatten().filter_map(|digits| match digits.len() {
        40 if is_hex(digits, 40..=40) => Oid::from_str(digits).ok().map(Reading::Commit),
        _ if is_hex(digits, FEWEST_DIGITS..=39) => Some(Reading::Prefix(digits.to_ascii_lowercase())),
        _ => None,
    }));
    readings
}

fn is_hex(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The tags among those advertised that any of the texts may mean.
pub(crate) fn tags_meant(revisions: &[Revision], advertised: &Advertised) -> Vec<String> {
    let readings = revisions.iter().flat_map(|revision| readings(&revision.named));
    let mut tags: Vec<String> = readings
        .filter_map(|reading| match reading {
            Reading::Tag(tag) if advertised.tags.contains_key(&tag) => Some(tag),
            _ => None,
        })
        .collect();
    tags.sort();
    tags.dedup();
    tags
}

/// Finds the first of `revisions` that is a commit, or a tag of one. `whose` is `stable` or `the canary`, for the words.
pub(crate) fn trace(
    upstream: &Upstream<'_>,
    advertised: &Advertised,
    revisions: &[Revision],
    whose: &str,
) -> Result<(Revision, Oid), Failure> {
    for revision in revisions {
        for reading in readings(&revision.named) {
            if let Some(commit) = find(upstream, advertised, &reading)? {
                return Ok((revision.clone(), commit));
            }
        }
    }
    Err(not_found(upstream, revisions, whose))
}

fn find(upstream: &Upstream<'_>, advertised: &Advertised, reading: &Reading) -> Result<Option<Oid>, Failure> {
    let clone = upstream.clone;
    match reading {
        Reading::Commit(id) => {
            if let Some(commit) = commit(clone, *id) {
                return Ok(Some(commit));
            }
            Ok(if upstream.fetch_object(*id)? { commit(clone, *id) } else { None })
        }
        Reading::Tag(tag) => match advertised.tags.get(tag) {
            Some(target) => Ok(commit(clone, *target)),
            None => Ok(None),
        },
        Reading::Prefix(digits) => {
            if let Some(commit) = by_prefix(clone, digits) {
                return Ok(Some(commit));
            }
            upstream.fetch_all()?;
            Ok(by_prefix(clone, digits))
        }
    }
}

/// The commit that an object is or, as an annotated tag, points at.
fn commit(clone: &Repository, id: Oid) -> Option<Oid> {
    clone.find_object(id, None).ok()?.peel_to_commit().ok().map(|commit| commit.id())
}

/// The one commit whose id begins so; none when several do.
fn by_prefix(clone: &Repository, digits: &str) -> Option<Oid> {
    clone.find_commit_by_prefix(digits).ok().map(|commit| commit.id())
}

fn not_found(upstream: &Upstream<'_>, revisions: &[Revision], whose: &str) -> Failure {
    let tried: Vec<String> = revisions
        .iter()
        .take(8)
        .map(|revision| {
            let named = crate::words::line(revision.named.as_bytes(), 80);
            format!("{named:?} ({})", crate::words::line(revision.source.as_bytes(), 80))
        })
        .collect();
    let url = upstream.url;
    let what = if tried.is_empty() {
        format!("find {whose}'s commit in {url}: nothing on the pod template or the Rollout names a version")
    } else {
        format!(
            "find {whose}'s commit in {url}: tried {} as a commit and as a tag, with and without \"v\"; there is none",
            tried.join(", ")
        )
    };
    Failure::give_up("revision-not-found", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_most_exactly_is() {
        let tag = |text: &str| Reading::Tag(text.to_owned());
        let prefix = |text: &str| Reading::Prefix(text.to_owned());
        let whole = "86686D4656000000000000000000000000000000";
        assert_eq!(readings(whole), [Reading::Commit(Oid::from_str(whole).unwrap())]);
        assert_eq!(readings("1.4.2"), [tag("1.4.2"), tag("v1.4.2")]);
        assert_eq!(readings("86686D4"), [tag("86686D4"), tag("v86686D4"), prefix("86686d4")]);
        assert_eq!(readings("sha-86686d4"), [tag("sha-86686d4"), tag("vsha-86686d4"), prefix("86686d4")]);
        assert_eq!(
            readings("v1-3-g86686d4"),
            [tag("v1-3-g86686d4"), tag("vv1-3-g86686d4"), prefix("86686d4")]
        );
        assert_eq!(readings("abcdef"), [tag("abcdef"), tag("vabcdef")]);
        assert_eq!(readings("a\nb"), []);
        assert_eq!(readings(""), []);
    }
}
