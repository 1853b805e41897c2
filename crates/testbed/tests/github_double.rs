//! The GitHub double is no kinder than GitHub.

#[cfg(test)]
#[path = "github_double/caller.rs"]
mod caller;
#[cfg(test)]
#[path = "github_double/git.rs"]
mod git;
#[cfg(test)]
#[path = "github_double/octocrab.rs"]
mod octocrab_client;
#[cfg(test)]
#[path = "github_double/pulls.rs"]
mod pulls;
#[cfg(test)]
#[path = "github_double/rest.rs"]
mod rest;
#[cfg(test)]
#[path = "github_double/terminal.rs"]
mod terminal;
