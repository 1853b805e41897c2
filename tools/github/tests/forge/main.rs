//! Pull requests and comments against a GitHub on a loopback port.

#[cfg(test)]
mod comments;
#[cfg(test)]
mod find;
#[cfg(test)]
mod open;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod stage;
