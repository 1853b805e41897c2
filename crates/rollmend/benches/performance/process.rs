//! What a process takes, as Linux tells it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Resident memory, in KiB (`Documentation/filesystems/proc.rst`: `VmRSS` and `RssAnon` of `status`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// All of it.
    pub(crate) resident: u64,
    /// What the process wrote itself; the rest are pages of files, its own code above all, which the kernel may drop at any time.
    pub(crate) own: u64,
}

/// What each thread worked so far, and how long it waited for a processor that others had (the first two figures of `schedstat`,
/// `Documentation/scheduler/sched-stats.rst`).
pub(crate) struct Work(BTreeMap<String, Spent>);

/// Processor time, and time without one that was wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) worked: Duration,
    pub(crate) waited: Duration,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches("kB").trim().parse().unwrap()
        };
        Self { resident: field("VmRSS:"), own: field("RssAnon:") }
    }

    /// In words.
    pub(crate) fn told(self) -> String {
        format!("{} (own {})", mib(self.resident), mib(self.own))
    }
}

impl Work {
    pub(crate) fn of(pid: u32) -> Self {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let threads = tasks.filter_map(|task| {
            let task = task.ok()?;
            // A thread may end between the listing and the reading.
            let told = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            let mut figures = told.split(' ').map(|figure| figure.parse().map(Duration::from_nanos));
            let spent = Spent { worked: figures.next()?.ok()?, waited: figures.next()?.ok()? };
            Some((task.file_name().into_string().ok()?, spent))
        });
        Self(threads.collect())
    }

    /// What came since then by the threads that are still there; idle ones stay for ten seconds.
    pub(crate) fn since(&self, before: &Self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, (thread, spent)| {
            let before = before.0.get(thread).copied().unwrap_or_default();
            Spent {
                worked: sum.worked + spent.worked.saturating_sub(before.worked),
                waited: sum.waited + spent.waited.saturating_sub(before.waited),
            }
        })
    }

    /// All of it.
    pub(crate) fn in_all(&self) -> Spent {
        self.since(&Self(BTreeMap::new()))
    }
}

/// KiB as MiB.
pub(crate) fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}
