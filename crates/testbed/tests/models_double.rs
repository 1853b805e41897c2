//! The models' double is no kinder than the providers.

#[cfg(test)]
#[path = "models_double/anthropic.rs"]
mod anthropic;
#[cfg(test)]
#[path = "models_double/caller.rs"]
mod caller;
#[cfg(test)]
#[path = "models_double/conversations.rs"]
mod conversations;
#[cfg(test)]
#[path = "models_double/doors.rs"]
mod doors;
#[cfg(test)]
#[path = "models_double/failures.rs"]
mod failures;
#[cfg(test)]
#[path = "models_double/openai.rs"]
mod openai;
#[cfg(test)]
#[path = "models_double/scripts.rs"]
mod scripts;
#[cfg(test)]
#[path = "models_double/streams.rs"]
mod streams;
#[cfg(test)]
#[path = "models_double/terminal.rs"]
mod terminal;
