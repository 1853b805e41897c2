//! Asks a provider which models it has: that tells whether the key is good, and costs nothing. No model is asked anything.

use std::time::Duration;

use domain::Failure;
use http::StatusCode;
use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::fault::Fault;
use super::provider;
use super::settings::{ModelSettings, Provider};
use super::transport;

/// For the whole question.
const LIMIT: Duration = Duration::from_secs(10);
/// The version of Anthropic's interface that has the list.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What a provider said when it was asked which models it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// The key is good, and the model is one of those.
    Offered,
    /// The key is good. The model is not in the list, which leaves out what is only another name for one that is.
    NotOffered,
    /// The key is good, and the list does not tell: it names no models, or, with Azure, no deployments.
    KeyGood,
    /// It keeps no list; nothing is known.
    NoList,
}

/// Asks the provider of these settings for its models: `GET /v1/models`, or what the provider calls it.
///
/// # Errors
/// When the settings cannot work, the provider is not there, or it refuses the key; each says what to do.
pub async fn listed(settings: &ModelSettings) -> Result<Listed, Failure> {
    let base = provider::base(settings)?;
    provider::guard_key(settings, &base)?;
    let client = provider::client(settings, &base)?;
    let asked = tokio::time::timeout(LIMIT, ask(request(&client, settings, &base)));
    let (status, body) = match asked.await {
        Ok(answer) => answer.map_err(|fault| unreachable(settings, &fault))?,
        Err(_) => return Err(unreachable(settings, &"it did not answer within 10 s")),
    };
    let own = matches!(settings.provider, Provider::Ollama | Provider::OpenAiCompatible);
    match status.as_u16() {
        200 => Ok(found(settings, &body)),
        401 | 403 => Err(refused(settings, status)),
        404 | 405 | 501 if own => Ok(Listed::NoList),
        429 | 500..=599 => {
            Err(Failure::retry("model-busy", tried(settings, &Fault::Status(status.as_u16()))))
        }
        _ => Err(unreachable(settings, &Fault::Status(status.as_u16()))),
    }
}

fn request(client: &Client, settings: &ModelSettings, base: &Url) -> RequestBuilder {
    let address = base.as_str().trim_end_matches('/');
    let key = settings.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let with = |request: RequestBuilder, header: &str| match &key {
        Some(key) => request.header(header, sensitive(key)),
        None => request,
    };
    match &settings.provider {
        Provider::Anthropic => {
            let request = client.get(format!("{address}/v1/models?limit=1000"));
            with(request.header("anthropic-version", ANTHROPIC_VERSION), "x-api-key")
        }
        Provider::Gemini => {
            with(client.get(format!("{address}/v1beta/models?pageSize=1000")), "x-goog-api-key")
        }
        Provider::Azure { api_version } => {
            let request = client.get(format!("{address}/openai/models?api-version={api_version}"));
            with(request, "api-key")
        }
        Provider::OpenAi | Provider::Ollama | Provider::OpenAiCompatible => {
            let request = client.get(format!("{address}/models"));
            match &key {
                Some(key) => request.bearer_auth(key),
                None => request,
            }
        }
    }
}

/// A key that is no header's value is sent empty, and refused.
fn sensitive(key: &str) -> http::HeaderValue {
    let mut value = http::HeaderValue::from_str(key).unwrap_or(http::HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

async fn ask(request: RequestBuilder) -> Result<(StatusCode, Value), Fault> {
    let response = request.send().await.map_err(|error| transport::of_sending(&error))?;
    let status = response.status();
    if !status.is_success() {
        return Ok((status, Value::Null));
    }
    let body = transport::whole(response).await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// `{"data": [{"id": …}]}`, Gemini's `{"models": [{"name": "models/…"}]}`.
fn found(settings: &ModelSettings, body: &Value) -> Listed {
    if matches!(settings.provider, Provider::Azure { .. }) {
        return Listed::KeyGood;
    }
    let Some(models) = body.get("data").or_else(|| body.get("models")).and_then(Value::as_array) else {
        return match settings.provider {
            Provider::Ollama | Provider::OpenAiCompatible => Listed::NoList,
            _ => Listed::KeyGood,
        };
    };
    let wanted = settings.model.trim_start_matches("models/");
    let latest = format!("{wanted}:latest");
    let is_it = |name: &str| {
        let name = name.trim_start_matches("models/");
        name == wanted || (settings.provider == Provider::Ollama && name == latest)
    };
    let mut names = models.iter().filter_map(|model| model.get("id").or_else(|| model.get("name"))?.as_str());
    if names.any(is_it) { Listed::Offered } else { Listed::NotOffered }
}

fn tried(settings: &ModelSettings, why: &dyn std::fmt::Display) -> String {
    format!("ask the provider of the model {} for its models: {why}", settings.name)
}

fn unreachable(settings: &ModelSettings, why: &dyn std::fmt::Display) -> Failure {
    let advice =
        format!("check base_url in [models.{}], the network policies and proxies on the way", settings.name);
    Failure::ask_human("model-unreachable", tried(settings, why), advice)
}

fn refused(settings: &ModelSettings, status: StatusCode) -> Failure {
    let advice = format!("renew the key that [models.{}] api_key names", settings.name);
    Failure::ask_human("model-key", tried(settings, &Fault::Status(status.as_u16())), advice)
}
