//! Every `[models.NAME]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::Price;
use url::Url;

use super::github::{authorities, is_loopback};
use super::key::{Key, live};
use super::secret::Secret;
use super::section::{At, Section};

/// A model that agents may name.
#[expect(clippy::struct_field_names, reason = "the fields are named as the keys of the file")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    /// `provider`.
    pub(crate) provider: Provider,
    /// `model`: what the provider calls it.
    pub(crate) model: String,
    /// `base_url`, or Azure's `endpoint`; the provider's own when absent.
    pub(crate) base_url: Option<Url>,
    /// `api_key`; there unless the provider is Ollama or an OpenAI-compatible one.
    pub(crate) api_key: Option<Secret>,
    /// `price`.
    pub(crate) price: Price,
    /// `max_output_tokens`; 4,096 when absent.
    pub(crate) max_output_tokens: u32,
    /// `ca`: certificates that are trusted besides the usual ones, PEM.
    pub(crate) ca: Option<PathBuf>,
}

/// Who answers, and in which shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Provider {
    /// Anthropic's Messages API.
    Anthropic,
    /// `OpenAI`'s Chat Completions API.
    OpenAi,
    /// Google's Gemini API.
    Gemini,
    /// Azure's, at the `base_url`, which the file calls `endpoint`.
    Azure {
        /// `api_version`.
        api_version: String,
    },
    /// Ollama on a host of one's own.
    Ollama,
    /// Anything that speaks Chat Completions at `base_url`.
    OpenAiCompatible,
}

/// A provider as it is named; Azure's particulars have keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Anthropic,
    OpenAi,
    Gemini,
    Azure,
    Ollama,
    OpenAiCompatible,
}

const PROVIDERS: [(&str, Named); 6] = [
    ("anthropic", Named::Anthropic),
    ("openai", Named::OpenAi),
    ("gemini", Named::Gemini),
    ("azure", Named::Azure),
    ("ollama", Named::Ollama),
    ("openai-compatible", Named::OpenAiCompatible),
];
const ABOUT: &str = "A model that agents may name. The names are yours: lower-case letters, digits, `-` and `_`. What is read of a case goes to its provider, with secrets taken out.";
const PROVIDER: Key = live("provider", "Who answers.").or("needed");
const MODEL: Key =
    live("model", "What the provider calls the model; for Azure, the deployment.").or("needed");
const BASE_URL: Key = live(
    "base_url",
    "Where the provider is reached; the key goes there alone. `openai-compatible` needs it. `http` is for loopback, and for `ollama` and `openai-compatible`, which often lie in the same cluster: evidence and key then cross its network unencrypted.",
)
.or("the provider's own, for `ollama` `http://localhost:11434`");
const API_KEY: Key = live("api_key", "The key.").or("needed, but for `ollama` and `openai-compatible`");
const PRICE: &str = "price";
const INPUT: Key =
    live("input_per_million", "What a million tokens cost that are sent; budgets count with it.")
        .or("needed, but 0 for `ollama` and `openai-compatible`");
const OUTPUT: Key =
    live("output_per_million", "What a million tokens cost that the model writes.").or("as above");
const MAX_OUTPUT: Key =
    live("max_output_tokens", "The longest answer, in tokens. A budget holds back so much before each call.");
const CA: Key =
    live("ca", "Certificates that are trusted besides the usual ones, PEM.").or("the usual ones alone");
const ENDPOINT: Key = live("endpoint", "For `azure`: the address of the resource.").or("needed for `azure`");
const API_VERSION: Key = live("api_version", "For `azure`: the version of its API, such as `2024-10-21`.")
    .or("needed for `azure`");
/// The longest name of a model, ours and the provider's, in bytes.
const LONGEST_NAME: usize = 200;

pub(super) fn read(root: &Section<'_>) -> BTreeMap<String, At<Option<Model>>> {
    let sections = root.named("models", ABOUT).into_iter();
    sections
        .map(|(name, section)| {
            check_name(&section, &name);
            let model = model(section);
            (name.value, At { value: model, span: name.span })
        })
        .collect()
}

fn check_name(section: &Section<'_>, name: &At<String>) {
    let is_fit =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_');
    let fits = (1..=63).contains(&name.value.len()) && name.value.chars().all(is_fit);
    if !fits {
        let what = format!("[models] has the name {:?}", name.value);
        section.problem(name.span.clone(), what, "write at most 63 lower-case letters, digits, - and _");
    }
}

/// `None` where something is missing that a model cannot be without; that is a problem then.
fn model(section: Section<'_>) -> Option<Model> {
    let named = section.choice(PROVIDER, &PROVIDERS);
    if named.is_none() && !section.has(PROVIDER.name) {
        needed(&section, PROVIDER, "provider = \"anthropic\"");
    }
    let model = name_at_provider(&section);
    let base_url = base_url(&section, named);
    let api_key = Secret::read(&section, API_KEY);
    let price = price(&section, named);
    let max_output_tokens = section.integer(MAX_OUTPUT, 256..200_001, 4_096);
    let ca = authorities(&section, CA);
    let endpoint = section.parsed::<Url>(ENDPOINT, "URL");
    let endpoint = endpoint.and_then(|url| address(&section, ENDPOINT, url, false));
    let provider = provider(&section, named);
    azures_own(&section, named);
    if named.is_some_and(is_paid) && !section.has(API_KEY.name) {
        needed(&section, API_KEY, "api_key = { env = \"NAME\" }");
    }
    section.finish();
    Some(Model {
        provider: provider?,
        model: model?,
        base_url: base_url.or(endpoint),
        api_key,
        price,
        max_output_tokens: u32::try_from(max_output_tokens).ok()?,
        ca,
    })
}

/// Whether the provider takes a key and money.
fn is_paid(named: Named) -> bool {
    !matches!(named, Named::Ollama | Named::OpenAiCompatible)
}

fn needed(section: &Section<'_>, key: Key, example: &str) {
    let what = format!("{} is missing", section.name(key.name));
    section.problem(section.span(), what, format!("add {example}"));
}

fn name_at_provider(section: &Section<'_>) -> Option<String> {
    let Some(model) = section.text(MODEL) else {
        if !section.has(MODEL.name) {
            needed(section, MODEL, "model = \"…\", as the provider calls it");
        }
        return None;
    };
    if model.value.is_empty() || model.value.len() > LONGEST_NAME || model.value.contains(char::is_control) {
        let what = format!("{} is {:?}", section.name(MODEL.name), model.value);
        section.problem(model.span, what, "write the name as the provider has it");
        return None;
    }
    Some(model.value)
}

fn base_url(section: &Section<'_>, named: Option<Named>) -> Option<Url> {
    let Some(url) = section.parsed::<Url>(BASE_URL, "URL") else {
        if named == Some(Named::OpenAiCompatible) && !section.has(BASE_URL.name) {
            needed(section, BASE_URL, "base_url = \"http://vllm.models:8000/v1\"");
        }
        return None;
    };
    address(section, BASE_URL, url, named.is_some_and(|named| !is_paid(named)))
}

/// An address without credentials; over `http` where it stays on this machine or `in_clear` says that it may.
fn address(section: &Section<'_>, key: Key, url: At<Url>, in_clear: bool) -> Option<Url> {
    let At { value: url, span } = url;
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => in_clear || is_loopback(&url),
        _ => false,
    };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if is_safe && is_plain && url.has_host() {
        return Some(url);
    }
    let what = format!("{} is \"{}\"", section.name(key.name), url.origin().ascii_serialization());
    let advice = "write https:// and the host, without credentials and query (http is for loopback, and for ollama and openai-compatible)";
    section.problem(span, what, advice);
    None
}

fn provider(section: &Section<'_>, named: Option<Named>) -> Option<Provider> {
    let api_version = section.text(API_VERSION);
    Some(match named? {
        Named::Anthropic => Provider::Anthropic,
        Named::OpenAi => Provider::OpenAi,
        Named::Gemini => Provider::Gemini,
        Named::Azure => Provider::Azure { api_version: api_version?.value },
        Named::Ollama => Provider::Ollama,
        Named::OpenAiCompatible => Provider::OpenAiCompatible,
    })
}

/// Azure needs keys that the others have not, and has another name for its address.
fn azures_own(section: &Section<'_>, named: Option<Named>) {
    let Some(named) = named else { return };
    let own = [
        (ENDPOINT, "endpoint = \"https://NAME.openai.azure.com\""),
        (API_VERSION, "api_version = \"2024-10-21\""),
    ];
    for (key, example) in own {
        match (named, section.has(key.name)) {
            (Named::Azure, false) => needed(section, key, example),
            (Named::Azure, true) | (_, false) => {}
            (_, true) => {
                let what = format!("{} is for azure alone", section.name(key.name));
                section.problem(section.span(), what, "take it out; the others have base_url");
            }
        }
    }
    if named == Named::Azure && section.has(BASE_URL.name) {
        let what = format!("{} is not for azure", section.name(BASE_URL.name));
        section.problem(section.span(), what, "write it as endpoint");
    }
}

fn price(section: &Section<'_>, named: Option<Named>) -> Price {
    let price = section.section(PRICE);
    let (input, output) = (price.dollars(INPUT), price.dollars(OUTPUT));
    let is_whole = price.has(INPUT.name) && price.has(OUTPUT.name);
    if !is_whole && (price.is_present() || named.is_some_and(is_paid)) {
        let what = format!("{} is not whole: a budget counts with it", section.name(PRICE));
        let advice = "add price = { input_per_million = 3.0, output_per_million = 15.0 }, in US dollars";
        price.problem(price.span(), what, advice);
    }
    price.finish();
    Price { input: input.map_or(0, |at| at.value), output: output.map_or(0, |at| at.value) }
}
