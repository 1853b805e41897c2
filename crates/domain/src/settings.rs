//! What an operator decides, as far as the rules need it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the daemon goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Writes nothing outside.
    Observe,
    /// Explains in the cluster, never pushes.
    #[default]
    Explain,
    /// Opens pull requests.
    Propose,
}

/// Whether the verdict also goes into an annotation of the Rollout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Annotate {
    /// It does; a right of its own is needed.
    Yes,
    /// It does not.
    #[default]
    No,
}
