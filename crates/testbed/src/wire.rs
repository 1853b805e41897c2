//! A loopback HTTP/1.1 server that records what it was asked and misbehaves when told to.
//!
//! Connections are served with hyper itself, one task each, so that a fault can close a socket without an answer. Bodies
//! pass through unbuffered in both directions: watches and log follows stream as they would from the real server.
//!
//! This module refuses to know what is served: that is the router's.

mod body;
mod fault;
mod listen;
mod record;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Mutex;

pub use self::fault::{Calls, Fault, Misdeed};
pub(crate) use self::listen::hang_up;
use self::listen::{Listening, Reservation};
use self::record::Record;
pub use self::record::{Asked, Follow, MAX_RECORDED_BODY};

/// The port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Whichever is free.
    Any,
    /// This one, or an error when it is taken.
    Fixed(u16),
}

/// A handle on a running loopback server; clones are cheap and name the same server.
///
/// The server ends with [`Wire::shutdown`], or when the last clone of its handle is dropped.
#[derive(Clone)]
pub struct Wire {
    inner: Arc<Inner>,
}

/// What the handles share; tasks hold only [`State`], so that dropping the handles ends the tasks.
struct Inner {
    state: Arc<State>,
    reservation: Reservation,
    listening: Mutex<Option<Listening>>,
}

/// What each connection needs.
struct State {
    name: &'static str,
    router: axum::Router,
    faults: fault::Script,
    record: Record,
}

impl Wire {
    /// Binds 127.0.0.1 at `port` and serves `router` there; `name` is for the log.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be bound.
    #[expect(clippy::unused_async, reason = "callers await it, and a later server may need to")]
    pub async fn serve(name: &'static str, router: axum::Router, port: Port) -> std::io::Result<Self> {
        let reservation = Reservation::new(port)?;
        let state =
            Arc::new(State { name, router, faults: fault::Script::default(), record: Record::default() });
        let listening = Listening::start(reservation.address(), Arc::clone(&state))?;
        tracing::debug!(server = name, address = %reservation.address(), "listening");
        Ok(Self { inner: Arc::new(Inner { state, reservation, listening: Mutex::new(Some(listening)) }) })
    }

    /// The server's base, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where the server listens; the same before and after a restart.
    pub fn address(&self) -> SocketAddr {
        self.inner.reservation.address()
    }

    /// Adds a scripted fault. Of several that match a request, the one added first wins, and each counts the request.
    pub fn fault(&self, fault: Fault) {
        self.inner.state.faults.add(fault);
    }

    /// Forgets every fault and its count.
    pub fn clear_faults(&self) {
        self.inner.state.faults.clear();
    }

    /// What was asked so far, in the order in which the requests' heads arrived (the newest 10,000).
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.state.record.all()
    }

    /// Resolves with the first recorded request for which `pred` holds, at once or when it comes.
    ///
    /// A request is looked at again when its body was read and when it was answered.
    pub async fn wait_for(&self, pred: impl Fn(&Asked) -> bool) -> Asked {
        self.inner.state.record.wait_for(pred).await
    }

    /// Follows the requests that end from now on.
    pub fn follow(&self) -> Follow {
        self.inner.state.record.follow()
    }

    /// Stops listening and drops live connections, as a server that goes down does. Its port stays reserved.
    pub async fn stop(&self) {
        if let Some(listening) = self.inner.listening.lock().await.take() {
            listening.end().await;
        }
    }

    /// Listens again on the same port after [`Wire::stop`] (or stops first when it still runs).
    ///
    /// # Errors
    /// When the port cannot be bound again.
    pub async fn restart(&self) -> std::io::Result<()> {
        let mut slot = self.inner.listening.lock().await;
        if let Some(listening) = slot.take() {
            listening.end().await;
        }
        *slot = Some(Listening::start(self.address(), Arc::clone(&self.inner.state))?);
        Ok(())
    }

    /// Ends the server and frees its port.
    pub async fn shutdown(&self) {
        self.stop().await;
        self.inner.reservation.release();
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Wire")
            .field("name", &self.inner.state.name)
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}
