//! The room over real sockets, against the testbed's Kubernetes API.

mod failures;
mod logs;
mod pods;
mod reads;
mod spool;
mod spool_limits;
mod support;
mod watch;
mod writes;
