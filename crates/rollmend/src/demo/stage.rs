//! The stage: GitHub, Kubernetes, Prometheus and the customers of the shop, all on loopback ports of this machine.
//!
//! Refuses to know: what rollmend makes of what happens on it.

mod customers;
mod manifests;
mod pods;

use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use miette::miette;
use serde_json::Value;
use shop::{Plot, Release};
use testbed::github::{GitHub, GitHubError, GitHubOptions, Pull, Source};
use testbed::kubelet::{Kubelet, KubeletOptions, StateMetrics};
use testbed::kubernetes::{Kind, KubernetesApi, KubernetesOptions, Rule, Store, Token};
use testbed::prometheus::{Prometheus, PrometheusOptions};
use testbed::rollouts_controller::{RolloutsController, RolloutsOptions};
use testbed::wire::Port;

use self::customers::{Customers, Tally};
use self::manifests::{Deployable, Pipeline};
pub(super) use self::manifests::{NAMESPACE, REPLICAS, ROLLOUT};
use self::pods::Pods;
use super::folder::Folder;
use super::happening::Happening;
use super::object::text;
use super::options::Scenario;
use super::{configuration, repository};

/// The shop's repository.
pub(super) const REPOSITORY: &str = "acme/shop";
/// The file with the token for the stand-in for GitHub.
pub(super) const TOKEN_FILE: &str = "github-token";
/// Where the file with the way into the stand-in for Kubernetes is.
pub(super) const KUBECONFIG: &str = "kubeconfig";
/// Tokens that open loopback doors only, for as long as the demo lasts.
const GITHUB_TOKEN: &str = "demo-github-token";
const CLUSTER_TOKEN: &str = "demo-cluster-token";
const LOGIN: &str = "rollmend-bot";
/// How often each pod is scraped.
const SCRAPE: Duration = Duration::from_millis(500);

/// Everything outside rollmend. Dropping it ends its processes at once; [`Stage::strike`] lets them end.
pub(super) struct Stage {
    github: GitHub,
    kubernetes: KubernetesApi,
    state_metrics: StateMetrics,
    prometheus: Prometheus,
    controller: RolloutsController,
    kubelet: Kubelet,
    processes: Pods,
    customers: Customers,
    scenario: Scenario,
    versions: [Deployable; 2],
}

impl Stage {
    /// Sets it up; the shop is not deployed yet.
    pub(super) async fn set_up(folder: &Folder, scenario: Scenario) -> miette::Result<Self> {
        let plot = scenario.plot();
        let github = github(folder, plot).await?;
        let versions = versions(&github, plot)?;
        let kubernetes = KubernetesApi::start(cluster())
            .await
            .map_err(|error| miette!("failed to start Kubernetes: {error}"))?;
        folder.write(TOKEN_FILE, GITHUB_TOKEN)?;
        folder.write(KUBECONFIG, &kubernetes.kubeconfig(CLUSTER_TOKEN))?;
        let pods = Pods::new(kubernetes.store().clone(), plot, folder.root().to_owned())?;
        let state_metrics = StateMetrics::start(&kubernetes)
            .await
            .map_err(|error| miette!("failed to start kube-state-metrics: {error}"))?;
        let prometheus = Prometheus::start(PrometheusOptions {
            port: Port::Any,
            token: None,
            targets: pods.targets(state_metrics.url()),
            every: SCRAPE,
            queries: vec![
                manifests::query(scenario).replace("{{args.hash}}", "{{hash}}"),
                configuration::REQUESTS.to_owned(),
            ],
            clock: kubernetes.store().clock().clone(),
        })
        .await
        .map_err(|error| miette!("failed to {error}"))?;
        Ok(Self {
            kubelet: Kubelet::start(&kubernetes, pods.runner(), kubelet()),
            controller: RolloutsController::start(&kubernetes, RolloutsOptions::default()),
            customers: Customers::default(),
            versions,
            github,
            kubernetes,
            state_metrics,
            prometheus,
            processes: pods,
            scenario,
        })
    }

    /// Deploys release 1.0.0 and lets the customers in. Resolves when it serves on every pod.
    pub(super) async fn open_shop(&mut self) -> miette::Result<()> {
        let refused = |error| miette!("failed to deploy the shop: {error}");
        let store = self.store();
        store.ensure_namespace(NAMESPACE);
        store.create(manifests::analysis_template(self.scenario, &self.prometheus.url())).map_err(refused)?;
        let [first, _] = &self.versions;
        store.create(first.rollout()).map_err(refused)?;
        store
            .wait_for(Kind::Rollout, NAMESPACE, ROLLOUT, |rollout| {
                text(rollout, "/status/phase") == "Healthy"
            })
            .await;
        self.customers = Customers::come(self.processes.clone())?;
        self.customers.served(manifests::REPLICAS * 40).await;
        Ok(())
    }

    /// The news that the stage is set.
    pub(super) fn as_set(&self) -> Happening {
        Happening::StageSet {
            github: self.repository_url(),
            kubernetes: self.kubernetes.url(),
            prometheus: self.prometheus.url(),
        }
    }

    /// The news that the shop serves.
    pub(super) fn as_open(&self) -> Happening {
        let Tally { answers, failures } = self.customers.tally();
        let pods = self.processes.serving().len();
        Happening::ShopOpen { version: Release::First.version(), pods, answers, failures }
    }

    /// Deploys release 1.1.0 as `kubectl apply` would.
    pub(super) fn deploy(&self) -> miette::Result<()> {
        let [_, last] = &self.versions;
        let template = last.template();
        let update = |rollout: &mut Value| {
            if let Some(place) = rollout.pointer_mut("/spec/template") {
                *place = template;
            }
        };
        let updated = self.store().update(Kind::Rollout, NAMESPACE, ROLLOUT, update);
        updated.map(drop).map_err(|error| miette!("failed to deploy the shop: {error}"))
    }

    /// The objects of the cluster.
    pub(super) fn store(&self) -> &Store {
        self.kubernetes.store()
    }

    /// Whether pods of two versions take requests.
    pub(super) fn canary_serves(&self) -> bool {
        let serving = self.processes.serving();
        serving.first().is_some_and(|first| serving.iter().any(|other| other.hash != first.hash))
    }

    /// How many pods with that template hash are in the cluster.
    pub(super) fn pods_of(&self, hash: &str) -> usize {
        let pods = self.store().list(Kind::Pod, Some(NAMESPACE));
        pods.iter().filter(|pod| text(pod, pods::HASH_LABEL) == hash).count()
    }

    /// The customers, and how they fared.
    pub(super) fn customers(&self) -> &Customers {
        &self.customers
    }

    pub(super) fn prometheus_url(&self) -> String {
        self.prometheus.url()
    }

    /// The REST API of the stand-in for GitHub.
    pub(super) fn github_api(&self) -> String {
        self.github.enterprise_api()
    }

    /// The page of the shop's repository.
    pub(super) fn repository_url(&self) -> String {
        page(&self.github)
    }

    /// The bare repository that the stand-in for GitHub serves.
    pub(super) fn bare_repository(&self) -> Result<std::path::PathBuf, GitHubError> {
        self.github.path(REPOSITORY)
    }

    /// Every pull request with its diff.
    pub(super) fn pulls(&self) -> Result<Vec<(Pull, String)>, GitHubError> {
        let pulls = self.github.pulls(REPOSITORY)?;
        pulls.into_iter().map(|pull| Ok((pull.clone(), self.github.diff(REPOSITORY, pull.number)?))).collect()
    }

    /// Ends everything: customers, then the shop's processes, then the servers.
    pub(super) async fn strike(self) {
        self.customers.go();
        self.controller.stop().await;
        self.kubelet.stop().await;
        self.kubernetes.wire().shutdown().await;
        self.prometheus.wire().shutdown().await;
        self.state_metrics.wire().shutdown().await;
        self.github.shutdown().await;
    }
}

async fn github(folder: &Folder, plot: Plot) -> miette::Result<GitHub> {
    let options =
        GitHubOptions { directory: Some(folder.github()), ..GitHubOptions::with_token(GITHUB_TOKEN, LOGIN) };
    let github = GitHub::start(options).await.map_err(github_failed)?;
    let source =
        tempfile::tempdir().map_err(|error| miette!("failed to make a temporary folder: {error}"))?;
    commit(source.path(), plot)?;
    let history = Source::Repository(source.path().to_owned());
    github.create_repository(REPOSITORY, history).await.map_err(github_failed)?;
    Ok(github)
}

/// The shop's two versions as its repository has them.
fn versions(github: &GitHub, plot: Plot) -> miette::Result<[Deployable; 2]> {
    let bare = github.path(REPOSITORY).map_err(|error| miette!("failed to {error}"))?;
    let repository = page(github);
    let read = |tag, release| Deployable::read(&bare, tag, &Pipeline { repository: &repository, release });
    Ok([read("v1.0.0", Release::First)?, read("v1.1.0", plot.last_release())?])
}

/// The page of the shop's repository.
fn page(github: &GitHub) -> String {
    format!("{}/{REPOSITORY}", github.url())
}

fn commit(at: &Path, plot: Plot) -> miette::Result<()> {
    repository::commit_history(at, plot, Utc::now())
        .map_err(|error| miette!("failed to commit the shop's history: {error}"))
}

fn github_failed(error: GitHubError) -> miette::Report {
    match error {
        GitHubError::NoGit(_) => miette!(
            "failed to run git, which the stand-in for GitHub serves its repository with: install git and put it on PATH"
        ),
        other => miette!("failed to {other}"),
    }
}

/// The rights of the daemon's service account are those of `deploy/rbac.yaml` and `deploy/rbac-annotate.yaml`.
fn cluster() -> KubernetesOptions {
    let read = ["get", "list", "watch"];
    let rules = vec![
        Rule::new(&read, &["rollouts", "analysisruns", "replicasets", "pods"], &["*"]),
        Rule::new(&["get"], &["pods/log", "namespaces"], &["*"]),
        Rule::new(&["get", "list", "watch", "create", "patch"], &["events"], &["*"]),
        Rule::new(&["patch"], &["rollouts"], &["*"]),
    ];
    let user = "system:serviceaccount:rollmend:rollmend";
    KubernetesOptions {
        tokens: vec![Token::limited(CLUSTER_TOKEN, user, rules)],
        ..KubernetesOptions::default()
    }
}

fn kubelet() -> KubeletOptions {
    KubeletOptions { back_off: Duration::from_secs(1), longest_grace: Duration::from_secs(2) }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stage").field("scenario", &self.scenario).finish_non_exhaustive()
    }
}
