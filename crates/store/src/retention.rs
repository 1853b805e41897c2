//! How long incidents and case files are kept: the oldest finished ones go first, those of an open incident never.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{CaseId, Failure};

use crate::cases::CaseFolder;
use crate::journal::SqliteJournal;

/// A case file that no incident names is left alone for so long: it may be about to be named.
const NAMELESS_LASTS: TimeDelta = TimeDelta::hours(1);

/// `[daemon] keep`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Finished incidents that have not changed for longer are forgotten, with their case files.
    pub incidents: TimeDelta,
    /// How many bytes case files may take together.
    pub case_files: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Incidents.
    pub incidents: u64,
    /// Case files.
    pub case_files: u64,
    /// Bytes by which the case files of open incidents alone are over the limit: only a larger limit, or their end, helps.
    pub over: u64,
}

/// Removes what need not be kept. A failure in the middle leaves what the next sweep removes.
///
/// # Errors
/// When journal or folder cannot be read or written.
pub async fn sweep(
    journal: &SqliteJournal,
    cases: &CaseFolder,
    keep: Keep,
    now: DateTime<Utc>,
) -> Result<Swept, Failure> {
    journal.forget_checkpoints(now).await?;
    let inventory = journal.inventory().await?;
    let mut swept = Swept::default();
    let mut kept = Vec::new();
    for finished in inventory.finished {
        if now - finished.changed_at > keep.incidents && journal.forget(&finished).await? {
            swept.incidents += 1;
        } else {
            kept.push(finished);
        }
    }
    let named: BTreeSet<&CaseId> =
        kept.iter().flat_map(|finished| &finished.cases).chain(&inventory.open_cases).collect();
    let mut files = cases.files().await?;
    let (named, nameless): (Vec<_>, Vec<_>) = files.drain(..).partition(|file| named.contains(&file.id));
    for file in nameless.iter().filter(|file| now - file.modified > NAMELESS_LASTS) {
        swept.case_files += u64::from(cases.remove(&file.id).await?);
    }
    let mut total: u64 = named.iter().map(|file| file.bytes).sum();
    let open: BTreeSet<&CaseId> = inventory.open_cases.iter().collect();
    for id in kept.iter().flat_map(|finished| &finished.cases) {
        let Some(file) = named.iter().find(|file| file.id == *id) else { continue };
        if total <= keep.case_files {
            break;
        }
        // The same content may be evidence of an open incident as well.
        if !open.contains(id) && cases.remove(id).await? {
            swept.case_files += 1;
            total = total.saturating_sub(file.bytes);
        }
    }
    swept.over = total.saturating_sub(keep.case_files);
    Ok(swept)
}
