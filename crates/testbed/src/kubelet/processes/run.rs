//! The life of one pod: its containers run, fail, wait and run again until it is deleted.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    num::NonZeroU64,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tokio::{process::Child, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Node, Seat};
use crate::{
    kubelet::{
        ContainerSpec, Launch, LaunchRefused, Termination, memory, pod::Pod, pump::pump, readiness::probe,
        scripted::back_off_message,
    },
    kubernetes::{Importance, items, text},
};

/// How long a stream may stay open after its process has ended, as when a grandchild holds it.
const DRAIN: Duration = Duration::from_secs(1);
/// Back-off ends growing at this multiple of its first delay (5 min over 10 s).
const LARGEST_BACK_OFF: u32 = 30;

/// A process that runs for a container.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) address: SocketAddr,
    group: Option<Pid>,
    memory_exhausted: bool,
}

/// A process that has just started, with all that belongs to it.
struct Started {
    child: Child,
    group: Option<Pid>,
    id: String,
    seat: Seat,
    memory_limit: Option<NonZeroU64>,
    probes: JoinSet<()>,
}

impl Node {
    /// Runs the pod until it is to stop, then removes it unless the whole kubelet stops.
    pub(super) async fn run_pod(self, object: Value, stop: CancellationToken) {
        let pod = Pod::new(&self.store, &self.logs, &object);
        pod.assign();
        let containers = items(&object, "/spec/containers").iter();
        let ids =
            join_all(containers.map(|container| self.run_container(&pod, &object, container, &stop))).await;
        if !self.stop.is_cancelled() {
            pod.gone(&ids.concat());
        }
    }

    /// Kills a container as the kernel does when its memory limit is reached.
    pub(super) fn kill_for_memory(&self, seat: &Seat) {
        if let Some(running) = self.running().get_mut(seat) {
            running.memory_exhausted = true;
            signal(running.group, Signal::KILL);
        }
    }

    /// Runs one container again and again; gives the ids that it had.
    async fn run_container(
        &self,
        pod: &Pod,
        object: &Value,
        container: &Value,
        stop: &CancellationToken,
    ) -> Vec<String> {
        let name = text(container, "/name");
        let mut ids = Vec::new();
        let mut failures = 0_u32;
        while !stop.is_cancelled() {
            let delay = back_off(self.options.back_off, failures);
            match self.start(pod, object, container) {
                Ok(mut started) => {
                    ids.push(started.id.clone());
                    let ending = self.see_through(&mut started, pod, self.grace(object), stop).await;
                    pod.terminated(name, &started.id, &ending);
                    if is_final(object, &ending) {
                        break;
                    }
                    if failures > 0 && !stop.is_cancelled() {
                        wait_in_back_off(pod, object, name, delay);
                    }
                }
                Err(refused) => {
                    pod.waiting(name, &refused.reason, &refused.message);
                    pod.report(Importance::Warning, "Failed", refused.message);
                    failures = failures.max(1);
                }
            }
            failures = failures.saturating_add(1);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(delay) => {}
            }
        }
        stop.cancelled().await;
        ids
    }

    /// Starts the process and its probe.
    fn start(&self, pod: &Pod, object: &Value, container: &Value) -> Result<Started, LaunchRefused> {
        let failed = |error: std::io::Error| LaunchRefused {
            reason: "RunContainerError".to_owned(),
            message: error.to_string(),
        };
        let address = free_address().map_err(failed)?;
        let spec = ContainerSpec::of(object, container, address);
        let Launch { mut command, readiness } = self.runner.launch(&spec)?;
        command.envs(&spec.env).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(failed)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let id = pod.started(&spec.name);
        let seat = (spec.namespace, spec.pod, spec.name.clone());
        self.running().insert(seat.clone(), Running { address, group, memory_exhausted: false });
        let mut probes = JoinSet::new();
        probes.spawn(probe(pod.clone(), spec.name, readiness));
        Ok(Started { child, group, id, seat, memory_limit: memory::limit(container), probes })
    }

    /// Waits for the process to end, or ends it when the pod is to stop; everything it wrote is in the log then.
    async fn see_through(
        &self,
        started: &mut Started,
        pod: &Pod,
        grace: Duration,
        stop: &CancellationToken,
    ) -> Termination {
        let mut pumps = JoinSet::new();
        let clock = self.store.clock();
        if let Some(stream) = started.child.stdout.take() {
            pumps.spawn(pump(stream, self.logs.clone(), started.id.clone(), clock.clone()));
        }
        if let Some(stream) = started.child.stderr.take() {
            pumps.spawn(pump(stream, self.logs.clone(), started.id.clone(), clock.clone()));
        }
        let outgrown = memory::outgrown(started.child.id(), started.memory_limit);
        let status = tokio::select! {
            status = started.child.wait() => status,
            () = outgrown => {
                self.kill_for_memory(&started.seat);
                started.child.wait().await
            }
            () = stop.cancelled() => {
                pod.report(Importance::Normal, "Killing", format!("Stopping container {}", started.seat.2));
                // As a runtime does: the first process is told, and may tell its own.
                if let Some(leader) = started.group {
                    // It may have ended in this moment.
                    let _ = kill_process(leader, Signal::TERM);
                }
                let ended = tokio::time::timeout(grace, started.child.wait()).await;
                if let Ok(status) = ended { status } else {
                    signal(started.group, Signal::KILL);
                    started.child.wait().await
                }
            }
        };
        // What the process left behind in its group goes with it, as a container's other processes do.
        signal(started.group, Signal::KILL);
        // A descendant outside the group may hold a stream open; nothing more is expected from it.
        let _ = tokio::time::timeout(DRAIN, async { while pumps.join_next().await.is_some() {} }).await;
        started.probes.shutdown().await;
        let running = self.running().remove(&started.seat);
        if running.is_some_and(|running| running.memory_exhausted) {
            return Termination::out_of_memory();
        }
        ending(status.ok())
    }
}

fn is_final(pod: &Value, ending: &Termination) -> bool {
    match text(pod, "/spec/restartPolicy") {
        "Never" => true,
        "OnFailure" => ending.exit_code == 0,
        _ => false,
    }
}

fn wait_in_back_off(pod: &Pod, object: &Value, container: &str, delay: Duration) {
    let message = back_off_message(object, container, &format!("{}s", delay.as_secs()));
    pod.waiting(container, "CrashLoopBackOff", &message);
    pod.report(Importance::Warning, "BackOff", message);
}

fn ending(status: Option<ExitStatus>) -> Termination {
    let code = status.and_then(|status| status.code().or_else(|| status.signal().map(|signal| 128 + signal)));
    Termination::by_exit_code(code.unwrap_or(1))
}

/// Nothing after the first failure, then the first delay, doubled each time up to the largest.
fn back_off(first: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => first * 2_u32.saturating_pow(doublings).min(LARGEST_BACK_OFF),
    }
}

/// A loopback address that was free a moment ago.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Signals a process group; one that has ended already needs none.
fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
}
