//! What `doctor` looks through: each room with the key that the daemon would give it, and none that does anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use agents::ModelSettings;
use domain::ports::Metrics;
use miette::{Context, IntoDiagnostic, miette};
use secrecy::SecretString;
use tempfile::TempDir;
use tool_github::GitHub;
use tool_kubernetes::{ClusterSettings, Connection, Inspection, connect};
use tool_repo::BareClones;

use super::agency::model_settings;
use super::leadership::own_namespace;
use super::{Keys, clones, cluster_settings, forge, prometheus};
use crate::config::{Access, Config, Model, Secret};

/// The rooms, one by one.
pub(crate) struct Probes {
    config: Config,
    keys: Keys,
    _clones: TempDir,
}

impl Probes {
    /// Reads what secrets can be read, and connects to nothing yet.
    pub(crate) fn new(config: &Config) -> miette::Result<Self> {
        let folder = tempfile::tempdir().into_diagnostic().wrap_err("failed to make a folder for clones")?;
        let mut config = config.clone();
        config.daemon.clones = folder.path().join("clones");
        let (keys, _) = Keys::readable(&config);
        Ok(Self { config, keys, _clones: folder })
    }

    /// Every secret that the file names, with what is wrong with it.
    pub(crate) fn secrets(&self) -> Vec<(String, Result<(), String>)> {
        let mut named: Vec<(String, &Secret)> = Vec::new();
        if let Access::Tokens { token, gate } = &self.config.daemon.access {
            named.push(("[daemon] auth.token".to_owned(), token));
            named.extend(gate.as_ref().map(|gate| ("[daemon] auth.gate_token".to_owned(), gate)));
        }
        named.extend(self.config.github.as_ref().map(|github| ("[github] token".to_owned(), &github.token)));
        for (name, model) in self.named_models() {
            named.extend(model.api_key.as_ref().map(|key| (key_of(&name), key)));
        }
        let read =
            |secret: miette::Result<SecretString>| secret.map(|_| ()).map_err(|error| error.to_string());
        let revealed = |(key, secret): (String, &Secret)| {
            let revealed = read(secret.reveal(&key).map_err(Into::into));
            (key, revealed)
        };
        named.into_iter().map(revealed).collect()
    }

    /// The models that agents name, as an agent would be given them; fails without the key.
    pub(crate) fn models(&self) -> Vec<(String, miette::Result<ModelSettings>)> {
        let settings = |(name, model): (String, &Model)| {
            let key = model.api_key.as_ref().map(|key| key.reveal(&key_of(&name))).transpose();
            let settings = key.map(|key| model_settings(&name, model, key)).map_err(Into::into);
            (name, settings)
        };
        self.named_models().into_iter().map(settings).collect()
    }

    /// Each once.
    fn named_models(&self) -> Vec<(String, &Model)> {
        let Config { analyzer, fixer, models, .. } = &self.config;
        let analyzers = analyzer.iter().map(|analyzer| &analyzer.model);
        let names: BTreeSet<&String> = analyzers.chain(fixer.iter().map(|fixer| &fixer.model)).collect();
        names.into_iter().filter_map(|name| Some((name.clone(), models.get(name)?))).collect()
    }

    /// The API server.
    pub(crate) async fn cluster(&self, connection: &Connection) -> miette::Result<Inspection> {
        let client = connect(connection).await.map_err(|error| miette!("failed to {error}"))?;
        Ok(Inspection::new(client))
    }

    /// What of the cluster is watched, and where the daemon's Lease would be for who runs here.
    pub(crate) fn cluster_settings(&self, connection: &Connection) -> miette::Result<ClusterSettings> {
        let lease = own_namespace(connection)?;
        Ok(ClusterSettings { lease, ..cluster_settings(&self.config) })
    }

    /// The one Prometheus, where there is one.
    pub(crate) fn metrics(&self) -> miette::Result<Option<Arc<dyn Metrics>>> {
        Ok(prometheus(&self.config)?.map(|prometheus| prometheus as _))
    }

    /// GitHub, where there is a token for it.
    pub(crate) fn forge(&self) -> miette::Result<Option<GitHub>> {
        forge(&self.config, &self.keys)
    }

    /// The git server.
    pub(crate) fn clones(&self) -> BareClones {
        clones(&self.config, &self.keys)
    }
}

/// The key of the file that names a model's key.
fn key_of(model: &str) -> String {
    format!("[models.{model}] api_key")
}
