//! A cluster on a loopback port with clients for it.

use k8s_openapi::NamespaceResourceScope;
use kube::{Api, Client, Config, config::KubeConfigOptions};
use serde_json::{Value, json};
use testbed::kubernetes::{KubernetesApi, KubernetesOptions, Store};

pub(crate) struct Cluster {
    pub(crate) kubernetes: KubernetesApi,
}

impl Cluster {
    pub(crate) async fn start() -> Cluster {
        Cluster::with(KubernetesOptions::default()).await
    }

    pub(crate) async fn with(options: KubernetesOptions) -> Cluster {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Cluster { kubernetes: KubernetesApi::start(options).await.unwrap() }
    }

    pub(crate) fn store(&self) -> &Store {
        self.kubernetes.store()
    }

    pub(crate) async fn client(&self, token: &str) -> Client {
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&self.kubernetes.kubeconfig(token)).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Client::try_from(config).unwrap()
    }

    pub(crate) async fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client("admin").await, namespace)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers write json!")]
pub(crate) fn pod(name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "spec": {"containers": [{"name": "app", "image": "shop:1"}]},
    })
}
