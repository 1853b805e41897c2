//! Sockets: the reserved port, the listener and its connections.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::body::{Recorded, Truncated};
use super::{Misdeed, Port, State};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Keeps a port ours while nobody listens on it.
///
/// A bound socket that never listens refuses connections like a server that is down, and keeps the kernel from giving
/// the port to someone else between a stop and a restart (Linux: two sockets with `SO_REUSEADDR` may be bound to one
/// port as long as at most one listens, while an ephemeral port is never taken from one that is bound).
pub(super) struct Reservation {
    address: SocketAddr,
    socket: Mutex<Option<TcpSocket>>,
}

impl Reservation {
    pub(super) fn new(port: Port) -> std::io::Result<Self> {
        let number = match port {
            Port::Any => 0,
            Port::Fixed(number) => number,
        };
        let socket = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, number)))?;
        Ok(Self { address: socket.local_addr()?, socket: Mutex::new(Some(socket)) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn release(&self) {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A listener and its live connections; ends them all when dropped.
pub(super) struct Listening {
    cancel: CancellationToken,
    tasks: TaskTracker,
}

impl Listening {
    pub(super) fn start(address: SocketAddr, state: Arc<State>) -> std::io::Result<Self> {
        let listener = bound(address)?.listen(BACKLOG)?;
        let (cancel, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, state, cancel.clone(), tasks.clone()));
        Ok(Self { cancel, tasks })
    }

    /// Drops the listener and all connections, and returns when they are gone.
    pub(super) async fn end(self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, state: Arc<State>, cancel: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (state, cancel) = (Arc::clone(&state), cancel.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = cancel.cancelled() => {}
                        () = converse(stream, state) => {}
                    }
                });
            }
            // Out of file descriptors, or the peer was gone at once: the next accept may do better.
            Err(error) => {
                tracing::warn!(server = state.name, %error, "could not accept a connection");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn converse(stream: TcpStream, state: Arc<State>) {
    // Small answers should not wait for an acknowledgement of the one before; without it things are only slower.
    let _ = stream.set_nodelay(true);
    let name = state.name;
    let service = hyper::service::service_fn(move |request| answer(Arc::clone(&state), request));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(server = name, %error, "a connection ended early");
    }
}

/// The connection is to be closed without an answer: hyper does so when a service fails.
#[derive(Debug, thiserror::Error)]
#[error("cut as scripted")]
struct Cut;

/// Marks the answer of a handler that wants the connection closed instead.
#[derive(Debug, Clone, Copy)]
struct HangUp;

/// What a handler answers to have the connection closed without an answer.
pub(crate) fn hang_up() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let open = Open { state: &state, number: state.record.arrived(&head) };
    let number = open.number;
    let misdeed = state.faults.next(&head.method, head.uri.path());
    let body = Body::new(Recorded::new(body, Arc::clone(&state), number));
    let mut handled = misbehave(&state, misdeed, Request::from_parts(head, body)).await;
    if handled.as_ref().is_ok_and(|response| response.extensions().get::<HangUp>().is_some()) {
        handled = Err(Cut);
    }
    open.end(handled.as_ref().ok().map(|response| response.status().as_u16()));
    handled
}

/// A request that is being answered; recorded as cut when its future is dropped, because the client went away or the
/// server was stopped.
struct Open<'a> {
    state: &'a State,
    number: u64,
}

impl Open<'_> {
    fn end(self, status: Option<u16>) {
        self.state.record.ended(self.number, status);
        // The end is recorded, so that the one of a dropped request must not follow.
        std::mem::forget(self);
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.state.record.ended(self.number, None);
    }
}

async fn misbehave(
    state: &State,
    misdeed: Option<Misdeed>,
    request: Request<Body>,
) -> Result<Response<Body>, Cut> {
    match misdeed {
        None => Ok(handle(state, request).await),
        Some(Misdeed::Status { code, headers, body }) => Ok(scripted(code, &headers, body)),
        Some(Misdeed::Redirect(to)) => Ok(scripted(302, &[("location".to_owned(), to)], String::new())),
        Some(Misdeed::Delay(time)) => {
            tokio::time::sleep(time).await;
            Ok(handle(state, request).await)
        }
        Some(Misdeed::Cut) => Err(Cut),
        Some(Misdeed::CutAfterHandling) => {
            let mut body = handle(state, request).await.into_body();
            // A handler that streams has done its work only when its body has come to its end.
            while let Some(Ok(_)) = body.frame().await {}
            Err(Cut)
        }
        Some(Misdeed::Truncate(bytes)) => Ok(truncated(handle(state, request).await, bytes)),
    }
}

async fn handle(state: &State, request: Request<Body>) -> Response<Body> {
    let response: Result<_, Infallible> = state.router.clone().oneshot(request).await;
    match response {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn scripted(code: u16, headers: &[(String, String)], body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        } else {
            tracing::warn!(name, "a scripted fault names a header that HTTP cannot carry");
        }
    }
    response
}

fn truncated(response: Response<Body>, bytes: usize) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::new(Truncated::new(body, bytes)))
}
