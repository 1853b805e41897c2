//! What the daemon remembers: the journal of every incident in SQLite, case files by content on disk, and archives that take one
//! incident along.
//!
//! The journal writes event, state and asked-for effects in one transaction (WAL, `synchronous=FULL`), so that a kill at
//! any moment loses nothing that was answered for. A lock beside the file keeps a second daemon out.
//!
//! Refuses to know what the bytes mean: it stores what `domain` serialises and gives it back.

#![forbid(unsafe_code)]

mod archive;
mod cases;
mod error;
mod journal;
mod lock;
mod migrations;

pub use archive::{ARCHIVE_VERSION, Archive, ArchiveError, ArchivedCase, Judgement};
pub use cases::CaseFolder;
pub use error::Error;
pub use journal::SqliteJournal;
pub use lock::Lock;
