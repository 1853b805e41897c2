//! One module a command.

pub(crate) mod check;
pub(crate) mod incidents;
mod listing;
pub(crate) mod serve;
pub(crate) mod show;
