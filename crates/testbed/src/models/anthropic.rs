//! The shape of Anthropic's messages.

mod answer;
mod check;
mod messages;
mod refusal;
mod tools;

pub(super) use self::answer::{models, stream, whole};
pub(super) use self::check::{check, check_version};
pub(super) use self::refusal::{for_status, unknown_model, unreadable, wrong_key};
