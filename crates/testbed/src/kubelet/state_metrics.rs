//! How often containers were restarted, as kube-state-metrics exposes it (kubernetes/kube-state-metrics,
//! `docs/metrics/workload/pod-metrics.md`).

use std::fmt::Write;

use axum::{Router, extract::State, routing::get};

use crate::{
    kubernetes::{Kind, KubernetesApi, Store, items, number, text},
    wire::{Port, Wire},
};

/// A handle on the server, which ends with it. It knows `kube_pod_container_status_restarts_total` alone.
#[derive(Debug)]
pub struct StateMetrics {
    wire: Wire,
}

impl StateMetrics {
    /// Starts it on any free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(api: &KubernetesApi) -> std::io::Result<StateMetrics> {
        let router = Router::new().route("/metrics", get(exposition)).with_state(api.store().clone());
        Ok(StateMetrics { wire: Wire::serve("kube-state-metrics", router, Port::Any).await? })
    }

    /// Where its metrics are: `http://127.0.0.1:PORT/metrics`.
    pub fn url(&self) -> String {
        format!("{}/metrics", self.wire.url())
    }

    /// The server's wire: its record of requests, its faults, its end.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }
}

async fn exposition(State(store): State<Store>) -> String {
    const NAME: &str = "kube_pod_container_status_restarts_total";
    let mut exposition = format!("# TYPE {NAME} counter\n");
    for pod in store.list(Kind::Pod, None) {
        let (namespace, name) = (text(&pod, "/metadata/namespace"), text(&pod, "/metadata/name"));
        for status in items(&pod, "/status/containerStatuses") {
            let (container, restarts) = (text(status, "/name"), number(status, "/restartCount").unwrap_or(0));
            // Writing to a string cannot fail.
            let _ = writeln!(
                exposition,
                "{NAME}{{namespace=\"{namespace}\",pod=\"{name}\",container=\"{container}\"}} {restarts}"
            );
        }
    }
    exposition
}
