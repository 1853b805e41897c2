//! The analyst, the fixer and the voice on whole cases, as their readers would see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed unwrap fails the test")]
#![allow(clippy::indexing_slicing, reason = "an index out of bounds fails the test")]
#![allow(clippy::assigning_clones, clippy::wildcard_imports, reason = "scenes read as plain assignments")]

#[path = "it/analyst.rs"]
mod analyst;
#[path = "it/analyzer.rs"]
mod analyzer;
#[path = "it/bench.rs"]
mod bench;
#[path = "it/certainty.rs"]
mod certainty;
#[path = "it/crew.rs"]
mod crew;
#[path = "it/digest.rs"]
mod digest;
#[path = "it/double.rs"]
mod double;
#[path = "it/fixer.rs"]
mod fixer;
#[path = "it/frozen.rs"]
mod frozen;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/listing.rs"]
mod listing;
#[path = "it/mender.rs"]
mod mender;
#[path = "it/orders.rs"]
mod orders;
#[path = "it/scene.rs"]
mod scene;
#[path = "it/shelf.rs"]
mod shelf;
#[path = "it/values.rs"]
mod values;
#[path = "it/voice.rs"]
mod voice;
