//! The doors over a real socket.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what surprises a test ends it")]

mod analyze;
mod auth;
mod events;
mod house;
mod limits;
mod operation;
mod summary;
mod verdict;
