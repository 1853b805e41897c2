//! Commits of ours: how they are made, and how a later push knows one again.

use domain::PatchKind;
use git2::{Commit, Oid, Repository, Signature, Time};

/// Author and committer of what the daemon writes. The address is GitHub's for mail that reaches nobody.
const NAME: &str = "rollmend";
const ADDRESS: &str = "rollmend@users.noreply.github.com";
/// Bytes of a message that are kept.
const LONGEST_MESSAGE: usize = 16 << 10;

/// Ends our messages, so that a later push knows its own commit again.
fn trailer(kind: PatchKind, suspect: Oid) -> String {
    match kind {
        PatchKind::Revert => format!("Rollmend-Reverts: {suspect}"),
        PatchKind::RevertedHunks | PatchKind::Edits => format!("Rollmend-Mends: {suspect}"),
    }
}

/// Writes a tree on top of the base branch. Its time is one second after the base's: a clock would make another commit at each try.
pub(crate) fn write(
    clone: &Repository,
    base: &Commit<'_>,
    tree: Oid,
    message: &str,
    (kind, suspect): (PatchKind, Oid),
) -> Result<Oid, git2::Error> {
    let time = Time::new(base.committer().when().seconds().saturating_add(1), 0);
    let signature = Signature::new(NAME, ADDRESS, &time)?;
    let message = with_trailer(message, &trailer(kind, suspect));
    clone.commit(None, &signature, &signature, &message, &clone.find_tree(tree)?, &[base])
}

/// Whether a commit says that it is of ours, for this suspect and of this kind. Anyone can say so: what it holds is another question.
pub(crate) fn is_marked(commit: &Commit<'_>, kind: PatchKind, suspect: Oid) -> bool {
    let author = commit.author();
    let last_line = commit.message_raw_bytes().trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    author.name_bytes() == NAME.as_bytes()
        && author.email_bytes() == ADDRESS.as_bytes()
        && last_line == Some(trailer(kind, suspect).as_bytes())
}

/// The message without control characters, with the trailer as its last line.
fn with_trailer(message: &str, trailer: &str) -> String {
    let mut clean = String::new();
    for c in message.chars().filter(|c| *c == '\n' || !c.is_control()) {
        if clean.len() + c.len_utf8() > LONGEST_MESSAGE {
            break;
        }
        clean.push(c);
    }
    let clean = clean.trim();
    match clean.lines().last() {
        Some(last) if last == trailer => format!("{clean}\n"),
        _ => format!("{clean}\n\n{trailer}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trailer_stands_once_at_the_end() {
        let trailer = trailer(PatchKind::Edits, Oid::from_bytes(&[1; 20]).unwrap());
        assert_eq!(trailer, format!("Rollmend-Mends: {}", "01".repeat(20)));
        let once = format!("Mend it\n\nRollmend-Incident: x\n{trailer}\n");
        assert_eq!(with_trailer(&once, &trailer), once);
        assert_eq!(with_trailer("Mend it\u{1b}[1m\n", "T: 1"), "Mend it[1m\n\nT: 1\n");
        assert!(with_trailer(&"x".repeat(LONGEST_MESSAGE * 2), "T: 1").ends_with("x\n\nT: 1\n"));
    }
}
