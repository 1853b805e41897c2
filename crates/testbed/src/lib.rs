//! The outside world on loopback ports, for tests and for the demo.
//!
//! Each double speaks the real protocol of the system it stands for, keeps state as that system does, misbehaves on
//! demand ([`wire::Fault`]) and records what it was asked ([`wire::Asked`]). What is tested over it runs the same code
//! that meets the real system, down to the socket.
//!
//! This room refuses to know the product: it imports no other room but `domain`, and it never takes a shortcut past
//! the wire.

#![forbid(unsafe_code)]

pub mod github;
pub mod kubelet;
pub mod kubernetes;
pub mod models;
mod outbound;
pub mod prometheus;
pub mod rollouts_controller;
pub mod wire;
