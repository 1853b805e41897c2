//! A byte stream split into lines of bounded length.

/// A line without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    /// Its beginning, at most as many bytes as the limit.
    pub(crate) bytes: Vec<u8>,
    /// How many bytes of its end were left out.
    pub(crate) cut: u64,
}

/// Splits what is pushed into lines; never holds more than one line of `limit` bytes.
#[derive(Debug)]
pub(crate) struct Splitter {
    limit: usize,
    bytes: Vec<u8>,
    cut: u64,
}

impl Splitter {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), cut: 0 }
    }

    /// Takes a piece of the stream and hands each line that it ends to `each`.
    pub(crate) fn push(&mut self, data: &[u8], mut each: impl FnMut(RawLine)) {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            match piece.split_last() {
                Some((b'\n', rest)) => {
                    self.extend(rest);
                    each(self.take());
                }
                _ => self.extend(piece),
            }
        }
    }

    /// What came after the last line feed, if anything.
    pub(crate) fn rest(&mut self) -> Option<RawLine> {
        (!self.bytes.is_empty()).then(|| self.take())
    }

    fn extend(&mut self, data: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len()).min(data.len());
        let (kept, cut) = data.split_at(room);
        self.bytes.extend_from_slice(kept);
        self.cut += cut.len() as u64;
    }

    fn take(&mut self) -> RawLine {
        RawLine { bytes: std::mem::take(&mut self.bytes), cut: std::mem::take(&mut self.cut) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]], limit: usize) -> (Vec<(String, u64)>, Option<RawLine>) {
        let mut splitter = Splitter::new(limit);
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.push(piece, |line| lines.push((String::from_utf8(line.bytes).unwrap(), line.cut)));
        }
        (lines, splitter.rest())
    }

    #[test]
    fn lines_come_out_the_same_however_the_stream_is_cut_into_pieces() {
        let text = b"one\n\ntwo three\nrest";
        let whole = split(&[text], 100);
        for at in 0..text.len() {
            let (a, b) = text.split_at(at);
            assert_eq!(split(&[a, b], 100), whole);
        }
        assert_eq!(whole.0, [("one".into(), 0), (String::new(), 0), ("two three".into(), 0)]);
        assert_eq!(whole.1, Some(RawLine { bytes: b"rest".to_vec(), cut: 0 }));
    }

    #[test]
    fn an_overlong_line_is_cut_and_counted_and_the_next_is_whole() {
        let (lines, rest) = split(&[b"abcde", b"fgh", b"ij\nkl\n"], 4);
        assert_eq!(lines, [("abcd".into(), 6), ("kl".into(), 0)]);
        assert_eq!(rest, None);
    }

    #[test]
    fn a_line_of_a_hundred_megabytes_costs_no_more_memory_than_the_limit() {
        let mut splitter = Splitter::new(64 * 1024);
        let piece = vec![b'x'; 100_000];
        for _ in 0..1000 {
            splitter.push(&piece, |line| panic!("{} bytes came out", line.bytes.len()));
            assert!(splitter.bytes.capacity() <= 128 * 1024);
        }
        let mut lines = Vec::new();
        splitter.push(b"\nnext\n", |line| lines.push((line.bytes.len(), line.cut)));
        assert_eq!(lines, [(64 * 1024, 100_000_000 - 64 * 1024), (4, 0)]);
    }
}
