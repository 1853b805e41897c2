//! TODO
mod config;
fn main() {}
