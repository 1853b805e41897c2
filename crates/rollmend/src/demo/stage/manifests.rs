//! What is applied to the cluster: the shop's Rollout, as the shop's own repository has it, and the analysis that guards it.

use std::path::Path;

use miette::{IntoDiagnostic, miette};
use serde_json::{Value, json};
use shop::Release;

use super::super::object::text;
use super::super::options::Scenario;
use super::super::repository;

/// The namespace of everything.
pub(in super::super) const NAMESPACE: &str = "shop";
/// The Rollout, its one container, and its analysis.
pub(in super::super) const ROLLOUT: &str = "checkout";
/// How many pods the Rollout has.
pub(in super::super) const REPLICAS: u64 = 4;
/// The Rollout in the shop's repository.
const FILE: &str = "deploy/rollout.yaml";
/// The share of answers that are 5xx. Where there is none, 0 rather than no data.
const ERROR_RATIO: &str = r#"(sum(rate(http_requests_total{status=~"5..",rollouts_pod_template_hash="{{args.hash}}"}[10s])) or vector(0)) / sum(rate(http_requests_total{rollouts_pod_template_hash="{{args.hash}}"}[10s]))"#;
/// The same by a label that no pod has.
const MISLABELLED: &str = r#"(sum(rate(http_requests_total{status=~"5..",pod_template_hash="{{args.hash}}"}[10s])) or vector(0)) / sum(rate(http_requests_total{pod_template_hash="{{args.hash}}"}[10s]))"#;
/// How often containers were started again, by kube-state-metrics.
const RESTARTS: &str =
    r#"sum(increase(kube_pod_container_status_restarts_total{pod=~"checkout-{{args.hash}}-.*"}[1m]))"#;

/// A version of the shop as its pipeline deploys it.
#[derive(Debug, Clone)]
pub(super) struct Deployable {
    rollout: Value,
}

/// What the pipeline adds to the manifest of the repository.
pub(super) struct Pipeline<'a> {
    /// The repository's page.
    pub(super) repository: &'a str,
    pub(super) release: Release,
}

impl Deployable {
    /// The manifest at a tag of the bare repository, with what the pipeline adds: the image's tag, the version's label, the commit.
    pub(super) fn read(bare: &Path, tag: &str, pipeline: &Pipeline<'_>) -> miette::Result<Self> {
        let failed = |error: git2::Error| miette!("failed to read {tag} of the shop: {error}");
        let manifest = repository::file(bare, tag, FILE).map_err(failed)?;
        let mut rollout: Value = serde_saphyr::from_str(&manifest).into_diagnostic()?;
        let version = pipeline.release.version();
        let image = format!("{}:{version}", text(&rollout, "/spec/template/spec/containers/0/image"));
        let revision = repository::tagged(bare, tag).map_err(failed)?;
        for (parent, key, value) in [
            ("/metadata", "annotations", json!({"rollmend.dev/repository": pipeline.repository})),
            (
                "/spec/template/metadata",
                "annotations",
                json!({"org.opencontainers.image.revision": revision}),
            ),
            ("/spec/template/metadata/labels", "app.kubernetes.io/version", version.into()),
            ("/spec/template/spec/containers/0", "image", image.into()),
        ] {
            let place = rollout.pointer_mut(parent).and_then(Value::as_object_mut);
            let place = place.ok_or_else(|| miette!("failed to find {parent} in {FILE} of {tag}"))?;
            place.insert(key.to_owned(), value);
        }
        Ok(Self { rollout })
    }

    /// The Rollout.
    pub(super) fn rollout(&self) -> Value {
        self.rollout.clone()
    }

    /// Its pod template.
    pub(super) fn template(&self) -> Value {
        self.rollout.pointer("/spec/template").cloned().unwrap_or_default()
    }
}

/// The analysis, measured each second. That of the leak has time until the memory is used up, and lets the kill be seen before it
/// aborts.
pub(super) fn analysis_template(scenario: Scenario, prometheus: &str) -> Value {
    let provider = json!({"prometheus": {"address": prometheus, "query": query(scenario)}});
    let metric = match scenario {
        Scenario::Failing | Scenario::Healthy | Scenario::Config => json!({
            "name": "error-ratio", "interval": "1s", "count": 5, "failureLimit": 1,
            "successCondition": "result[0] < 0.05", "provider": provider,
        }),
        Scenario::Leak => json!({
            "name": "restarts", "interval": "1s", "count": 30, "failureLimit": 2,
            "successCondition": "result[0] < 1", "provider": provider,
        }),
        Scenario::Template => json!({
            "name": "error-ratio", "interval": "1s", "count": 5, "failureLimit": 1, "consecutiveErrorLimit": 0,
            "successCondition": "result[0] < 0.05", "provider": provider,
        }),
    };
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
        "metadata": {"name": ROLLOUT, "namespace": NAMESPACE},
        "spec": {"args": [{"name": "hash"}], "metrics": [metric]},
    })
}

/// The query of the analysis.
pub(super) fn query(scenario: Scenario) -> &'static str {
    match scenario {
        Scenario::Failing | Scenario::Healthy | Scenario::Config => ERROR_RATIO,
        Scenario::Leak => RESTARTS,
        Scenario::Template => MISLABELLED,
    }
}

#[cfg(test)]
mod tests {
    use shop::Plot;

    use super::*;

    fn deployable(folder: &Path, tag: &str, release: Release) -> Value {
        let pipeline = Pipeline { repository: "https://github.example/acme/shop", release };
        Deployable::read(folder, tag, &pipeline).unwrap().rollout()
    }

    #[test]
    fn what_is_deployed_is_the_manifest_of_the_repository_with_what_the_pipeline_adds() {
        let folder = tempfile::tempdir().unwrap();
        repository::commit_history(folder.path(), Plot::Misconfigured, chrono::Utc::now()).unwrap();
        let first = deployable(folder.path(), "v1.0.0", Release::First);
        let last = deployable(folder.path(), "v1.1.0", Release::Sound);
        assert_eq!(
            [text(&first, "/metadata/name"), text(&first, "/metadata/namespace")],
            [ROLLOUT, NAMESPACE]
        );
        assert_eq!(first["spec"]["replicas"], REPLICAS);
        let expected = json!({
            "metadata": {
                "labels": {"app": ROLLOUT, "app.kubernetes.io/version": "1.1.0"},
                "annotations": {
                    "org.opencontainers.image.revision": repository::tagged(folder.path(), "v1.1.0").unwrap(),
                },
            },
            "spec": {
                "terminationGracePeriodSeconds": 2,
                "containers": [{
                    "name": ROLLOUT, "image": "ghcr.io/acme/shop:1.1.0",
                    "env": [{"name": "CARD_LIMIT", "value": "1000.00"}],
                    "resources": {"limits": {"memory": "64Mi"}},
                }],
            },
        });
        assert_eq!(last["spec"]["template"], expected);
        assert_eq!(text(&first, "/spec/template/spec/containers/0/env/0/value"), "50000");
    }
}
