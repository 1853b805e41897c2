//! The command lines of `demo` and of the shop that it runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shop::{Plot, Release};
use url::Url;

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// What happens.
    #[arg(long, value_enum, default_value_t = Scenario::Failing)]
    pub(crate) scenario: Scenario,
    /// Keep everything in this folder, which must be new or empty; a fresh temporary one when absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Print each happening as a line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelOptions,
}

/// The model that judges and mends, where one is to.
#[derive(Debug, Args)]
pub(crate) struct ModelOptions {
    /// Let a model judge and mend, as `[agents]` of agents.toml does; the rules alone when absent.
    #[arg(long, value_enum, value_name = "PROVIDER", requires_all = ["base_url", "model_name"])]
    pub(super) model: Option<ModelProvider>,
    /// Where it is reached, such as `http://localhost:8000/v1`; what is read of a case goes there.
    #[arg(long, value_name = "URL", requires = "model")]
    pub(super) base_url: Option<Url>,
    /// What its provider calls it.
    #[arg(long, value_name = "NAME", requires = "model")]
    pub(super) model_name: Option<String>,
    /// The environment variable with its key; none is sent when absent.
    #[arg(long, value_name = "VARIABLE", requires = "model")]
    pub(super) api_key_env: Option<String>,
}

/// Who answers for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelProvider {
    /// Anything that speaks OpenAI's Chat Completions.
    OpenaiCompatible,
}

/// A model that the demo was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenModel {
    /// What its provider calls it.
    pub(super) name: String,
    pub(super) base_url: Url,
    /// The variable with its key.
    pub(super) key: Option<String>,
}

/// What happens in a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The canary has a bug: it is explained, and a pull request undoes it.
    Failing,
    /// The canary is good: it is promoted, and nothing else happens.
    Healthy,
    /// The canary keeps memory until it is killed for it.
    Leak,
    /// A commit of the canary's changed a value in the manifest: that value alone is set back.
    Config,
    /// The canary is good and its analysis is not: that is explained, and no code is changed.
    Template,
}

/// The shop, as the stand-in for the kubelet starts it.
#[derive(Debug, Args)]
pub(crate) struct ShopOptions {
    /// Which release.
    #[arg(long)]
    pub(crate) release: Release,
    /// The loopback port.
    #[arg(long)]
    pub(crate) port: u16,
}

impl Scenario {
    /// The history that the shop's repository gets.
    pub(super) fn plot(self) -> Plot {
        match self {
            Scenario::Failing => Plot::Faulty,
            Scenario::Healthy | Scenario::Template => Plot::Sound,
            Scenario::Leak => Plot::Leaking,
            Scenario::Config => Plot::Misconfigured,
        }
    }
}

impl ModelOptions {
    /// The model, where the command line names one.
    pub(super) fn given(&self) -> Option<GivenModel> {
        // The parser sees to it that address and name come with the provider.
        let ModelProvider::OpenaiCompatible = self.model?;
        Some(GivenModel {
            name: self.model_name.clone()?,
            base_url: self.base_url.clone()?,
            key: self.api_key_env.clone(),
        })
    }
}
