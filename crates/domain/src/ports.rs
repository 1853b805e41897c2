//! What the outside does for us, as traits. Each is kept by one room; the orchestrator drives them and knows none of
//! the rooms.
//!
//! Every method has a time limit of its own and fails with a [`Failure`](crate::Failure) that says who can do something about it.

mod agents;
mod cluster;
mod insight;
mod judgement;
mod memory;
mod repository;

pub use agents::{CaseTools, Checkpoints, Ledger, ModelMeter, ModelUse, Reservation, Workbench, Workshop};
pub use cluster::{
    Announcement, Announcer, Change, Cluster, Followed, LogSource, LogSpan, Metrics, Severity, Spool,
    VerdictAnnotation,
};
pub use insight::{Figures, Insight, RolloutSummary, Spread, Startup, ToldStep};
pub use judgement::{Analyst, Comment, Digest, Fixer, Gate, Glance, LogSuspicion, Voice};
pub use memory::{CaseStore, EffectId, Journal, PendingEffect, RecordedEvent, Step};
pub use repository::{Code, Forge, HunkAt, Pushed, TracedRange};
