//! Everything around the daemon: the cluster with the shop in it, GitHub, the metric, and the operator's files.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::github::{GitHub, Pull};
use testbed::kubelet::ScriptedKubelet;
use testbed::kubernetes::{Kind, KubernetesApi, Store};
use testbed::prometheus::Prometheus;
use testbed::rollouts_controller::{RolloutsController, RolloutsOptions};
use testbed::wire::Asked;

use crate::outside;
use crate::plan::{Metric, Plan};
use crate::service::{Files, LIMIT, Service, files_below};
use crate::shop::{self, REPOSITORY, Revisions};
use crate::verdicts::{Fares, Verdicts};

pub(crate) const NAMESPACE: &str = "shop";
pub(crate) const ROLLOUT: &str = "checkout";
/// The daemon's own account on GitHub.
pub(crate) const LOGIN: &str = "rollmend-bot";
/// No known shape of a token: what hides it must know it by value.
pub(crate) const GITHUB_TOKEN: &str = "opaque-Zq81-only-for-one-host-77";
pub(crate) const CLUSTER_TOKEN: &str = "opaque-cluster-token-5150";
pub(crate) const HASH: &str = "rollouts-pod-template-hash";
/// The metric that the shop's Prometheus knows.
pub(crate) const ERROR_RATIO: &str = r#"shop_error_ratio{rollouts_pod_template_hash="{{hash}}"}"#;
/// The query of the gate.
pub(crate) const REQUESTS: &str = r#"sum(shop_requests{rollouts_pod_template_hash="{{hash}}"})"#;

/// The outside. Dropped, it ends.
pub(crate) struct House {
    pub(crate) kubernetes: KubernetesApi,
    pub(crate) kubelet: ScriptedKubelet,
    pub(crate) github: GitHub,
    pub(crate) files: Files,
    pub(crate) revisions: Revisions,
    pub(crate) prometheus: Prometheus,
    pub(crate) plan: Plan,
    verdicts: Verdicts,
    _controller: RolloutsController,
    _folder: tempfile::TempDir,
}

/// A canary with one pod.
#[derive(Debug, Clone)]
pub(crate) struct Canary {
    pub(crate) hash: String,
    pub(crate) pod: String,
}

impl House {
    /// Builds it; the shop is not deployed yet.
    pub(crate) async fn build(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let github = outside::github(&plan).await;
        let revisions = (plan.history)(&github);
        let kubernetes = KubernetesApi::start(outside::cluster(&plan)).await.unwrap();
        let kubelet = ScriptedKubelet::start(&kubernetes, plan.beginning);
        let options = RolloutsOptions { second: Duration::from_millis(20) };
        let files = Files { folder: folder.path().to_owned(), token: GITHUB_TOKEN.to_owned() };
        std::fs::create_dir(files.data()).unwrap();
        let verdicts = Verdicts::start().await;
        let house = Self {
            _controller: RolloutsController::start(&kubernetes, options),
            prometheus: outside::prometheus(kubernetes.store(), verdicts.url()).await,
            kubernetes,
            kubelet,
            github,
            files,
            revisions,
            plan,
            verdicts,
            _folder: folder,
        };
        house.write("kubeconfig", &house.kubernetes.kubeconfig(CLUSTER_TOKEN));
        house.configure();
        house
    }

    /// Builds it, deploys the shop and starts the daemon.
    pub(crate) async fn with_daemon(plan: Plan) -> (Self, Service) {
        let house = Self::build(plan).await;
        house.open_shop().await;
        let service = house.serve().await;
        (house, service)
    }

    /// Starts the daemon and waits until it watches.
    pub(crate) async fn serve(&self) -> Service {
        let before = self.kubernetes.wire().asked().last().map_or(0, |asked| asked.number);
        let service = self.files.spawn();
        service.address().await;
        let watching = |asked: &Asked| {
            asked.number > before && asked.path.ends_with("/rollouts") && asked.query.contains("watch")
        };
        within("the watch", self.kubernetes.wire().wait_for(watching)).await;
        service
    }

    /// Writes the operator's file anew, after the plan was changed.
    pub(crate) fn configure(&self) {
        self.write("agents.toml", &self.configuration());
    }

    /// The page of the shop's repository.
    pub(crate) fn repository_url(&self) -> String {
        self.page_of(REPOSITORY)
    }

    fn page_of(&self, full_name: &str) -> String {
        format!("{}/{full_name}", self.github.url())
    }

    pub(crate) fn store(&self) -> &Store {
        self.kubernetes.store()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.files.folder.join(name), text).unwrap();
    }

    fn configuration(&self) -> String {
        let Plan { mode, daemon, cluster, gate, tables, .. } = &self.plan;
        let cluster = cluster.replace("PROMETHEUS", &self.prometheus.url());
        format!(
            "[daemon]\nlisten = \"127.0.0.1:0\"\nmode = \"{mode}\"\ndata = \"data\"\n{daemon}\n\n\
             [cluster]\n{cluster}\n\n[gate]\n{gate}\n\n\
             [github]\napi = \"{}\"\ntoken = {{ env = \"GITHUB_TOKEN\" }}\n\n\
             [[repository]]\nurl = \"{}\"\nbase = \"main\"\nlabels = [\"rollmend\"]\n\n{tables}\n",
            self.github.enterprise_api(),
            self.repository_url()
        )
    }

    /// Applies the analysis and the first version, and waits until it is healthy.
    pub(crate) async fn open_shop(&self) {
        self.store().create(self.analysis_template()).unwrap();
        self.store().create(self.rollout_manifest()).unwrap();
        self.rollout("healthy", |rollout| rollout["status"]["phase"] == "Healthy").await;
    }

    /// Deploys the next version and waits for its first pod and until the daemon follows its log. Stable's and the canary's pods have said
    /// what a shop that works says.
    pub(crate) async fn begin_canary(&self) -> Canary {
        self.begin_canary_as("1.1.0").await
    }

    /// The same for another version of the same commit.
    pub(crate) async fn begin_canary_as(&self, version: &str) -> Canary {
        let canary = self.deploy_as(version).await;
        within("the followed log", self.followed(&canary.pod)).await;
        for pod in self.pods() {
            self.say(&pod, shop::quiet_lines());
        }
        canary
    }

    /// Deploys the next version and waits for its first pod.
    pub(crate) async fn deploy(&self) -> Canary {
        self.deploy_as("1.1.0").await
    }

    /// Deploys the canary's commit under this version and waits for its first pod.
    pub(crate) async fn deploy_as(&self, version: &str) -> Canary {
        let template = template(version, &self.revisions.canary);
        let before = self.current_rollout()["status"]["currentPodHash"].clone();
        self.store()
            .update(Kind::Rollout, NAMESPACE, ROLLOUT, |rollout| rollout["spec"]["template"] = template)
            .unwrap();
        let changed = |rollout: &Value| rollout["status"]["currentPodHash"] != before;
        let rollout = self.rollout("at a new hash", changed).await;
        let hash = rollout["status"]["currentPodHash"].as_str().unwrap().to_owned();
        let pod = self.canary_pod(&hash).await;
        Canary { hash, pod }
    }

    /// Waits for a pod of that hash with a started container.
    pub(crate) async fn canary_pod(&self, hash: &str) -> String {
        let of_canary =
            |pod: &Value| pod["metadata"]["labels"][HASH] == hash && pod["spec"]["nodeName"].is_string();
        let pods = self.store().wait_for_all(Kind::Pod, NAMESPACE, |pods| pods.iter().any(of_canary));
        let pods = within("a canary pod", pods).await;
        pods.iter().find(|pod| of_canary(pod)).unwrap()["metadata"]["name"].as_str().unwrap().to_owned()
    }

    async fn followed(&self, pod: &str) {
        let end = format!("/pods/{pod}/log");
        let follows = |asked: &Asked| {
            asked.path.ends_with(&end) && asked.query.contains("follow=true") && asked.status == Some(200)
        };
        self.kubernetes.wire().wait_for(follows).await;
    }

    /// The names of all pods.
    pub(crate) fn pods(&self) -> Vec<String> {
        let pods = self.store().list(Kind::Pod, Some(NAMESPACE));
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A pod writes to its log.
    pub(crate) fn say(&self, pod: &str, text: impl AsRef<[u8]>) {
        self.kubelet.write(NAMESPACE, pod, ROLLOUT, text.as_ref());
    }

    /// Waits until the spool holds this text, which is the only place where it is once the pods are gone.
    pub(crate) async fn spooled(&self, text: &str) {
        within("the spooled log", self.spooled_in(&self.files.data().join("spool"), text)).await;
    }

    /// The same for a spool elsewhere.
    pub(crate) async fn spooled_in(&self, spool: &Path, text: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !files_below(spool).iter().any(|path| holds(path, text)) {
            looks.tick().await;
        }
    }

    /// The analysis comes, and finds the canary so.
    pub(crate) async fn analyse(&self, fares: Fares) {
        self.verdicts.say(fares);
        self.prometheus.scrape().await;
        let resume = json!({"status": {"pauseConditions": null}});
        self.store().merge(Kind::Rollout, NAMESPACE, ROLLOUT, &resume).unwrap();
    }

    /// The analysis finds the canary bad; waits for the abort and until the canary's pods are gone.
    pub(crate) async fn fail(&self, canary: &Canary) {
        self.analyse(Fares::Badly).await;
        self.rollout("aborted", |rollout| rollout["status"]["abortedAt"].is_string()).await;
        let gone = self.store().wait_for_all(Kind::Pod, NAMESPACE, |pods| {
            pods.iter().all(|pod| pod["metadata"]["labels"][HASH] != canary.hash.as_str())
        });
        within("the canary's pods to go", gone).await;
    }

    /// A whole failed canary with traces in its log.
    pub(crate) async fn break_canary(&self) -> Canary {
        let canary = self.begin_canary().await;
        self.say(&canary.pod, shop::traces());
        self.fail(&canary).await;
        canary
    }

    /// `kubectl argo rollouts retry`; waits for the canary's new pod and its followed log.
    pub(crate) async fn retry(&self, canary: &Canary) -> Canary {
        let retried = json!({"status": {"abort": false}});
        self.store().merge(Kind::Rollout, NAMESPACE, ROLLOUT, &retried).unwrap();
        let pod = self.canary_pod(&canary.hash).await;
        within("the followed log", self.followed(&pod)).await;
        Canary { hash: canary.hash.clone(), pod }
    }

    /// Waits for the Rollout to become so.
    pub(crate) async fn rollout(&self, what: &str, pred: impl Fn(&Value) -> bool) -> Value {
        let found = self.store().wait_for(Kind::Rollout, NAMESPACE, ROLLOUT, pred);
        let found = tokio::time::timeout(LIMIT, found).await;
        found.unwrap_or_else(|_| panic!("the Rollout is not {what}: {:#}", self.current_rollout()["status"]))
    }

    pub(crate) fn current_rollout(&self) -> Value {
        self.store().get(Kind::Rollout, NAMESPACE, ROLLOUT).unwrap()
    }

    /// The daemon's own Events on the Rollout, as reason and message.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        ours(&self.store().list(Kind::Event, Some(NAMESPACE)))
    }

    /// Waits until an Event of the daemon has that reason, and gives its message.
    pub(crate) async fn event(&self, reason: &str) -> String {
        let of_reason = |events: &[Value]| ours(events).into_iter().find(|(known, _)| known == reason);
        let events = self.store().wait_for_all(Kind::Event, NAMESPACE, |events| of_reason(events).is_some());
        let events = tokio::time::timeout(LIMIT, events).await;
        let events = events.unwrap_or_else(|_| panic!("no Event {reason}: {:#?}", self.events()));
        of_reason(&events).unwrap().1
    }

    /// Every pull request of the shop.
    pub(crate) fn pulls(&self) -> Vec<Pull> {
        self.github.pulls(REPOSITORY).unwrap()
    }

    /// The branches of the shop that the daemon made.
    pub(crate) fn branches(&self) -> Vec<String> {
        let refs = self.github.refs(REPOSITORY).unwrap();
        refs.into_keys()
            .filter_map(|name| name.strip_prefix("refs/heads/rollmend/").map(str::to_owned))
            .collect()
    }

    /// Requests to GitHub of one kind, such as `POST` below a path.
    pub(crate) fn asked_of_github(&self, pred: impl Fn(&Asked) -> bool) -> Vec<String> {
        let asked = self.github.wire().asked().into_iter().filter(|asked| pred(asked));
        asked.map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    /// Requests of the daemon that change something in the cluster.
    pub(crate) fn cluster_writes(&self) -> Vec<String> {
        let asked = self.kubernetes.wire().asked().into_iter().filter(|asked| asked.method != "GET");
        asked.map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    fn analysis_template(&self) -> Value {
        let mut metric = match &self.plan.metric {
            Metric::Web => json!({
                "successCondition": "result == true",
                "provider": {"web": {"url": self.verdicts.url(), "jsonPath": "{$.good}"}},
            }),
            Metric::Prometheus => json!({
                "successCondition": "result[0] < 0.05",
                "provider": {"prometheus": {
                    "address": self.prometheus.url(), "query": ERROR_RATIO.replace("{{hash}}", "{{args.hash}}"),
                }},
            }),
            Metric::Plugin(settings) => {
                json!({"provider": {"plugin": {"argoproj-labs/metric-ai": settings}}})
            }
        };
        metric["name"] = json!("error-ratio");
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": "error-ratio", "namespace": NAMESPACE},
            "spec": {"args": [{"name": "hash"}], "metrics": [metric]},
        })
    }

    fn rollout_manifest(&self) -> Value {
        let mut annotations = json!({});
        if let Some(named) = &self.plan.names {
            let url = if named.contains("://") { named.clone() } else { self.page_of(named) };
            annotations = json!({"rollmend.dev/repository": url});
        }
        let mut spec = json!({
            "replicas": 4, "revisionHistoryLimit": 3, "selector": {"matchLabels": {"app": ROLLOUT}},
            "strategy": {"canary": {
                "canaryMetadata": {"labels": {"role": "canary"}}, "stableMetadata": {"labels": {"role": "stable"}},
                "steps": self.plan.steps,
            }},
            "template": template("1.0.0", &self.revisions.stable),
        });
        for (name, value) in self.plan.spec.as_object().unwrap() {
            spec[name] = value.clone();
        }
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": ROLLOUT, "namespace": NAMESPACE, "annotations": annotations}, "spec": spec,
        })
    }
}

/// Waits for something outside, or fails with its name.
pub(crate) async fn within<T>(what: &str, waited_for: impl Future<Output = T>) -> T {
    let found = tokio::time::timeout(LIMIT, waited_for).await;
    found.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

fn holds(path: &Path, text: &str) -> bool {
    // A segment may be packed and removed between the listing and the reading.
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn template(version: &str, revision: &str) -> Value {
    json!({
        "metadata": {
            "labels": {"app": ROLLOUT},
            "annotations": {"org.opencontainers.image.revision": revision},
        },
        "spec": {"containers": [{"name": ROLLOUT, "image": format!("ghcr.io/acme/shop:{version}")}]},
    })
}

fn ours(events: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = events.iter().filter(|event| text(&event["source"]["component"]).starts_with("rollmend"));
    ours.map(|event| (text(&event["reason"]), text(&event["message"]))).collect()
}
