//! Pull requests and comments over GitHub's REST interface.
//!
//! [`GitHub`] keeps the port [`domain::ports::Forge`] for one GitHub: github.com, or an Enterprise server. octocrab speaks
//! GitHub's shapes; below it lies our own wire, which sends the token to the API's origin only, follows no redirect out of it,
//! bounds every answer and every wait, and repeats reads, never writes.
//!
//! What is found is not believed here: a pull request or comment says who wrote it, and the caller compares that with
//! [`login`](domain::ports::Forge::login), without regard to case as GitHub does (attack 28).
//!
//! Refuses to know: git objects, and why a pull request is opened.

#![forbid(unsafe_code)]

mod answer;
mod comments;
mod failure;
mod forge;
mod pulls;
mod settings;
mod standing;
mod text;
mod wire;

pub use forge::GitHub;
pub use settings::{GitHubSettings, InvalidApi, Pauses};
pub use standing::{Access, Activity, Standing};
