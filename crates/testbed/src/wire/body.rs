//! Bodies on their way: one that is recorded while it is read, one that is cut short.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::State;

/// A request's body that notes what the handler reads of it.
pub(super) struct Recorded {
    body: hyper::body::Incoming,
    state: Arc<State>,
    number: u64,
}

impl Recorded {
    pub(super) fn new(body: hyper::body::Incoming, state: Arc<State>, number: u64) -> Self {
        Self { body, state, number }
    }
}

impl HttpBody for Recorded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(piece) = frame.data_ref()
        {
            self.state.record.read(self.number, piece);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body that breaks off after some bytes although its head promised the whole.
pub(super) struct Truncated {
    body: Body,
    left: usize,
    flushed: Flushed,
}

/// Whether hyper was given the chance to send what it has buffered before the body fails.
#[derive(PartialEq, Eq)]
enum Flushed {
    NotYet,
    Yes,
}

impl Truncated {
    pub(super) fn new(body: Body, bytes: usize) -> Self {
        Self { body, left: bytes, flushed: Flushed::NotYet }
    }

    fn break_off(&mut self, context: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Hyper drops its buffer when a body fails, so it gets one turn to send what is allowed through.
        if self.flushed == Flushed::NotYet {
            self.flushed = Flushed::Yes;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other("cut short by a scripted fault")))))
    }
}

impl HttpBody for Truncated {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left == 0 {
            return self.break_off(context);
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let Ok(mut piece) = frame.into_data() else { return self.break_off(context) };
                piece.truncate(self.left);
                self.left -= piece.len();
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            other => other,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
