//! The rules of trouble, digest and gate, each sentence of them as a test.

mod brief;
mod gate;
mod properties;
mod scene;
mod status;
mod suspects;
