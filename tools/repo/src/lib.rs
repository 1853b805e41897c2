//! Repositories as bare clones over libgit2: what lies between two versions, a revert on top of the base branch, a bench for a
//! fixer's edits, and the push of either.
//!
//! [`BareClones`] keeps the ports [`domain::ports::Code`] and [`domain::ports::Workshop`], [`RepoTools`] keeps
//! [`domain::ports::CaseTools`]. Nothing is ever checked out: trees and blobs are read and written
//! as git objects, so a hostile tree has no file system to reach for, no hook, filter, submodule or LFS pointer ever acts.
//! Everything that comes from a repository is bounded by [`Limits`].
//!
//! Invariants: a token travels only to the origin that it is for, in a header, and is written nowhere; libgit2's own
//! transports (http, ssh, git, file) are never reached, since every remote has a scheme that only this crate serves; a push
//! creates a branch below `rollmend/` or does nothing, and so does handing one over to a person's own clone.
//!
//! Refuses to know: the forge's REST interface, and what a commit means.

mod bench;
mod clone;
mod code;
mod commits;
mod fault;
mod fetch;
mod gauge;
mod handing_over;
mod lane;
mod ours;
mod page;
mod patience;
mod push;
mod range;
mod revert;
mod revision;
mod settings;
mod tools;
mod transport;
mod words;

pub use code::{BareClones, Reach};
pub use handing_over::HandedOver;
pub use settings::{CloneSettings, CredentialFor, Limits, OriginTokens, Timeouts};
pub use tools::RepoTools;
