//! A cluster with a shop whose canary fails, and the shop's repository.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::github::{Change, GitHub, GitHubOptions, Rights, Source, Token};
use testbed::kubelet::{Beginning, ScriptedKubelet};
use testbed::kubernetes::{self, CustomResources, Kind, KubernetesApi, KubernetesOptions, Rule};

use crate::desk::{Desk, Said};

pub(crate) const REPOSITORY: &str = "acme/shop";
pub(crate) const LOGIN: &str = "rollmend-bot";
/// No known shape of a token.
pub(crate) const GITHUB_TOKEN: &str = "opaque-github-token-1729";
const CLUSTER_TOKEN: &str = "opaque-cluster-token-4104";
pub(crate) const STABLE: &str = "678dd648d6";
pub(crate) const CANARY: &str = "86686d4656";
const HASH: &str = "rollouts-pod-template-hash";
pub(crate) const SOUND: &str =
    "def total(order, quantity):\n    price = order.get(\"price\", 0)\n    return price * quantity\n";
pub(crate) const BROKEN: &str =
    "def total(order, quantity):\n    price = order[\"cost\"][\"cents\"]\n    return price * quantity\n";

/// The outside and a desk with the files for it.
pub(crate) struct Outside {
    pub(crate) kubernetes: KubernetesApi,
    pub(crate) github: GitHub,
    pub(crate) desk: Desk,
    pub(crate) culprit: String,
    stable: String,
}

impl Outside {
    /// With what `deploy/rbac.yaml` and `deploy/rbac-annotate.yaml` grant, and a token that may write.
    pub(crate) async fn new() -> Self {
        Self::with(Rights::Write, &rights()).await
    }

    /// Where nobody has installed Argo Rollouts.
    pub(crate) async fn without_argo() -> Self {
        Self::built(Rights::Write, &rights(), CustomResources::Absent).await
    }

    pub(crate) async fn with(rights: Rights, rules: &[Rule]) -> Self {
        Self::built(rights, rules, CustomResources::Installed).await
    }

    async fn built(rights: Rights, rules: &[Rule], custom_resources: CustomResources) -> Self {
        let token = Token::new(GITHUB_TOKEN, LOGIN, rights);
        let options = GitHubOptions { tokens: vec![token], ..GitHubOptions::default() };
        let github = GitHub::start(options).await.unwrap();
        github.create_repository(REPOSITORY, Source::Empty).await.unwrap();
        let push = |message, text| {
            let files = [("shop/pricing.py", Some(text))];
            github.human("ada").push(REPOSITORY, "main", &Change { message, files: &files }).unwrap()
        };
        let (stable, culprit) = (push("Sell things", SOUND), push("Read the cost of each order", BROKEN));
        let user = "system:serviceaccount:rollmend:rollmend";
        let token = kubernetes::Token::limited(CLUSTER_TOKEN, user, rules.to_vec());
        let options =
            KubernetesOptions { tokens: vec![token], custom_resources, ..KubernetesOptions::default() };
        let kubernetes = KubernetesApi::start(options).await.unwrap();
        kubernetes.store().ensure_namespace("shop");
        let desk = Desk::new();
        desk.write("kubeconfig", kubernetes.kubeconfig(CLUSTER_TOKEN));
        Self { kubernetes, github, desk, culprit, stable }
    }

    /// The operator's file, with more lines of `[daemon]` and `[cluster]`.
    pub(crate) fn configure(&self, daemon: &str, cluster: &str) {
        let text = format!(
            "[daemon]\nlisten = \"127.0.0.1:0\"\nmode = \"propose\"\ndata = \"data\"\n{daemon}\n[cluster]\n{cluster}\n\
             [github]\napi = \"{}\"\ntoken = {{ env = \"GITHUB_TOKEN\" }}\n\n[[repository]]\nurl = \"{}\"\n",
            self.github.enterprise_api(),
            self.page(),
        );
        self.desk.write("agents.toml", text);
    }

    /// The page of the repository.
    pub(crate) fn page(&self) -> String {
        format!("{}/{REPOSITORY}", self.github.url())
    }

    /// Runs a command with the kubeconfig and the token.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        let all = [arguments, &["--kubeconfig", "kubeconfig"]].concat();
        self.desk.run_with(&all, &[("GITHUB_TOKEN", GITHUB_TOKEN)]).await
    }

    /// What was asked of the cluster that is no GET.
    pub(crate) fn writes(&self) -> Vec<String> {
        let asked = self.kubernetes.wire().asked().into_iter().filter(|asked| asked.method != "GET");
        asked.map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    /// A shop at its first version.
    pub(crate) fn open_shop(&self) {
        let status = json!({"phase": "Healthy", "stableRS": STABLE, "currentPodHash": STABLE});
        self.kubernetes.store().create(self.rollout(&status)).unwrap();
    }

    /// A shop whose canary throws and was aborted; its pods are still there.
    pub(crate) async fn break_shop(&self) -> ScriptedKubelet {
        let store = self.kubernetes.store();
        let now = store.clock().now();
        let message = "Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \"success-rate\" \
                       assessed Failed due to failed (1) > failureLimit (0)";
        let status = json!({
            "phase": "Degraded", "message": message, "stableRS": STABLE, "currentPodHash": CANARY,
            "abort": true, "abortedAt": now.to_rfc3339(),
            "conditions": [{
                "type": "Progressing", "status": "False", "reason": "RolloutAborted", "message": message,
                "lastTransitionTime": now.to_rfc3339(),
            }],
        });
        let rollout = store.create(self.rollout(&status)).unwrap();
        let kubelet = ScriptedKubelet::start(&self.kubernetes, |_| Beginning::Ready);
        for (hash, commit) in [(STABLE, &self.stable), (CANARY, &self.culprit)] {
            store.create(replica_set(&rollout, hash, commit)).unwrap();
            self.pod(&kubelet, hash).await;
        }
        store.create(analysis_run(&rollout)).unwrap();
        kubelet
    }

    async fn pod(&self, kubelet: &ScriptedKubelet, hash: &str) {
        let name = format!("shop-{hash}-a");
        let store = self.kubernetes.store();
        store
            .create(json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop", "labels": {HASH: hash}},
                "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
            }))
            .unwrap();
        let runs = |pod: &Value| pod.pointer("/status/containerStatuses/0/state/running").is_some();
        let running = store.wait_for(Kind::Pod, "shop", &name, runs);
        tokio::time::timeout(Duration::from_secs(30), running).await.unwrap();
        let lines = if hash == CANARY { traces() } else { "INFO order served\n".repeat(60) };
        kubelet.write("shop", &name, "shop", lines.as_bytes());
    }

    fn rollout(&self, status: &Value) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {
                "name": "shop", "namespace": "shop",
                "annotations": {
                    "rollmend.dev/repository": self.page(), "rollout.argoproj.io/revision": "2",
                },
            },
            "spec": {}, "status": status,
        })
    }
}

/// The rights of `deploy/rbac.yaml` and `deploy/rbac-annotate.yaml`.
pub(crate) fn rights() -> Vec<Rule> {
    let read = ["get", "list", "watch"];
    vec![
        Rule::new(&read, &["rollouts", "analysisruns", "replicasets", "pods"], &["*"]),
        Rule::new(&["get"], &["pods/log", "namespaces"], &["*"]),
        Rule::new(&["get", "list", "watch", "create", "patch"], &["events"], &["*"]),
        Rule::new(&["patch"], &["rollouts"], &["*"]),
    ]
}

fn owned_by(rollout: &Value) -> Value {
    json!([{
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "controller": true,
        "name": "shop", "uid": rollout["metadata"]["uid"],
    }])
}

fn replica_set(rollout: &Value, hash: &str, commit: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("shop-{hash}"), "namespace": "shop", "labels": {HASH: hash},
            "ownerReferences": owned_by(rollout),
        },
        "spec": {"template": {
            "metadata": {"labels": {"app": "shop"}, "annotations": {"org.opencontainers.image.revision": commit}},
            "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
        }},
    })
}

fn analysis_run(rollout: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
        "metadata": {
            "name": "shop-86686d4656-2", "namespace": "shop", "labels": {HASH: CANARY, "rollout-type": "Step"},
            "ownerReferences": owned_by(rollout),
        },
        "spec": {"metrics": [{"name": "success-rate", "provider": {"prometheus": {"query": "vector(0.81)"}},
            "successCondition": "result[0] >= 0.95"}]},
        "status": {
            "phase": "Failed", "message": "Metric \"success-rate\" assessed Failed due to failed (1) > failureLimit (0)",
            "metricResults": [{"name": "success-rate", "phase": "Failed", "failed": 1, "count": 1,
                "measurements": [{"phase": "Failed", "value": "[0.81]"}]}],
        },
    })
}

fn traces() -> String {
    "ERROR request failed\nTraceback (most recent call last):\n  File \"/app/shop/pricing.py\", line 2, in total\n    \
     price = order[\"cost\"][\"cents\"]\nKeyError: 'cost'\n"
        .repeat(15)
}
