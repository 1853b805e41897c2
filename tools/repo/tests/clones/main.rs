//! Range, revert and push against real git over smart HTTP on a loopback port.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod handing_over;
#[cfg(test)]
mod history;
#[cfg(test)]
mod hostile_tree;
#[cfg(test)]
mod hostile_wire;
#[cfg(test)]
mod hunks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod links;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod push;
#[cfg(test)]
mod range;
#[cfg(test)]
mod revert;
#[cfg(test)]
mod stage;
