//! One module a command.

pub(crate) mod analyze;
mod archive;
mod asking;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod export;
mod file;
pub(crate) mod fix;
mod incident;
pub(crate) mod incidents;
pub(crate) mod init;
mod judging;
mod listing;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod show;
mod steps;
mod telling;
mod words;
