//! One file of a log: some of its lines in a row, plain while it grows, packed afterwards.
//!
//! Its name says what had been received before it, so that no other state is needed: `<number>-<lines>-<bytes>-<cut>.log` or `.gz`.
//! It is readable however it was cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::counters::Counters;

/// More than any segment unpacks to, in bytes: a file that unpacks to more is not ours.
const UNPACKED: u64 = 16 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// What had been received before its first line.
    pub(super) before: Counters,
    pub(super) form: Form,
    /// Bytes on disk.
    pub(super) disk: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Packed,
}

impl Segment {
    /// Reads a file name; nothing for a file that is none.
    pub(super) fn parse(name: &str, disk: u64) -> Option<Self> {
        let (stem, ending) = name.split_once('.')?;
        let form = match ending {
            "log" => Form::Plain,
            "gz" => Form::Packed,
            _ => return None,
        };
        let mut numbers = stem.split('-').map(|part| part.parse().ok());
        let mut next = || numbers.next().flatten();
        let number = next()?;
        let before = Counters { lines: next()?, bytes: next()?, cut: next()? };
        numbers.next().is_none().then_some(Self { number, before, form, disk })
    }

    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        let ending = match self.form {
            Form::Plain => "log",
            Form::Packed => "gz",
        };
        let Counters { lines, bytes, cut } = self.before;
        dir.join(format!("{:08}-{lines}-{bytes}-{cut}.{ending}", self.number))
    }

    /// Appends to a plain segment; after a failure the file is as it was, as far as the disk allows.
    pub(super) fn append(&mut self, dir: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(dir))?;
        if let Err(error) = file.write_all(text.as_bytes()) {
            // A part may have been written; what cannot be taken back is skipped when it is read.
            let _ = file.set_len(self.disk);
            return Err(error);
        }
        self.disk += text.len() as u64;
        Ok(())
    }

    /// The whole lines that can be read of it.
    pub(super) fn text(&self, dir: &Path) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.path(dir)).and_then(|file| match self.form {
            Form::Plain => file.take(UNPACKED).read_to_end(&mut bytes),
            Form::Packed => MultiGzDecoder::new(file).take(UNPACKED).read_to_end(&mut bytes),
        });
        if let Err(error) = read {
            tracing::debug!("{} was read as far as it goes: {error}", self.path(dir).display());
        }
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Packs a plain segment; when that is not possible or saves nothing it stays plain.
    pub(super) fn pack(&mut self, dir: &Path) -> io::Result<()> {
        let plain = self.path(dir);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&fs::read(&plain)?)?;
        let bytes = encoder.finish()?;
        if self.form == Form::Packed || bytes.len() as u64 >= self.disk {
            return Ok(());
        }
        let packed = Self { form: Form::Packed, disk: bytes.len() as u64, ..self.clone() };
        let unfinished = plain.with_extension("tmp");
        let written = fs::write(&unfinished, &bytes).and_then(|()| fs::rename(&unfinished, packed.path(dir)));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        fs::remove_file(&plain)?;
        *self = packed;
        Ok(())
    }

    /// Cuts a plain segment behind its last whole line, and gives its lines.
    pub(super) fn mend(&mut self, dir: &Path) -> String {
        let text = self.text(dir);
        if self.form == Form::Plain && text.len() as u64 != self.disk {
            let path = self.path(dir);
            match OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(text.len() as u64))
            {
                Ok(()) => self.disk = text.len() as u64,
                Err(error) => tracing::warn!("{} cannot be mended: {error}", path.display()),
            }
        }
        text
    }

    pub(super) fn remove(&self, dir: &Path) -> io::Result<()> {
        fs::remove_file(self.path(dir))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> Segment {
        let before = Counters { lines: 7, bytes: 300, cut: 2 };
        Segment { number: 3, before, form: Form::Plain, disk: 0 }
    }

    #[test]
    fn the_name_says_all_that_is_known() {
        let dir = Path::new("d");
        for form in [Form::Plain, Form::Packed] {
            let segment = Segment { form, disk: 9, ..segment() };
            let path = segment.path(dir);
            assert_eq!(Segment::parse(path.file_name().unwrap().to_str().unwrap(), 9), Some(segment));
        }
        for foreign in ["source.json", "1-2-3-4.tmp", "1-2-3.log", "1-2-3-4-5.log", "a-b-c-d.gz", ""] {
            assert_eq!(Segment::parse(foreign, 0), None, "{foreign}");
        }
    }

    #[test]
    fn a_segment_cut_off_at_any_byte_gives_the_lines_before() {
        let dir = tempfile::tempdir().unwrap();
        let lines: Vec<String> =
            (0..40).map(|n| format!("2026-11-24T02:29:28.{n:03}Z line {}\n", n * n)).collect();
        let text = lines.concat();
        for form in [Form::Plain, Form::Packed] {
            let mut segment = Segment { form: Form::Plain, ..segment() };
            segment.append(dir.path(), &text).unwrap();
            if form == Form::Packed {
                segment.pack(dir.path()).unwrap();
            }
            assert_eq!((segment.form, segment.text(dir.path())), (form, text.clone()));
            let whole = fs::read(segment.path(dir.path())).unwrap();
            let mut most = 0;
            for length in 0..whole.len() {
                fs::write(segment.path(dir.path()), &whole[..length]).unwrap();
                let kept = segment.text(dir.path());
                assert!(
                    text.starts_with(&kept) && (kept.is_empty() || kept.ends_with('\n')),
                    "cut at {length}"
                );
                most = most.max(kept.len());
            }
            assert!(most > text.len() / 2, "a cut near the end keeps most lines");
            segment.remove(dir.path()).unwrap();
        }
    }
}
