//! Copies what a process writes into its container's log, line by line.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::PodLogs;
use crate::kubernetes::Clock;

/// The longest piece that is taken at once, in bytes, so that two streams do not mix within a usual line.
const PIECE: u64 = 16 * 1024;

/// Copies until the stream ends or breaks.
pub(crate) async fn pump(stream: impl AsyncRead + Unpin, logs: PodLogs, container_id: String, clock: Clock) {
    let mut stream = BufReader::new(stream);
    let mut piece = Vec::new();
    loop {
        piece.clear();
        match (&mut stream).take(PIECE).read_until(b'\n', &mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(_) => logs.append(&container_id, clock.now(), &piece),
        }
    }
}
