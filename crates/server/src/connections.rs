//! Accepts connections, a bounded number at once, none for longer than it is used, and lets those in work finish at the end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Limits;
use crate::patience::Patient;

/// The largest head of a request, with what is read ahead of a body.
const LARGEST_HEAD: usize = 64 << 10;
/// The wait after a connection could not be accepted, such as for want of file descriptors.
const REST: Duration = Duration::from_secs(1);

/// Serves until cancelled, and then until what is in work is answered or [`Limits::drain`] has passed.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, cancel: CancellationToken) {
    let seats = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let open = TaskTracker::new();
    let over = CancellationToken::new();
    let serving = Serving { router, limits, closing: cancel.clone(), over: over.clone() };
    while let Some((socket, seat)) = next(&listener, &seats, &cancel).await {
        open.spawn(serving.clone().connection(socket, seat));
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(limits.drain, open.wait()).await.is_err() {
        tracing::info!(left = open.len(), "closing connections whose answers were not taken in time");
        over.cancel();
        open.wait().await;
    }
}

/// The next connection and its seat; `None` at the end.
async fn next(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
    cancel: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let seat = seats.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((socket, _)) => return Some((socket, seat)),
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => None,
        accepted = accept => accepted,
    }
}

#[derive(Clone)]
struct Serving {
    router: Router,
    limits: Limits,
    /// No further request on a connection.
    closing: CancellationToken,
    /// The time to finish is over.
    over: CancellationToken,
}

impl Serving {
    async fn connection(self, socket: TcpStream, _seat: OwnedSemaphorePermit) {
        let io = TokioIo::new(Patient::new(socket, self.limits.stall));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.head).max_buf_size(LARGEST_HEAD);
        let served = http.serve_connection(io, TowerToHyperService::new(self.router));
        let mut served = std::pin::pin!(served);
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = self.closing.cancelled() => {
                served.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = served => ended,
                    () = self.over.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            // The caller went away, was too slow or spoke no HTTP: its own affair.
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
