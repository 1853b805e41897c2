//! What models are told: who they are and how they answer, as files beside the code, and evidence set apart as data.
//!
//! Refuses to know any role: what a role is told of its case is the role's.

mod sheet;

pub(crate) use sheet::{Sheet, words};

/// Who the analyzer is.
pub(crate) const ANALYZER: &str = include_str!("../prompts/analyzer.md");
/// Who the fixer is.
pub(crate) const FIXER: &str = include_str!("../prompts/fixer.md");
