//! A fixer's bench, its tools and the analyzer's, over a repository behind a real server.

mod attacks;
mod case_tools;
mod change;
mod hands;
mod look;
mod patch;
mod push;
