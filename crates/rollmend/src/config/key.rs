//! What a key of the file means. It is said once, where the key is read; the documentation is made of it.

use std::cell::RefCell;
use std::time::Duration;

use super::problem::Problem;

/// A key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) means: &'static str,
    pub(super) taken: Taken,
    /// What holds without it, where no value says it.
    pub(super) absent: &'static str,
}

/// When a changed value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// From the next decision on.
    AtOnce,
    /// From the next start on.
    AtStart,
}

/// A key whose changed value holds at once.
pub(super) const fn live(name: &'static str, means: &'static str) -> Key {
    Key { name, means, taken: Taken::AtOnce, absent: "" }
}

/// A key whose changed value holds from the next start on.
pub(super) const fn at_start(name: &'static str, means: &'static str) -> Key {
    Key { name, means, taken: Taken::AtStart, absent: "" }
}

impl Key {
    /// What holds without it, in words.
    pub(super) const fn or(self, absent: &'static str) -> Self {
        Self { absent, ..self }
    }
}

/// What reading the file comes to besides its values.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) problems: RefCell<Vec<Problem>>,
    /// Every key that was asked for, where the reading is done for that.
    pub(super) chapters: Option<RefCell<Vec<Chapter>>>,
}

/// A table of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chapter {
    /// As it is written, such as `[[repository]]`.
    pub(super) title: String,
    pub(super) means: &'static str,
    pub(super) rows: Vec<Row>,
}

/// A key of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// With the inline tables that it lies in, such as `spool.total`.
    pub(super) key: String,
    /// What may be written there.
    pub(super) kind: String,
    /// What holds without it.
    pub(super) absent: String,
    pub(super) means: &'static str,
    pub(super) taken: Taken,
}

impl Sheet {
    /// One that notes every key.
    pub(super) fn of_keys() -> Self {
        Self { chapters: Some(RefCell::default()), ..Self::default() }
    }

    pub(super) fn is_of_keys(&self) -> bool {
        self.chapters.is_some()
    }

    pub(super) fn begin(&self, title: String, means: &'static str) {
        if let Some(chapters) = &self.chapters {
            chapters.borrow_mut().push(Chapter { title, means, rows: Vec::new() });
        }
    }

    pub(super) fn note(&self, title: &str, row: Row) {
        let Some(chapters) = &self.chapters else { return };
        let mut chapters = chapters.borrow_mut();
        if let Some(chapter) = chapters.iter_mut().find(|chapter| chapter.title == title)
            && !chapter.rows.iter().any(|known| known.key == row.key)
        {
            chapter.rows.push(row);
        }
    }
}

/// A duration as people write it, such as `90s` or `20m`.
pub(crate) fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let whole = |unit: u64, least: u64| seconds >= least && seconds.is_multiple_of(unit);
    match seconds {
        _ if duration.subsec_nanos() > 0 => humantime::format_duration(duration).to_string(),
        _ if whole(86_400, 172_800) => format!("{}d", seconds / 86_400),
        _ if whole(3_600, 3_600) => format!("{}h", seconds / 3_600),
        _ if whole(60, 120) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// A size as people write it, such as `16MiB`.
pub(super) fn written_size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let fits = units.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_written_as_the_file_may_have_them() {
        for text in ["0s", "60s", "90s", "2m", "20m", "1h", "24h", "90d"] {
            assert_eq!(written(humantime::parse_duration(text).unwrap()), text);
        }
        for text in ["16MiB", "1GiB", "64KiB", "1500B"] {
            assert_eq!(written_size(text.parse::<bytesize::ByteSize>().unwrap().as_u64()), text);
        }
    }
}
