//! Private keys in PEM, in one line or over many, each of which may begin with the kubelet's time.
//!
//! Only lines that can be part of a key are taken: a log that shows the first line of a key and never its last must not
//! lose everything that comes after.

use super::REDACTED;

/// What a private key begins with (RFC 7468, and OpenSSH's own).
pub(super) const BEGIN: &str = "-----BEGIN [A-Z ]{0,30}PRIVATE KEY( BLOCK)?-----";
const START: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Shorter words can be ordinary ones.
const SHORTEST_LINE: usize = 16;

/// The text without private keys.
pub(super) fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        if inside && let Some(rest) = continues(line) {
            clean.push_str(rest.before);
            if rest.ends {
                inside = false;
            }
            clean.push_str(rest.after);
            continue;
        }
        inside = begins(line, &mut clean);
    }
    clean
}

/// Writes a line, with the keys in it replaced; whether one of them goes on below.
fn begins(line: &str, clean: &mut String) -> bool {
    let mut rest = line;
    while let Some((before, key)) = split_at_key(rest) {
        clean.push_str(before);
        clean.push_str(REDACTED);
        let Some(after) = after_end(key) else {
            if line.ends_with('\n') {
                clean.push('\n');
            }
            return true;
        };
        rest = after;
    }
    clean.push_str(rest);
    false
}

fn split_at_key(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find(START) {
        let at = from + at;
        let title = text.get(at + START.len()..)?.split(DASHES).next().unwrap_or_default();
        if title.len() <= 50 && title.contains("PRIVATE KEY") {
            return Some((text.get(..at)?, text.get(at..)?));
        }
        from = at + START.len();
    }
    None
}

fn after_end(key: &str) -> Option<&str> {
    let (_, title) = key.split_once(END)?;
    Some(title.split_once(DASHES)?.1)
}

struct Continuation<'a> {
    before: &'a str,
    after: &'a str,
    ends: bool,
}

/// A line of a key: base64, a header of an encrypted key, or its end.
fn continues(line: &str) -> Option<Continuation<'_>> {
    let text = line.trim_end();
    let newline = line.get(text.len()..).unwrap_or_default();
    let last = text.split(' ').next_back().unwrap_or(text);
    let before = text.get(..text.len() - last.len()).unwrap_or_default();
    if let Some(at) = text.find(END) {
        let after = after_end(text.get(at..)?)?;
        return Some(Continuation {
            before: text.get(..at)?,
            after: if after.is_empty() {
                newline
            } else {
                line.get(line.len() - newline.len() - after.len()..)?
            },
            ends: true,
        });
    }
    let is_base64 = last.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let is_lone = !before.trim_end().contains(' ');
    let is_header = text.contains("Proc-Type: ") || text.contains("DEK-Info: ");
    let belongs = is_header || (is_base64 && is_lone && (last.len() >= SHORTEST_LINE || last.ends_with('=')));
    belongs.then_some(Continuation { before, after: newline, ends: false })
}
