//! Hostile text made fit to be kept: bounded, in one line, without what a terminal or a reader would take for an order.

use git2::Oid;

use domain::{CommitSha, Failure, is_invisible};

/// At most `longest` characters, without control characters, zero-width characters and marks that turn the writing
/// direction (the "Trojan Source" characters, CVE-2021-42574).
pub(crate) fn line(bytes: &[u8], longest: usize) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .take(longest)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A path as text: what is not UTF-8 or controls a terminal becomes U+FFFD.
pub(crate) fn path(bytes: &[u8]) -> String {
    let replace = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    String::from_utf8_lossy(bytes).chars().map(replace).collect()
}

/// The object id as the domain writes it.
pub(crate) fn sha(id: Oid) -> Result<CommitSha, Failure> {
    id.to_string().parse().map_err(|error: domain::InvalidId| {
        Failure::give_up("repository-format", format!("read commit {id}: only SHA-1 repositories are known"))
            .because(error)
    })
}

/// The object id of a commit of the domain.
pub(crate) fn oid(sha: &CommitSha) -> Result<Oid, Failure> {
    Oid::from_str(sha.as_str()).map_err(|error| {
        Failure::give_up("repository-format", format!("read commit {sha} as an object id")).because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_or_reader_would_obey_is_taken_out_of_a_line() {
        assert_eq!(line("fix\u{1b}[2J \u{202e}evil\u{200b}\r\n \u{e0041}x".as_bytes(), 80), "fix[2J evil x");
        assert_eq!(line(&[b'a', 0xff, b'b'], 80), "a\u{fffd}b");
        assert_eq!(line("ää".as_bytes(), 1), "ä");
        assert_eq!(path(b"a\rb"), "a\u{fffd}b");
    }
}
