//! The room over real sockets, against the testbed's Kubernetes API.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed unwrap fails the test")]
#![expect(clippy::indexing_slicing, reason = "an index out of bounds fails the test")]

mod failures;
mod lease;
mod logs;
mod pods;
mod reads;
mod rights;
mod spool;
mod spool_limits;
mod support;
mod tools;
mod tools_case;
mod tools_live;
mod watch;
mod writes;
