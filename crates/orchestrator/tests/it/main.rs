//! The orchestrator's own logic over an in-memory world: what is told when, what is written before what, what is left after a crash.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what surprises a test ends it"
)]

mod crash;
mod freeze;
mod gate;
mod glance;
mod incident;
mod insight;
mod journal;
mod live;
mod logs;
mod propose;
mod refusals;
mod retry;
mod start;
mod world;
