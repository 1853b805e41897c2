//! The containers of a pod: spec and status of each, with what it is there for.

use domain::{Container, ContainerRole, ContainerState, Readiness, Termination};
use serde_json::Value;

use crate::field::{self, MESSAGE, WORD};

/// At most so many containers of a pod.
const CONTAINERS: usize = 64;

/// Proxies and agents that injectors put beside an application, by the names that they give them: Istio, Linkerd, Consul,
/// Kuma, Dapr, Vault, AWS App Mesh, Cloud SQL, Open Service Mesh, OpenTelemetry, Envoy.
const INJECTED: [&str; 16] = [
    "istio-proxy",
    "istio-init",
    "istio-validation",
    "linkerd-proxy",
    "linkerd-init",
    "linkerd-network-validator",
    "consul-dataplane",
    "envoy-sidecar",
    "kuma-sidecar",
    "kuma-init",
    "daprd",
    "vault-agent",
    "vault-agent-init",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "otc-container",
];

/// Init containers first, then the others, each in the order of the spec.
pub(super) fn containers(pod: &Value) -> Vec<Container> {
    let init = field::items(pod, "/spec/initContainers").filter_map(|spec| {
        let role = init_role(spec);
        container(spec, role, status(pod, "/status/initContainerStatuses", spec))
    });
    let beside = field::items(pod, "/spec/containers").filter_map(|spec| {
        let role = if is_injected(spec) { ContainerRole::Sidecar } else { ContainerRole::App };
        container(spec, role, status(pod, "/status/containerStatuses", spec))
    });
    init.chain(beside).take(CONTAINERS).collect()
}

/// An init container that is restarted always is a sidecar (Kubernetes, "Sidecar Containers").
fn init_role(spec: &Value) -> ContainerRole {
    if field::text(spec, "/restartPolicy", WORD) == "Always" || is_injected(spec) {
        ContainerRole::Sidecar
    } else {
        ContainerRole::Init
    }
}

fn is_injected(spec: &Value) -> bool {
    INJECTED.contains(&field::text(spec, "/name", WORD).as_str())
}

fn status<'a>(pod: &'a Value, pointer: &str, spec: &Value) -> &'a Value {
    let name = spec.pointer("/name");
    field::items(pod, pointer).find(|status| status.pointer("/name") == name).unwrap_or(&Value::Null)
}

fn container(spec: &Value, role: ContainerRole, status: &Value) -> Option<Container> {
    let restarts = field::number(status, "/restartCount").unwrap_or(0);
    let ready = field::is_set(status, "/ready");
    Some(Container {
        name: field::parsed(spec, "/name")?,
        role,
        image: field::text(spec, "/image", WORD),
        image_id: digest(&field::text(status, "/imageID", WORD)),
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
        readiness: if ready { Readiness::Ready } else { Readiness::NotReady },
        state: state(status),
        last_termination: status.pointer("/lastState/terminated").map(termination),
    })
}

fn state(status: &Value) -> ContainerState {
    if let Some(ended) = status.pointer("/state/terminated") {
        return ContainerState::Terminated(termination(ended));
    }
    if status.pointer("/state/running").is_some() {
        return ContainerState::Running { since: field::time(status, "/state/running/startedAt") };
    }
    ContainerState::Waiting {
        reason: field::text(status, "/state/waiting/reason", WORD),
        message: field::text(status, "/state/waiting/message", MESSAGE),
    }
}

fn termination(ended: &Value) -> Termination {
    let code = ended.pointer("/exitCode").and_then(Value::as_i64).unwrap_or(0);
    Termination {
        exit_code: i32::try_from(code).unwrap_or(i32::MAX),
        reason: field::text(ended, "/reason", WORD),
        message: field::text(ended, "/message", MESSAGE),
        started_at: field::time(ended, "/startedAt"),
        finished_at: field::time(ended, "/finishedAt"),
    }
}

/// The digest of an `imageID` such as `docker.io/acme/shop@sha256:…`; empty where there is none.
fn digest(image_id: &str) -> String {
    let digest = image_id.rsplit_once('@').map_or(image_id, |(_, digest)| digest);
    if digest.starts_with("sha256:") { digest.to_owned() } else { String::new() }
}
