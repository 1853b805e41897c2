//! The stand-in for the Rollouts controller leaves what the real one leaves.

#[cfg(test)]
#[path = "rollouts_double/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "rollouts_double/stories.rs"]
mod stories;
#[cfg(test)]
#[path = "rollouts_double/story.rs"]
mod story;
