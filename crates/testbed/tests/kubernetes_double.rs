//! The Kubernetes double is, to its clients, the real thing.

#[cfg(test)]
#[path = "kubernetes_double/api.rs"]
mod api;
#[cfg(test)]
#[path = "kubernetes_double/cluster.rs"]
mod cluster;
#[cfg(test)]
#[path = "kubernetes_double/kubelet.rs"]
mod kubelet;
#[cfg(test)]
#[path = "kubernetes_double/logs.rs"]
mod logs;
