//! The commits that a verdict may name: those of the range, and no other.

use domain::{Brief, CaseFile, Commit, Grounds, RangeFinding, Suspect, SuspectReason};

use crate::facts::Facts;

/// Files of a commit that a suspect carries.
const FILES: usize = 20;
/// The score of a commit that the digest did not list among its suspects.
const SCORE: u8 = 10;

/// The commit of the range that the text names by at least seven digits of its id, or why it names none.
pub(super) fn find(case: &CaseFile, brief: &Brief, named: &str) -> Result<Suspect, String> {
    let is_sha = (7..=40).contains(&named.len()) && named.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_sha {
        return Err("name a commit by at least 7 digits of its id, or leave it out".to_owned());
    }
    let wanted = named.to_ascii_lowercase();
    let mut found = all(case, brief);
    found.retain(|suspect| suspect.sha.as_str().starts_with(&wanted));
    match found.len() {
        1 => found.pop().ok_or_else(String::new),
        0 => Err(format!("no such commit is in the range; {}", listed(case, brief))),
        _ => Err("more than one commit of the range begins so; give more digits".to_owned()),
    }
}

/// Those of the digest, and the range's own that the digest left out.
fn all(case: &CaseFile, brief: &Brief) -> Vec<Suspect> {
    let mut all = match &brief.range {
        RangeFinding::Known { suspects, .. } => suspects.clone(),
        RangeFinding::Unknown { .. } => Vec::new(),
    };
    let commits = Facts::of(case).range().map(|facts| facts.range.commits.as_slice()).unwrap_or_default();
    for commit in commits {
        if !all.iter().any(|known| known.sha == commit.sha) {
            all.push(suspect(commit));
        }
    }
    all
}

fn suspect(commit: &Commit) -> Suspect {
    Suspect {
        sha: commit.sha.clone(),
        subject: commit.subject.clone(),
        score: SCORE,
        reasons: vec![SuspectReason::ChangesCode],
        grounds: Grounds::Weak,
        files: commit.files.iter().take(FILES).map(|file| file.path.clone()).collect(),
    }
}

fn listed(case: &CaseFile, brief: &Brief) -> String {
    let shas: Vec<String> = all(case, brief).iter().take(40).map(|one| one.sha.short().to_owned()).collect();
    if shas.is_empty() { "it was not read".to_owned() } else { format!("it has {}", shas.join(", ")) }
}
