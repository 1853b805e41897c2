//! The commands that need no daemon, as a person calls them: an incident taken along and judged again, a Rollout asked about, every
//! connection tested, a first configuration written.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what surprises a test ends it"
)]

#[path = "commands/analyses.rs"]
mod analyses;
#[path = "commands/archives.rs"]
mod archives;
#[path = "commands/desk.rs"]
mod desk;
#[path = "commands/doctor.rs"]
mod doctor;
#[path = "commands/fixes.rs"]
mod fixes;
#[path = "commands/init.rs"]
mod init;
#[path = "commands/kept.rs"]
mod kept;
#[path = "commands/models.rs"]
mod models;
#[path = "commands/outside.rs"]
mod outside;
