//! Stand-ins for the kubelet: what runs the pods of the cluster and keeps their logs.
//!
//! [`Kubelet`] runs a real process for each container and kills it at its memory limit; [`ScriptedKubelet`] runs nothing and
//! does what a test says. Both write the pod's status as the real one does. Init containers are shown as completed and are not run.
//!
//! This module refuses to know how its words reach a client: the API server reads the [`PodLogs`] and the pods' status.

mod container;
mod logs;
mod memory;
mod pod;
mod processes;
mod pump;
mod readiness;
mod scripted;
mod state_metrics;

pub use self::{
    container::{ContainerSpec, Launch, LaunchRefused, Readiness, Runner},
    logs::{Line, LogReader, PodLogs},
    pod::Termination,
    processes::{Kubelet, KubeletOptions, RunningContainer},
    scripted::{Beginning, ScriptedKubelet},
    state_metrics::StateMetrics,
};
