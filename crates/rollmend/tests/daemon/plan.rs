//! What a house is built like: the operator's file, the token's rights, the shop's history, how its pods begin.

use serde_json::{Value, json};
use testbed::github::{GitHub, Reach, Rights};
use testbed::kubelet::Beginning;
use testbed::kubernetes::CustomResources;

use crate::shop::{self, Revisions};

/// Which `agents.toml`, and which outside.
#[derive(Clone)]
pub(crate) struct Plan {
    /// `[daemon] mode`.
    pub(crate) mode: &'static str,
    /// More lines of `[daemon]`.
    pub(crate) daemon: String,
    /// More lines of `[cluster]`; `PROMETHEUS` stands for the address of the shop's.
    pub(crate) cluster: String,
    /// The lines of `[gate]`.
    pub(crate) gate: String,
    /// More tables of the file, such as `[models.main]`.
    pub(crate) tables: String,
    /// What the Rollout's annotation names as its repository; none when absent.
    pub(crate) names: Option<String>,
    /// What the token may do on GitHub, and where.
    pub(crate) rights: Rights,
    /// See `rights`.
    pub(crate) reach: Reach,
    /// Whether Argo Rollouts is installed from the start.
    pub(crate) custom_resources: CustomResources,
    /// How a new pod begins.
    pub(crate) beginning: fn(&Value) -> Beginning,
    /// Commits the shop's history.
    pub(crate) history: fn(&GitHub) -> Revisions,
    /// The steps of the Rollout.
    pub(crate) steps: Value,
    /// The one metric of the analysis.
    pub(crate) metric: Metric,
    /// More of the Rollout's spec.
    pub(crate) spec: Value,
}

/// By what the analysis measures.
#[derive(Debug, Clone)]
pub(crate) enum Metric {
    /// The web provider, which nobody but the controller asks.
    Web,
    /// The shop's Prometheus.
    Prometheus,
    /// The plugin with these settings.
    Plugin(Value),
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            mode: "propose",
            daemon: String::new(),
            cluster: String::new(),
            gate: "max_wait = \"4s\"\nmin_lines = 20".to_owned(),
            tables: String::new(),
            names: Some("acme/shop".to_owned()),
            rights: Rights::Write,
            reach: Reach::All,
            custom_resources: CustomResources::Installed,
            beginning: |_| Beginning::Ready,
            history: shop::history,
            steps: json!([
                {"setWeight": 25}, {"pause": {}}, {"analysis": {
                    "templates": [{"templateName": "error-ratio"}],
                    "args": [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}],
                }},
            ]),
            metric: Metric::Web,
            spec: json!({}),
        }
    }
}
