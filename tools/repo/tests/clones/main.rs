//! Range, revert and push against real git over smart HTTP on a loopback port.

mod history;
mod hostile_tree;
mod hostile_wire;
mod limits;
mod push;
mod range;
mod revert;
mod stage;
