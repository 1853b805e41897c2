//! The one setting of libgit2 that is global to the process, made once. This is the crate's only unsafe code.

use std::sync::OnceLock;

use git2::Remote;
use git2::transport::Transport;

use super::{SCHEME, Session, Subtransport};

/// Registers our scheme. Every operation calls it before it makes a remote.
pub(crate) fn ready() -> Result<(), git2::Error> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    let done = READY.get_or_init(|| register().map_err(|error| error.message().to_owned()));
    done.clone().map_err(|error| git2::Error::from_str(&error))
}

#[expect(
    unsafe_code,
    reason = "registering must not run beside the choice of a transport, which the lock in `ready` sees to"
)]
fn register() -> Result<(), git2::Error> {
    // SAFETY: remotes are connected by this crate alone, each after `ready` has returned; the scheme is ours, so that no
    // transport that another registered is touched.
    unsafe { git2::transport::register(SCHEME, transport) }
}

fn transport(remote: &Remote<'_>) -> Result<Transport, git2::Error> {
    let session = Session::of(remote.url()?)?;
    Transport::smart(remote, true, Subtransport(session))
}
