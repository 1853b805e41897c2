//! A file's text: a model sees and writes `\n`, the file keeps the line ends, the byte order mark and the end that it has.

use std::ops::Range;

/// U+FEFF at the head of a file.
const MARK: &str = "\u{feff}";

/// The text of a file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileText {
    mark: &'static str,
    raw: String,
}

impl FileText {
    /// Why bytes are no text, as it fits after "which".
    pub(super) fn of(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.contains(&0) {
            return Err("is binary");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
        Ok(match text.strip_prefix(MARK) {
            Some(raw) => Self { mark: MARK, raw: raw.to_owned() },
            None => Self { mark: "", raw: text.to_owned() },
        })
    }

    /// What a model sees.
    pub(super) fn view(&self) -> String {
        with_plain_ends(&self.raw)
    }

    /// The text with `new` (in the view's line ends) in place of `span` of [`Self::view`]. What is the same at the head and the end of
    /// both stays as it is; line ends of the rest become those of the file, around the place where the file has both. A file ends
    /// with a line end afterwards where it did before, and with none where it had none.
    pub(super) fn replaced(&self, span: &Range<usize>, new: &str) -> Self {
        let view = self.view();
        let (head, tail) = in_common(view.get(span.clone()).unwrap_or_default(), new);
        let (from, to) = (self.raw_offset(span.start + head), self.raw_offset(span.end - tail));
        let end = self.line_end_near(from);
        let (before, after) = (self.raw.get(..from), self.raw.get(to..));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let new = new.get(head..new.len() - tail).unwrap_or_default().replace('\n', end);
        let mut raw = format!("{before}{new}{after}");
        if self.raw.ends_with('\n') {
            if !raw.is_empty() && !raw.ends_with('\n') {
                raw.push_str(end);
            }
        } else {
            raw.truncate(without_line_ends(&raw));
        }
        Self { mark: self.mark, raw }
    }

    /// The file's bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        format!("{}{}", self.mark, self.raw).into_bytes()
    }

    /// Where an offset of the view lies in the file; before the carriage return where it is that of a line's end.
    fn raw_offset(&self, view: usize) -> usize {
        let bytes = self.raw.as_bytes();
        let mut seen = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if seen == view {
                return at;
            }
            if !(*byte == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
                seen += 1;
            }
        }
        bytes.len()
    }

    fn line_end_near(&self, at: usize) -> &'static str {
        let (before, after) =
            (self.raw.get(..at).unwrap_or_default(), self.raw.get(at..).unwrap_or_default());
        let near = after.find('\n').map(|found| at + found).or_else(|| before.rfind('\n'));
        let carriage = near.and_then(|near| near.checked_sub(1)).and_then(|at| self.raw.as_bytes().get(at));
        if carriage == Some(&b'\r') { "\r\n" } else { "\n" }
    }
}

/// Text with `\n` for `\r\n`.
pub(super) fn with_plain_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// How many bytes two texts have in common at the head, and of the rest at the end.
fn in_common(a: &str, b: &str) -> (usize, usize) {
    let same = |(a, b): &(char, char)| a == b;
    let head: usize = a.chars().zip(b.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (a, b) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let tail = a.chars().rev().zip(b.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    (head, tail)
}

/// The length without the line ends at the end.
fn without_line_ends(text: &str) -> usize {
    let mut rest = text;
    while let Some(shorter) = rest.strip_suffix("\r\n").or_else(|| rest.strip_suffix('\n')) {
        rest = shorter;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edited(file: &str, old: &str, new: &str) -> String {
        let text = FileText::of(file.as_bytes()).unwrap();
        let at = text.view().find(old).unwrap();
        String::from_utf8(text.replaced(&(at..at + old.len()), new).into_bytes()).unwrap()
    }

    #[test]
    fn an_edit_takes_on_the_line_ends_that_stand_around_it() {
        assert_eq!(edited("a\r\nb\r\nc\r\n", "b\n", "x\ny\n"), "a\r\nx\r\ny\r\nc\r\n");
        assert_eq!(edited("a\nb\nc\n", "b", "x\ny"), "a\nx\ny\nc\n");
        assert_eq!(edited("a\r\nb\nc\r\n", "a\nb\nc\n", "a\nx\nc\n"), "a\r\nx\nc\r\n");
        assert_eq!(edited("a\r\nb\nc\n", "b\n", "x\ny\n"), "a\r\nx\ny\nc\n");
        assert_eq!(edited("a\r\nb\nc\n", "a\n", "x\ny\n"), "x\r\ny\r\nb\nc\n");
        assert_eq!(edited("a\r\nb", "b", "x\ny"), "a\r\nx\r\ny");
    }

    #[test]
    fn a_file_keeps_its_mark_and_its_end() {
        assert_eq!(edited("\u{feff}a\nb\n", "a\n", "x\n"), "\u{feff}x\nb\n");
        assert_eq!(edited("a\nb\n", "b\n", "x"), "a\nx\n");
        assert_eq!(edited("a\nb", "b", "x\n\n"), "a\nx");
        assert_eq!(edited("a\nb", "b", ""), "a");
        assert_eq!(edited("a\n", "a\n", ""), "");
    }

    #[test]
    fn what_is_no_text_is_told() {
        assert_eq!(FileText::of(b"a\0b"), Err("is binary"));
        assert_eq!(FileText::of(&[0xff, b'a']), Err("is not UTF-8"));
    }

    fn line_end() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just("\n"), Just("\r\n")]
    }

    /// A file of one kind of line end, with or without mark and final line end, and an edit of some of its lines.
    fn case() -> impl Strategy<Value = (Vec<String>, &'static str, bool, bool, usize, usize, Vec<String>)> {
        let line = "[a-zé\t ]{0,6}";
        (prop::collection::vec(line, 1..8), line_end(), any::<bool>(), any::<bool>())
            .prop_flat_map(move |(mut lines, end, mark, last)| {
                let count = lines.len();
                // Without it, an empty last line would be the end of the one before.
                lines[count - 1].push('z');
                let new = prop::collection::vec(line, 0..4);
                (Just(lines), Just(end), Just(mark), Just(last), 0..count, 0..count, new)
            })
            .prop_map(|(lines, end, mark, last, a, b, new)| (lines, end, mark, last, a.min(b), a.max(b), new))
    }

    proptest! {
        #[test]
        fn an_edit_changes_its_lines_and_nothing_else((lines, end, mark, last, from, to, new) in case()) {
            // A file of one line shows no line end of its own.
            let end = if lines.len() == 1 && !last { "\n" } else { end };
            let head = if mark { MARK } else { "" };
            let tail = if last { end } else { "" };
            let file = format!("{head}{}{tail}", lines.join(end));
            let text = FileText::of(file.as_bytes()).unwrap();
            let starts = |line: usize| lines.iter().take(line).map(|line| line.len() + 1).sum::<usize>();
            let span = starts(from)..starts(to) + lines[to].len();
            let edited = text.replaced(&span, &new.join("\n"));
            let edited = String::from_utf8(edited.into_bytes()).unwrap();
            let mut expected: Vec<&str> = lines[..from].iter().map(String::as_str).collect();
            let replacement = new.join(end);
            expected.push(&replacement);
            expected.extend(lines[to + 1..].iter().map(String::as_str));
            let mut body = format!("{}{tail}", expected.join(end));
            if !file.ends_with('\n') {
                while body.ends_with('\n') {
                    body.truncate(body.len() - end.len());
                }
            }
            prop_assert_eq!(edited, format!("{head}{body}"));
        }

        #[test]
        fn any_text_comes_back_as_it_was_where_an_edit_puts_back_what_stood_there(
            file in "(\u{feff})?([a-c\u{e9}]{0,3}(\r\n|\r|\n)?){0,8}",
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let text = FileText::of(file.as_bytes()).unwrap();
            let view = text.view();
            let places: Vec<usize> = (0..=view.len()).filter(|at| view.is_char_boundary(*at)).collect();
            let (a, b) = (*cut.0.get(&places), *cut.1.get(&places));
            let span = a.min(b)..a.max(b);
            let kept = text.replaced(&span, &view[span.clone()]);
            prop_assert_eq!(String::from_utf8(kept.into_bytes()).unwrap(), file);
        }
    }
}
