//! Whether a text is such as people write, before a grammar reads it.
//!
//! tree-sitter reads a broken text by trying repairs, and what it tries grows with what is open at the end: 16 KiB of `=*def ` cost
//! its Java grammar 2 GB and 8 s between two looks at the clock (measured with 0.23.5). Real files close what they open, and end their
//! statements; what does neither is left unchecked.

use std::fs;

/// Bytes of a file that is read by a grammar.
const LARGEST: usize = 128 << 10;
/// Brackets within each other.
const DEEPEST: u32 = 200;
/// Bytes without an end of a statement or block.
const LONGEST: usize = 4 << 10;
/// How much larger the process may grow while a file is read, in KiB.
const GROWTH: u64 = 64 << 10;

/// What ends a statement, beside `;`, `{` and `}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statements {
    EndAnywhere,
    EndWithTheLine,
}

/// Whether the text may be read by a grammar. Brackets in strings and comments are counted along: files have few that stand alone.
pub(super) fn is_ordinary(text: &str, statements: Statements) -> bool {
    let (mut depth, mut run) = (0_u32, 0_usize);
    let fits = |byte: u8| {
        depth = match byte {
            b'(' | b'[' | b'{' => depth + 1,
            b')' | b']' | b'}' => depth.saturating_sub(1),
            _ => depth,
        };
        run = match (byte, statements) {
            (b';' | b'{' | b'}', _) | (b'\n', Statements::EndWithTheLine) => 0,
            _ => run + 1,
        };
        depth <= DEEPEST && run <= LONGEST
    };
    text.len() <= LARGEST && text.bytes().all(fits)
}

/// Watches how large the process becomes.
pub(super) struct Growth {
    most: Option<u64>,
}

impl Growth {
    pub(super) fn from_now() -> Self {
        Self { most: resident().map(|now| now + GROWTH) }
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.most.is_none_or(|most| resident().is_none_or(|now| now <= most))
    }
}

/// KiB of memory that the process has, where the system tells; see `proc_pid_status(5)`.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_this_crate_are_ordinary_and_what_opens_without_end_is_not() {
        for own in [include_str!("ordinary.rs"), include_str!("../text.rs"), include_str!("../change.rs")] {
            assert!(is_ordinary(own, Statements::EndAnywhere));
        }
        for strange in ["=*def ", "a<", "({)", ">int [", "?=>async "] {
            let text = strange.repeat(16_384 / strange.len());
            assert!(!is_ordinary(&text, Statements::EndAnywhere), "{strange}");
        }
        assert!(is_ordinary(&"x = [1, 2]\n".repeat(10_000), Statements::EndWithTheLine));
        assert!(!is_ordinary(&"x = [1, 2]\n".repeat(12_000), Statements::EndWithTheLine), "too large");
    }

    #[test]
    fn growth_is_seen() {
        assert!(Growth::from_now().is_bounded());
        assert!(!Growth { most: Some(1) }.is_bounded());
    }
}
