//! A Kubernetes cluster as rollmend sees it: Rollouts, AnalysisRuns, pods and their logs read and watched, logs followed
//! into files on disk, and the three writes that the daemon is allowed.
//!
//! [`connect`] makes the client, [`KubernetesCluster`] keeps the ports `Cluster` and `Announcer`, [`LogSpool`] keeps `Spool`, [`Lease`] sees
//! to it that one replica acts, and [`Inspection`] says whether all of them may do what they shall; for that `review` sends a question
//! that changes nothing.
//! [`KubernetesTools`] gives a model what it may read of a case.
//! Whatever the API server sends is read with a time limit and a size limit and cut to the fields that somebody uses;
//! no whole object is kept.
//!
//! Refuses to know: Secrets (there is no way to ask for one), any write but those in `write`, git, models, and what the
//! rules of trouble make of it all.

#![forbid(unsafe_code)]

mod api;
mod changes;
mod clean;
mod cluster;
mod connection;
mod field;
mod flow;
mod inspection;
mod lease;
mod log;
mod pod_changes;
mod review;
mod settings;
mod shape;
mod spool;
mod tools;
mod write;

pub use cluster::KubernetesCluster;
pub use connection::{ConnectError, Connection, connect};
pub use inspection::{Grant, Inspection, Right, Rollouts, needed, needless};
pub use lease::{Held, LEASE, Lease, LeasePace, LeaseSettings, Lost};
pub use settings::{ClusterSettings, Namespaces, Pace, SpoolSettings};
pub use spool::LogSpool;
pub use tools::KubernetesTools;
