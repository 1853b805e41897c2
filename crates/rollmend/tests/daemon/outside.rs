//! The outside as it is before anything is deployed: GitHub with the shop's repository, the cluster's rights, Prometheus.

use std::time::Duration;

use serde_json::Value;
use testbed::github::{GitHub, GitHubOptions, Source, Token};
use testbed::kubernetes::{self, Kind, KubernetesOptions, Rule, Store};
use testbed::prometheus::{Prometheus, PrometheusOptions, Target};
use testbed::wire::Port;

use crate::house::{CLUSTER_TOKEN, ERROR_RATIO, GITHUB_TOKEN, HASH, LOGIN, NAMESPACE, REQUESTS};
use crate::plan::Plan;
use crate::shop::REPOSITORY;

/// A Prometheus that scrapes what each pod says of itself.
pub(crate) async fn prometheus(store: &Store, verdicts: &str) -> Prometheus {
    let (store, verdicts) = (store.clone(), verdicts.to_owned());
    let targets = move || {
        let target = |pod: Value| {
            let labels = &pod["metadata"]["labels"];
            let role = if labels["role"] == "canary" { "canary" } else { "stable" };
            let hash = labels[HASH].as_str().unwrap_or_default().to_owned();
            let url = format!("{verdicts}/metrics/{role}");
            Target { url, labels: [("rollouts_pod_template_hash".to_owned(), hash)].into() }
        };
        let targets: std::collections::BTreeSet<Target> =
            store.list(Kind::Pod, Some(NAMESPACE)).into_iter().map(target).collect();
        targets.into_iter().collect()
    };
    let options = PrometheusOptions {
        port: Port::Any,
        token: None,
        targets: std::sync::Arc::new(targets),
        every: Duration::from_millis(200),
        queries: vec![ERROR_RATIO.to_owned(), REQUESTS.to_owned()],
        clock: kubernetes::Clock::system(),
    };
    Prometheus::start(options).await.unwrap()
}

/// A GitHub whose one token is the daemon's.
pub(crate) async fn github(plan: &Plan) -> GitHub {
    let token = Token {
        rights: plan.rights,
        reach: plan.reach.clone(),
        ..Token::new(GITHUB_TOKEN, LOGIN, plan.rights)
    };
    let github =
        GitHub::start(GitHubOptions { tokens: vec![token], ..GitHubOptions::default() }).await.unwrap();
    github.create_repository(REPOSITORY, Source::Empty).await.unwrap();
    github
}

/// The rights are those of `deploy/rbac.yaml`, `deploy/rbac-annotate.yaml` and `deploy/rbac-lease.yaml`.
pub(crate) fn cluster(plan: &Plan) -> KubernetesOptions {
    let read = ["get", "list", "watch"];
    let rules = vec![
        Rule::new(&read, &["rollouts", "analysisruns", "replicasets", "pods"], &["*"]),
        Rule::new(&["get"], &["pods/log", "namespaces"], &["*"]),
        Rule::new(&["get", "list", "watch", "create", "patch"], &["events"], &["*"]),
        Rule::new(&["patch"], &["rollouts"], &["*"]),
        Rule::new(&["get", "create", "update"], &["leases"], &["rollmend"]),
    ];
    let user = "system:serviceaccount:rollmend:rollmend";
    KubernetesOptions {
        tokens: vec![kubernetes::Token::limited(CLUSTER_TOKEN, user, rules)],
        custom_resources: plan.custom_resources,
        ..KubernetesOptions::default()
    }
}
