//! From settings to a model of rig's.

use std::time::Duration;

use domain::Failure;
use reqwest::{Certificate, Client, redirect};
use rig_core::DynModel;
use rig_core::operation::Completion;
use rig_core::providers::anthropic::wire::AnthropicConfig;
use rig_core::providers::gemini::GeminiConfig;
use rig_core::providers::openai::wire::{AZURE, Auth, Dialect, OLLAMA, OPENAI, OpenAIConfig, Route};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::pace::Pace;
use super::settings::{Authorities, ModelSettings, Provider};
use super::transport::Transport;

/// How long a connection may take. An answer has the time of the run.
const CONNECT: Duration = Duration::from_secs(10);

/// The model, with one client of its own for as long as it lives.
pub(super) fn connect(settings: &ModelSettings, pace: Pace) -> Result<DynModel<Completion>, Failure> {
    let base = base(settings)?;
    let key = settings.api_key.as_ref().map(|key| key.expose_secret().to_owned()).unwrap_or_default();
    guard_key(settings, &base)?;
    let transport = Transport::new(client(settings, &base)?, &base, pace);
    let address = base.as_str().trim_end_matches('/').to_owned();
    let model = settings.model.as_str();
    Ok(match &settings.provider {
        Provider::Anthropic => {
            AnthropicConfig::new(key).with_base_url(address).connect(transport).completion(model).erase()
        }
        Provider::Gemini => {
            GeminiConfig::new(key).with_base_url(address).connect(transport).completion(model).erase()
        }
        Provider::Azure { api_version } => chat(&AZURE, key, address)
            .with_api_version(api_version)
            .connect(transport)
            .completion(model)
            .erase(),
        Provider::OpenAi => chat(&OPENAI, key, address).connect(transport).completion(model).erase(),
        Provider::Ollama => chat(&OLLAMA, key, address).connect(transport).completion(model).erase(),
        Provider::OpenAiCompatible => compatible(key, address).connect(transport).completion(model).erase(),
    })
}

fn chat(dialect: &Dialect, key: String, address: String) -> OpenAIConfig {
    OpenAIConfig::with_key(dialect, key).with_base_url(address).with_route(Route::Chat)
}

/// As OpenAI's own, in the words that every server of its kind knows, and without a key where none is set.
fn compatible(key: String, address: String) -> OpenAIConfig {
    let mut config = chat(&Dialect::gateway("openai-compatible", "", ""), key, address);
    config.auth = Auth::OptionalBearer;
    config
}

/// The configured address, or the provider's own.
pub(super) fn base(settings: &ModelSettings) -> Result<Url, Failure> {
    let own = match settings.provider {
        Provider::Anthropic => Some("https://api.anthropic.com"),
        Provider::OpenAi => Some("https://api.openai.com/v1"),
        Provider::Gemini => Some("https://generativelanguage.googleapis.com"),
        Provider::Ollama => Some("http://localhost:11434/v1"),
        Provider::Azure { .. } | Provider::OpenAiCompatible => None,
    };
    let base = settings.base_url.clone().or_else(|| own.and_then(|own| Url::parse(own).ok()));
    base.filter(|base| matches!(base.scheme(), "http" | "https") && base.host().is_some())
        .ok_or_else(|| unusable(settings, "set base_url to an http or https address"))
}

/// A key is sent in the clear only to this machine and within the cluster.
pub(super) fn guard_key(settings: &ModelSettings, base: &Url) -> Result<(), Failure> {
    let needs_key = !matches!(settings.provider, Provider::Ollama | Provider::OpenAiCompatible);
    match settings.api_key {
        None if needs_key => Err(unusable(settings, "set api_key")),
        Some(_) if base.scheme() == "http" && !is_near(base) => {
            Err(unusable(settings, "use https, since the key would be sent in the clear"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Loopback, or a name that only a cluster's resolver knows.
fn is_near(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let mut labels = name.trim_end_matches('.').rsplit('.');
            let last = (labels.next(), labels.next());
            matches!(last, (Some(_), None) | (Some("svc"), _) | (Some("local"), Some("cluster")))
        }
        None => false,
    }
}

pub(super) fn client(settings: &ModelSettings, base: &Url) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .user_agent(concat!("rollmend/", env!("CARGO_PKG_VERSION")));
    if base.scheme() == "http" {
        builder = builder.no_proxy();
    }
    if let Some(authorities) = &settings.authorities {
        builder = builder.tls_certs_merge(certificates(settings, authorities)?);
    }
    builder.build().map_err(|error| Failure::give_up("model-client", "set up a TLS client").because(error))
}

fn certificates(settings: &ModelSettings, authorities: &Authorities) -> Result<Vec<Certificate>, Failure> {
    let unreadable = || unusable(settings, "name a readable PEM file of certificate authorities");
    let pem = match authorities {
        Authorities::File(path) => std::fs::read(path).map_err(|error| unreadable().because(error))?,
        Authorities::Pem(pem) => pem.clone(),
    };
    Certificate::from_pem_bundle(&pem).map_err(|error| unreadable().because(error.without_url()))
}

fn unusable(settings: &ModelSettings, advice: &str) -> Failure {
    let name = &settings.name;
    Failure::ask_human(
        "model-settings",
        format!("use the model {name}"),
        format!("in [models.{name}] {advice}"),
    )
}
