//! One module a command.

mod archive;
pub(crate) mod check;
pub(crate) mod export;
mod incident;
pub(crate) mod incidents;
mod judging;
mod listing;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod show;
mod words;
