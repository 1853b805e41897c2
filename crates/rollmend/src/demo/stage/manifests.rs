//! What is applied to the cluster: the shop's Rollout and the analysis that guards it.

use serde_json::{Value, json};
use shop::Release;

/// The namespace of everything.
pub(in super::super) const NAMESPACE: &str = "shop";
/// The Rollout, and its one container.
pub(in super::super) const ROLLOUT: &str = "checkout";
/// The metric of the analysis.
pub(in super::super) const METRIC: &str = "error-ratio";
/// How many pods the Rollout has.
pub(in super::super) const REPLICAS: u64 = 4;
/// The share of answers that are 5xx. Where there is none, 0 rather than no data.
pub(super) const ERROR_RATIO: &str = r#"(sum(rate(http_requests_total{status=~"5..",rollouts_pod_template_hash="{{args.hash}}"}[10s])) or vector(0)) / sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}"}[10s]))"#;
/// What must hold for each measurement.
const CONDITION: &str = "result[0] < 0.05";

/// The shop as a basic canary: a quarter of the pods, then an analysis, then half of them.
pub(super) fn rollout(repository: &str, release: Release, revision: &str) -> Value {
    let hash = json!({"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}});
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {
            "name": ROLLOUT, "namespace": NAMESPACE, "annotations": {"rollmend.dev/repository": repository},
        },
        "spec": {
            "replicas": REPLICAS, "revisionHistoryLimit": 3, "selector": {"matchLabels": {"app": ROLLOUT}},
            "strategy": {"canary": {"steps": [
                {"setWeight": 25}, {"pause": {"duration": "6s"}},
                {"analysis": {"templates": [{"templateName": METRIC}], "args": [hash]}},
                {"setWeight": 50}, {"pause": {"duration": "2s"}},
            ]}},
            "template": template(release, revision),
        },
    })
}

/// The pod template for a release.
pub(super) fn template(release: Release, revision: &str) -> Value {
    json!({
        "metadata": {
            "labels": {"app": ROLLOUT, "app.kubernetes.io/version": release.version()},
            "annotations": {"org.opencontainers.image.revision": revision},
        },
        "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": [{"name": ROLLOUT, "image": format!("ghcr.io/acme/shop:{}", release.version())}],
        },
    })
}

/// The analysis: measured each second, five times, of which one may fail.
pub(super) fn analysis_template(prometheus: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
        "metadata": {"name": METRIC, "namespace": NAMESPACE},
        "spec": {
            "args": [{"name": "hash"}],
            "metrics": [{
                "name": METRIC, "interval": "1s", "count": 5, "failureLimit": 1, "successCondition": CONDITION,
                "provider": {"prometheus": {"address": prometheus, "query": ERROR_RATIO}},
            }],
        },
    })
}
