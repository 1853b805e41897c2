//! What the file says about one model.

use std::path::PathBuf;

use domain::Price;
use secrecy::SecretString;
use url::Url;

/// One `[models.NAME]` of the file. No `Debug` of it shows the key.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// NAME.
    pub name: String,
    /// Whose interface it speaks.
    pub provider: Provider,
    /// What the provider calls the model; for Azure the deployment.
    pub model: String,
    /// Where it is; the provider's own address where absent. Plain http is for a server on this machine or in the cluster.
    pub base_url: Option<Url>,
    /// The key, which goes to the host of the address and nowhere else. Ollama and servers of one's own may need none.
    pub api_key: Option<SecretString>,
    /// What it charges.
    pub price: Price,
    /// The most tokens that it may write in one answer.
    pub max_output_tokens: u32,
    /// Certificate authorities that are trusted beside the system's.
    pub authorities: Option<Authorities>,
}

/// Whose interface a model speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Anthropic's Messages.
    Anthropic,
    /// OpenAI's Chat Completions.
    OpenAi,
    /// Google's Gemini.
    Gemini,
    /// Azure OpenAI; `base_url` is the resource's address, such as `https://NAME.openai.azure.com`.
    Azure {
        /// Such as `2024-10-21`.
        api_version: String,
    },
    /// Ollama.
    Ollama,
    /// Anything that speaks Chat Completions at its `base_url`.
    OpenAiCompatible,
}

/// Certificate authorities in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorities {
    /// A file, read when the model is connected.
    File(PathBuf),
    /// The text itself.
    Pem(Vec<u8>),
}
