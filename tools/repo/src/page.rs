//! A part of a long text, as much as a model is shown at once.

/// Bytes of one page, about 3,000 tokens.
pub(crate) const PAGE: usize = 12_000;
/// Characters of one line; the rest is counted. Minified files have lines of a megabyte.
const LINE: usize = 400;

/// Whether more fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Left,
    Full,
}

/// Whole lines until the page is full.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds a line where it fits. What shows nothing is made visible, what is longer than a line is counted.
    pub(crate) fn line(&mut self, mark: &str, text: &str) -> Room {
        let more = match text.chars().skip(LINE).count() {
            0 => String::new(),
            more => format!("… ({more} more characters)"),
        };
        let line = format!("{mark}{}{more}", domain::with_hidden_shown(text.chars().take(LINE)));
        if self.0.len() + line.len() >= PAGE && !self.0.is_empty() {
            return Room::Full;
        }
        self.0.push_str(&line);
        self.0.push('\n');
        Room::Left
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_at_a_whole_line_and_a_long_line_is_counted() {
        let mut page = Page::default();
        assert_eq!(page.line("  1  ", &"x".repeat(LINE + 3)), Room::Left);
        let expected = format!("  1  {}… (3 more characters)\n", "x".repeat(LINE));
        let mut lines = 1;
        while page.line("", "some line") == Room::Left {
            lines += 1;
        }
        let text = page.into_text();
        assert!(text.starts_with(&expected) && text.ends_with("some line\n"));
        assert!(text.len() <= PAGE && text.len() + "some line\n".len() >= PAGE);
        assert_eq!(text.lines().count(), lines);
    }
}
