//! The rules of trouble, digest and gate, each sentence of them as a test.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a scene that cannot be built fails its test, which is what is wanted"
)]

mod brief;
mod gate;
mod manifests;
mod properties;
mod scene;
mod status;
mod suspects;
