//! Containers' logs: asked for, read line by line within limits, and made clean.
//!
//! Whatever a pod writes, memory holds one line of at most 64 KiB and the excerpt that was asked for.

mod excerpt;
mod line;
mod open;
mod read;

pub(crate) use self::excerpt::Excerpting;
pub(crate) use self::line::{LINE, StoredLine, line_time};
pub(crate) use self::open::{Open, Part, ask, open};
pub(crate) use self::read::read;
