//! The writes that the daemon is allowed, each in a module of its own. No other code of this room sends
//! anything but GET, except `review`, whose POST is a question.

mod annotation;
mod clearance;
mod event;
mod lease;
mod patch;

pub(crate) use self::annotation::annotation;
pub(crate) use self::clearance::clearance;
pub(crate) use self::event::event;
pub(crate) use self::lease::{Terms, lease};
