//! `rollmend-testbed kubernetes`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;
use testbed::{
    kubelet::{Beginning, ScriptedKubelet},
    kubernetes::{KubernetesApi, KubernetesOptions, Token},
    rollouts_controller::{RolloutsController, RolloutsOptions},
    wire::Port,
};

/// What `kubernetes` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A token that may do everything.
    #[arg(long = "token", value_name = "TOKEN", default_value = "admin")]
    token: String,
    /// The port; any free one when absent.
    #[arg(long)]
    port: Option<u16>,
    /// Where to write a kubeconfig for that token.
    #[arg(long, value_name = "FILE")]
    kubeconfig_out: Option<PathBuf>,
    /// Objects to begin with, as YAML documents or JSON; a `List` is taken apart.
    #[arg(long = "objects", value_name = "FILE")]
    objects: Vec<PathBuf>,
}

/// Starts the double with a controller for Rollouts and a kubelet that runs nothing, until it is interrupted.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let api = KubernetesApi::start(KubernetesOptions {
        port: arguments.port.map_or(Port::Any, Port::Fixed),
        tokens: vec![Token::admin(arguments.token.as_str())],
        ..KubernetesOptions::default()
    })
    .await
    .context("failed to start")?;
    let _kubelet = ScriptedKubelet::start(&api, |_| Beginning::Ready);
    let _controller = RolloutsController::start(&api, RolloutsOptions::default());
    for file in &arguments.objects {
        let objects = read(file).with_context(|| format!("failed to read {}", file.display()))?;
        for object in objects {
            api.store()
                .create(object)
                .with_context(|| format!("failed to create what {} holds", file.display()))?;
        }
    }
    if let Some(file) = &arguments.kubeconfig_out {
        std::fs::write(file, api.kubeconfig(&arguments.token))
            .with_context(|| format!("failed to write {}", file.display()))?;
        super::say(&format!("kubeconfig {}", file.display()))?;
    }
    super::show(api.wire(), "kubernetes").await
}

fn read(file: &Path) -> anyhow::Result<Vec<Value>> {
    parse(&std::fs::read_to_string(file)?)
}

fn parse(text: &str) -> anyhow::Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let objects = documents.into_iter().flat_map(|document| match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    });
    Ok(objects.filter(|object| !object.is_null()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_lists_and_json_are_read_alike() {
        let kinds = |text: &str| {
            let objects = parse(text).unwrap();
            objects.iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            kinds("kind: Pod\n---\nkind: List\nitems:\n- kind: Node\n- kind: Event\n"),
            ["Pod", "Node", "Event"]
        );
        assert_eq!(kinds("{\"kind\": \"List\", \"items\": [{\"kind\": \"Rollout\"}]}"), ["Rollout"]);
        assert!(parse("a: [").is_err());
    }
}
