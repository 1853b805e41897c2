//! Answers read up to a limit.

use http_body_util::BodyExt;
use kube::client::Body;

/// What became of reading a body.
pub(crate) enum Collected {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than allowed; the rest was not read.
    TooLarge,
    /// The connection broke.
    Cut(kube::Error),
}

/// Reads the body, at most `limit` bytes of it.
pub(crate) async fn collect(mut body: Body, limit: usize) -> Collected {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Err(error) => return Collected::Cut(error),
            Ok(frame) => {
                let Some(data) = frame.data_ref() else { continue };
                if bytes.len() + data.len() > limit {
                    return Collected::TooLarge;
                }
                bytes.extend_from_slice(data);
            }
        }
    }
    Collected::Whole(bytes)
}
