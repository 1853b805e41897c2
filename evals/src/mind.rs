//! Who judges and mends in a scenario.

use serde::Serialize;
use url::Url;

/// Who judges and mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Mind {
    /// The rules alone: what must come of a scenario is known.
    Rules,
    /// A model: what comes of it is measured.
    Model(GivenModel),
}

/// A model behind something that speaks `OpenAI`'s Chat Completions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GivenModel {
    /// What its provider calls it.
    pub name: String,
    /// Where it is reached.
    pub base_url: Url,
    /// The environment variable with its key; the key itself is never read here.
    pub key: Option<String>,
}

impl Mind {
    /// What `rollmend demo` is told beside the scenario.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Self::Model(model) = self else { return Vec::new() };
        let mut arguments = vec![
            "--model".to_owned(),
            "openai-compatible".to_owned(),
            "--base-url".to_owned(),
            model.base_url.to_string(),
            "--model-name".to_owned(),
            model.name.clone(),
        ];
        if let Some(variable) = &model.key {
            arguments.extend(["--api-key-env".to_owned(), variable.clone()]);
        }
        arguments
    }

    /// Its name in a line of a report.
    pub fn words(&self) -> String {
        match self {
            Self::Rules => "the rules, no model".to_owned(),
            Self::Model(model) => format!("the model {}", model.name),
        }
    }
}
