//! A stream from an asynchronous function that hands out values as it goes.
//!
//! No task is spawned: the function runs while the stream is polled and ends when the stream is dropped.

use std::future::{Future, ready};

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

/// How many values may wait for their reader.
const WAITING: usize = 64;

/// The values that `body` sends.
pub(crate) fn flow<T, F, R>(body: F) -> BoxStream<'static, T>
where
    T: Send + 'static,
    F: FnOnce(mpsc::Sender<T>) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let driver = stream::once(body(sender)).filter_map(|()| ready(None));
    let received = stream::unfold(receiver, |mut receiver| async move {
        let value = receiver.recv().await?;
        Some((value, receiver))
    });
    stream::select(received, driver).boxed()
}
