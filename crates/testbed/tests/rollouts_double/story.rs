//! A cluster in which a shop is deployed, with the controller and a scripted kubelet at work.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{
    kubelet::{Beginning, ScriptedKubelet},
    kubernetes::{Kind, KubernetesApi, KubernetesOptions, Store},
    rollouts_controller::{RolloutsController, RolloutsOptions},
};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Story {
    pub(crate) kubernetes: KubernetesApi,
    _kubelet: ScriptedKubelet,
    _controller: RolloutsController,
}

impl Story {
    /// Starts it; a second of a manifest lasts five milliseconds.
    pub(crate) async fn start() -> Story {
        Story::with(|_| Beginning::Ready).await
    }

    pub(crate) async fn with(beginning: impl Fn(&Value) -> Beginning + Send + Sync + 'static) -> Story {
        let kubernetes = KubernetesApi::start(KubernetesOptions::default()).await.unwrap();
        let kubelet = ScriptedKubelet::start(&kubernetes, beginning);
        let options = RolloutsOptions { second: Duration::from_millis(5) };
        let controller = RolloutsController::start(&kubernetes, options);
        Story { kubernetes, _kubelet: kubelet, _controller: controller }
    }

    pub(crate) fn store(&self) -> &Store {
        self.kubernetes.store()
    }

    /// Creates the Rollout and waits until it is healthy.
    pub(crate) async fn deploy(&self, steps: Value) {
        for name in ["shop-stable", "shop-canary"] {
            let service = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
                "spec": {"selector": {"app": "shop"}},
            });
            self.store().create(service).unwrap();
        }
        self.store().create(rollout(steps)).unwrap();
        self.rollout("healthy", |rollout| rollout["status"]["phase"] == "Healthy").await;
    }

    /// Puts another version of the shop into the template.
    pub(crate) fn update(&self, image: &str) {
        self.store()
            .update(Kind::Rollout, "shop", "shop", |rollout| {
                let container = &mut rollout["spec"]["template"]["spec"]["containers"][0];
                container["image"] = json!(image);
                container["env"][0]["value"] = json!("true");
                container["resources"] = json!({});
            })
            .unwrap();
    }

    /// Creates an AnalysisTemplate.
    #[expect(clippy::needless_pass_by_value, reason = "callers write json!")]
    pub(crate) fn template(&self, name: &str, spec: Value) {
        let template = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": name, "namespace": "shop"}, "spec": spec,
        });
        self.store().create(template).unwrap();
    }

    /// Waits for the Rollout to become so; `what` names it when it does not.
    pub(crate) async fn rollout(&self, what: &str, pred: impl Fn(&Value) -> bool) -> Value {
        let found = self.store().wait_for(Kind::Rollout, "shop", "shop", pred);
        let found = tokio::time::timeout(LIMIT, found).await;
        found.unwrap_or_else(|elapsed| {
            let present = self.store().get(Kind::Rollout, "shop", "shop").unwrap();
            panic!("not {what}, {elapsed}: {:#}", present["status"])
        })
    }
}

/// The Rollout of the recordings, with those steps.
#[expect(clippy::needless_pass_by_value, reason = "callers write json!")]
pub(crate) fn rollout(steps: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "replicas": 4, "revisionHistoryLimit": 3, "selector": {"matchLabels": {"app": "shop"}},
            "strategy": {"canary": {
                "canaryMetadata": {"labels": {"role": "canary"}}, "canaryService": "shop-canary",
                "stableMetadata": {"labels": {"role": "stable"}}, "stableService": "shop-stable", "steps": steps,
            }},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{
                    "name": "shop", "image": "ghcr.io/acme/shop:1.0.0",
                    "env": [{"name": "FEATURE_X", "value": "false"}],
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                }]},
            },
        },
    })
}
