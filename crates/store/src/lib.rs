//! What the daemon remembers: the journal of every incident in SQLite, with what models cost and where their runs have come to; case
//! files by content on disk; archives that take one incident along; and how long all of it is kept.
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
mod retention;

pub use archive::{ARCHIVE_VERSION, Archive, ArchiveError, ArchivedCase, Judgement};
pub use cases::CaseFolder;
pub use error::Error;
pub use journal::SqliteJournal;
pub use lock::Lock;
pub use retention::{Keep, Swept, sweep};
