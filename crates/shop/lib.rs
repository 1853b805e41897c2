//! The shop that the demo deploys: a small service with a real bug in one release, compiled into the binary together with
//! the history of its sources.
//!
//! Each folder `shop-VERSION` is a whole source tree that also builds by itself. The same files are compiled here, so that
//! the demo's repository holds exactly the sources of what runs, and a panic names a line that is there. The library's own
//! files lie beside the trees, so that the path in a panic has no detour.
//!
//! Refuses to know: who deploys it, and every other room. It uses the standard library alone.

mod history;
mod releases;

pub use history::{Commit, Edit, Plot, history};
pub use releases::{File, Release};
