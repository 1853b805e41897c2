//! The observer and the embedded engine: drives the ports of [`domain::ports`] from the first sign of trouble to the last
//! effect of an incident.
//!
//! [`Orchestrator::start`] recovers what an earlier process left unfinished, watches the cluster, and answers at the gate. Three
//! parts work side by side: the *observer* turns what the cluster shows into events, the *engine* writes each event with
//! the state and the effects that [`domain::workflow::transition`] makes of it before anything is done, and the *gate* waits
//! on verdicts.
//!
//! Refuses to know: how any effect is done (that is the ports' business), what counts as trouble or as enough evidence (that is
//! [`domain::ports::Digest`]'s), and every other room.

#![forbid(unsafe_code)]

mod backoff;
mod catch_up;
mod chronicle;
mod clock;
mod effects;
mod engine;
mod gate;
mod gather;
mod identity;
mod insight;
mod observer;
mod once;
mod orchestrator;
mod ports;
mod settings;
mod sightings;
mod tally;

pub use clock::Clock;
pub use effects::{Judged, Offered, judge, offer};
pub use engine::Progress;
pub use once::{Look, Once};
pub use orchestrator::Orchestrator;
pub use ports::{Ports, Sources};
pub use settings::{Limits, LiveSettings, Settings};
