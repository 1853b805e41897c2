//! Words of others in one line, and our own within GitHub's limits.

/// The longest title, in characters.
const LONGEST_TITLE: usize = 256;
/// The longest body, in characters (github.com/orgs/community/discussions/27190).
const LONGEST_BODY: usize = 65_536;
/// How a marker of ours begins; it must survive a cut.
const MARKER: &str = "<!-- rollmend ";

/// At most `longest` characters without control characters.
pub(crate) fn line(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}

/// A title that GitHub takes.
pub(crate) fn title(text: &str) -> String {
    line(text.trim(), LONGEST_TITLE)
}

/// A body that GitHub takes: cut where it is too long, with its marker kept.
pub(crate) fn body(text: &str) -> String {
    let clean: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    if clean.chars().count() <= LONGEST_BODY {
        return clean;
    }
    let marker = clean
        .rfind(MARKER)
        .and_then(|start| clean.get(start..))
        .and_then(|rest| rest.find("-->").and_then(|end| rest.get(..end + 3)))
        .unwrap_or_default();
    let end = format!("\n\n… (cut at GitHub's limit)\n{marker}");
    let kept = LONGEST_BODY.saturating_sub(end.chars().count());
    clean.chars().take(kept).chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_over_the_limit_is_cut_and_keeps_its_marker() {
        let marker = "<!-- rollmend incident=a suspect=b -->";
        let cut = body(&format!("{}\n{marker}\n", "ä".repeat(70_000)));
        assert_eq!(cut.chars().count(), LONGEST_BODY);
        assert!(cut.ends_with(marker));
        assert_eq!(body("a\r\nb\u{7}\tc"), "a\nb\tc");
    }

    #[test]
    fn a_title_is_one_line_of_at_most_256_characters() {
        assert_eq!(title(" a\nb "), "ab");
        assert_eq!(title(&"x".repeat(300)).len(), 256);
    }
}
