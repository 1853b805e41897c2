//! The way of one incident as a state machine: `transition(run, event) -> (run, effects)`.
//!
//! Pure: no clock, no randomness, no await. Time arrives in events. Refuses to know how any effect is done.

mod effect;
mod event;
mod run;
mod transition;

pub use effect::{Effect, Occasion};
pub use event::{Detection, Event, Next, Trigger};
pub use run::{Run, State, StateName};
pub use transition::{Transition, open, transition};
