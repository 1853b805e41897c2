//! What a model may call: one trait, so that every driver, protocol and test sees the same tool.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// Something that a model may call. What it returns is data that anyone may have written: the driver fences it.
#[async_trait]
pub trait Tool: Send + Sync {
    /// Its name among the tools of a run: `[a-z_]`, at most 64 characters.
    fn name(&self) -> &'static str;

    /// What it gives and when to use it, for the model.
    fn description(&self) -> &'static str;

    /// The JSON schema of its arguments, an object; see [`schema_of`].
    fn schema(&self) -> Value;

    /// Whether calling it changes anything. In doubt it does.
    fn access(&self) -> ToolAccess;

    /// Does it. The arguments come from a model and are checked here; see [`arguments`].
    async fn call(&self, arguments: Value) -> Result<ToolOutput, ToolFailure>;
}

/// Whether a tool changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolAccess {
    /// It only reads: it may run beside others, and an identical call need not be made twice.
    ReadOnly,
    /// It changes something: it runs alone, in the order asked for, each time.
    Changes,
}

/// What a tool found, within the room that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutput {
    /// The result; hostile text.
    pub text: String,
    /// What was left out, and which call gives it; in words of ours.
    pub rest: Option<String>,
}

impl ToolOutput {
    /// A result that is whole.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { text: text.into(), rest: None }
    }
}

/// Why a tool gave nothing, by who can act on it.
#[derive(Debug, thiserror::Error)]
pub enum ToolFailure {
    /// The model: it is told this sentence, and may try again with other arguments.
    #[error("{0}")]
    Model(String),
    /// Nobody in the conversation: the run ends.
    #[error(transparent)]
    Nobody(#[from] Failure),
}

/// The JSON schema of a tool's arguments, without what only validators of whole documents need.
pub fn schema_of<A: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(A).to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
        fields.remove("title");
        fields.entry("properties").or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    schema
}

/// The arguments, or what does not fit, for the model.
pub fn arguments<A: DeserializeOwned>(arguments: Value) -> Result<A, ToolFailure> {
    let arguments = if arguments.is_null() { Value::Object(serde_json::Map::new()) } else { arguments };
    serde_json::from_value(arguments)
        .map_err(|error| ToolFailure::Model(format!("the arguments do not fit the schema: {error}")))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        /// Which.
        path: String,
    }

    #[test]
    fn a_schema_says_what_a_call_needs_and_a_call_that_lacks_it_is_told_what() {
        let expected = json!({
            "type": "object", "required": ["path"], "additionalProperties": false,
            "properties": {"path": {"type": "string", "description": "Which."}},
        });
        assert_eq!(schema_of::<Wanted>(), expected);
        assert_eq!(arguments::<Wanted>(json!({"path": "a"})).unwrap(), Wanted { path: "a".to_owned() });
        let told = arguments::<Wanted>(json!({"file": "a"})).unwrap_err().to_string();
        assert!(told.contains("unknown field `file`"), "{told}");
    }
}
