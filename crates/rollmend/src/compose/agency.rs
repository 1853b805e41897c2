//! Finds those who judge and mend as a file asks: models with their tools and their purse, or the rules and the revert.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agents::{
    AnalyzerSettings, Authorities, Crew, FixerSettings, Limits, Meter, Model, ModelAnalyst, ModelFixer,
    ModelSettings, Provider, RevertFixer, RuleAnalyst, ToolChoice,
};
use chrono::Utc;
use domain::Redactor;
use domain::ports::{Analyst, CaseTools, Checkpoints, Code, Fixer, Ledger, Workshop};
use miette::miette;
use secrecy::{ExposeSecret, SecretString};
use tool_kubernetes::{KubernetesCluster, KubernetesTools};
use tool_prometheus::{Prometheus, PrometheusTools};
use tool_repo::{BareClones, RepoTools};

use super::staff::Hired;
use crate::config::{self, Config};

/// What agents work with, whatever the file says.
pub(super) struct Agency {
    pub(super) clones: BareClones,
    /// The live cluster; without it a case's exhibits are all that can be read.
    pub(super) cluster: Option<Arc<KubernetesCluster>>,
    pub(super) prometheus: Option<Arc<Prometheus>>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) checkpoints: Arc<dyn Checkpoints>,
    pub(super) meter: Arc<Meter>,
    /// Every secret that is no model's, by value.
    pub(super) secrets: Vec<String>,
}

/// The models of a file that agents name, and the keys that they were given.
struct Models {
    connected: BTreeMap<String, Model>,
    keys: Vec<String>,
}

impl Agency {
    /// Those whom the file asks for. Nothing is asked of a model yet.
    ///
    /// # Errors
    /// When a model's key cannot be read, or its settings cannot work.
    pub(super) fn hire(&self, config: &Config) -> miette::Result<Hired> {
        let models = Models::of(config)?;
        let secrets = self.secrets.iter().chain(&models.keys).cloned();
        let redactor = Redactor::new(secrets);
        let revert = RevertFixer { code: Arc::new(self.clones.clone()) as Arc<dyn Code> };
        let analyst: Arc<dyn Analyst> = match &config.analyzer {
            None => Arc::new(RuleAnalyst),
            Some(analyzer) => {
                let crew = self.crew(config, models.named(&analyzer.model)?, &redactor);
                Arc::new(ModelAnalyst::new(crew, self.tools(&redactor), analyzer_settings(analyzer)))
            }
        };
        let fixer: Arc<dyn Fixer> = match &config.fixer {
            None => Arc::new(revert),
            Some(fixer) => {
                let crew = self.crew(config, models.named(&fixer.model)?, &redactor);
                let workshop: Arc<dyn Workshop> = Arc::new(self.clones.clone());
                let limits = limits(fixer.max_turns, fixer.timeout);
                Arc::new(ModelFixer::new(crew, workshop, revert, FixerSettings { limits }))
            }
        };
        Ok(Hired { analyst, fixer, secrets: models.keys })
    }

    fn crew(&self, config: &Config, model: Model, redactor: &Redactor) -> Crew {
        Crew {
            model,
            ledger: self.ledger.clone(),
            checkpoints: self.checkpoints.clone(),
            budget: config.budget,
            meter: self.meter.clone(),
            redactor: redactor.clone(),
            now: Arc::new(Utc::now),
        }
    }

    fn tools(&self, redactor: &Redactor) -> Vec<Arc<dyn CaseTools>> {
        let kubernetes = match &self.cluster {
            Some(cluster) => KubernetesTools::new(cluster.clone(), redactor.clone()),
            None => KubernetesTools::frozen(),
        };
        vec![
            Arc::new(kubernetes),
            Arc::new(PrometheusTools::new(self.prometheus.clone())),
            Arc::new(RepoTools::new(self.clones.clone(), redactor.clone())),
        ]
    }
}

impl Models {
    fn of(config: &Config) -> miette::Result<Self> {
        let analyzer = config.analyzer.iter().map(|analyzer| &analyzer.model);
        let wanted = analyzer.chain(config.fixer.iter().map(|fixer| &fixer.model));
        let mut models = Self { connected: BTreeMap::new(), keys: Vec::new() };
        for name in wanted {
            let Some(model) = config.models.get(name).filter(|_| !models.connected.contains_key(name)) else {
                continue;
            };
            let key = model.api_key.as_ref().map(|key| key.reveal(&format!("[models.{name}] api_key")));
            let key: Option<SecretString> = key.transpose()?;
            models.keys.extend(key.iter().map(|key| key.expose_secret().to_owned()));
            let connected = Model::connect(model_settings(name, model, key))
                .map_err(|failure| miette!("{}", failure.sentence()))?;
            models.connected.insert(name.clone(), connected);
        }
        Ok(models)
    }

    fn named(&self, name: &str) -> miette::Result<Model> {
        let model = self.connected.get(name).cloned();
        model.ok_or_else(|| miette!("an agent names the model {name}, and there is no [models.{name}]"))
    }
}

/// A model of the file as agents are given it.
pub(super) fn model_settings(
    name: &str,
    model: &config::Model,
    api_key: Option<SecretString>,
) -> ModelSettings {
    let provider = match &model.provider {
        config::Provider::Anthropic => Provider::Anthropic,
        config::Provider::OpenAi => Provider::OpenAi,
        config::Provider::Gemini => Provider::Gemini,
        config::Provider::Azure { api_version } => Provider::Azure { api_version: api_version.clone() },
        config::Provider::Ollama => Provider::Ollama,
        config::Provider::OpenAiCompatible => Provider::OpenAiCompatible,
    };
    ModelSettings {
        name: name.to_owned(),
        provider,
        model: model.model.clone(),
        base_url: model.base_url.clone(),
        api_key,
        price: model.price,
        max_output_tokens: model.max_output_tokens,
        authorities: model.ca.clone().map(Authorities::File),
    }
}

fn analyzer_settings(analyzer: &config::Analyzer) -> AnalyzerSettings {
    let tools = match &analyzer.tools {
        None => ToolChoice::All,
        Some(names) => ToolChoice::Only(names.iter().cloned().collect()),
    };
    AnalyzerSettings { limits: limits(analyzer.max_turns, analyzer.timeout), tools }
}

fn limits(max_turns: u32, timeout: Duration) -> Limits {
    Limits { max_turns, timeout, ..Limits::default() }
}
