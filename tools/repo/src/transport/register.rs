//! The two settings of libgit2 that are global to the process, made once. This is the crate's only unsafe code.

use std::sync::OnceLock;

use git2::transport::Transport;
use git2::{ConfigLevel, Remote};

use super::{SCHEME, Session, Subtransport};

/// Registers our scheme, and makes libgit2 forget the machine's and the user's git configuration and attributes: they
/// could rewrite a remote's URL (`url.<base>.insteadOf`) or choose a merge driver. Every entry to this crate calls it first.
pub(crate) fn ready() -> Result<(), git2::Error> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    let done = READY.get_or_init(|| settle().map_err(|error| error.message().to_owned()));
    done.clone().map_err(|error| git2::Error::from_str(&error))
}

#[expect(
    unsafe_code,
    reason = "both calls want to be synchronised with the rest of libgit2, which the lock in `ready` does"
)]
fn settle() -> Result<(), git2::Error> {
    for level in [ConfigLevel::System, ConfigLevel::Global, ConfigLevel::XDG, ConfigLevel::ProgramData] {
        // SAFETY: no other thread of this crate uses libgit2 before `ready` has returned.
        unsafe { git2::opts::set_search_path(level, "")? };
    }
    // SAFETY: as above; the scheme is ours alone, so that no transport that another registered is touched.
    unsafe { git2::transport::register(SCHEME, transport) }
}

fn transport(remote: &Remote<'_>) -> Result<Transport, git2::Error> {
    let session = Session::of(remote.url()?)?;
    Transport::smart(remote, true, Subtransport(session))
}
