//! The shape of OpenAI's chat completions, and Azure's differences.

mod answer;
mod check;
mod messages;
mod refusal;
mod tools;

pub(super) use self::answer::{models, stream, whole};
pub(super) use self::check::check;
pub(super) use self::refusal::{
    for_status, no_azure_version, unknown_model, unknown_path, unreadable, wrong_key,
};
