//! Masks what varies in a message by its shape: numbers, hexadecimal ids, UUIDs, addresses, times, quoted paths.

/// Stands for what varies.
pub(super) const MASK: &str = "<*>";

/// The message's words, one blank between them, with [`MASK`] for what varies; at most `words` of them. Leading words that
/// only vary (time, process) are left out.
pub(super) fn masked(message: &str, words: usize) -> String {
    let mut result = String::with_capacity(message.len());
    for token in message.split_whitespace().take(words) {
        let from = result.len();
        if from > 0 {
            result.push(' ');
        }
        push_masked(&mut result, token);
        if from == 0 && result.contains(MASK) && !result.replace(MASK, "").contains(char::is_alphanumeric) {
            result.clear();
        }
    }
    result
}

fn push_masked(result: &mut String, token: &str) {
    let is_path = token.contains('/') && (token.starts_with(['"', '\'', '`']));
    if is_path {
        push_mask(result);
    } else if !token.bytes().any(|b| b.is_ascii_digit()) {
        result.push_str(token);
    } else {
        let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        for segment in pieces(token, is_part) {
            if is_uuid(segment) {
                push_mask(result);
            } else {
                push_runs(result, segment);
            }
        }
    }
}

fn push_runs(result: &mut String, segment: &str) {
    for run in pieces(segment, |c| c.is_alphanumeric() || c == '_') {
        if varies(run) {
            push_mask(result);
        } else {
            result.push_str(run);
        }
    }
}

/// Cuts a text where `inside` changes.
fn pieces(text: &str, inside: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = inside(rest.chars().next()?);
        let end = rest.char_indices().find(|(_, c)| inside(*c) != first).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// A run varies when it begins with a digit, is hexadecimal of six digits or more with a digit in it, or has three digits.
/// `http2`, `utf8` and `v1` stay.
fn varies(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    run.starts_with(|c: char| c.is_ascii_digit())
        || digits >= 3
        || (digits > 0 && run.len() >= 6 && run.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_uuid(segment: &str) -> bool {
    segment.len() == 36
        && segment
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Adds a mask; joined to one before it over a single separator, so that an address or a time is one.
fn push_mask(result: &mut String) {
    let without = result.strip_suffix(['.', ':', '-', '/', ',', '+']).unwrap_or(result);
    if without.ends_with(MASK) {
        result.truncate(without.len());
    } else {
        result.push_str(MASK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_masked_by_its_shape() {
        for (line, pattern) in [
            ("2026-11-24T02:31:28.925Z ERROR x", "ERROR x"),
            ("[1204] took 12ms", "took <*>"),
            ("connect 10.0.0.7:5432: refused", "connect <*>: refused"),
            ("key 0x1f4a and deadbeef01 of http2", "key <*> and <*> of http2"),
            ("no file '/var/lib/shop/a.db'", "no file <*>"),
            ("id=550e8400-e29b-41d4-a716-446655440000,", "id=<*>,"),
            ("pod shop-86686d4656-c7s12 user941", "pod shop-<*>-<*> <*>"),
            ("ünïcode 1", "ünïcode <*>"),
        ] {
            assert_eq!(masked(line, 64), pattern.replace("<*>-<*>", "<*>"), "{line}");
        }
    }
}
