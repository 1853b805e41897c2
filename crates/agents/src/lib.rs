//! Who judges a case, who mends it, and how rollmend speaks of both.
//!
//! - [`RuleAnalyst`] makes a verdict of a digested case by rules alone; what it cannot know it calls unknown.
//! - [`ModelAnalyst`] asks a model beside the rules, and believes what the evidence shows.
//! - [`RevertFixer`] makes a proposal of a handoff: the prime suspect, reverted.
//! - [`ModelFixer`] lets a model write the patch with checked edits, and falls back to the revert.
//! - [`voice`] puts everything into words: pull requests, Events, the gate's answers, comments, the terminal.
//!
//! All of them read text that anyone can write (logs, commit subjects, the cluster's messages). None of it is followed, and none
//! of it leaves unfenced: see [`voice::plain`] and [`voice::markdown`].
//!
//! Refuses to know: Kubernetes, GitHub, SQL, git, and any clock.

#![forbid(unsafe_code)]

mod analyst;
mod analyzer;
mod driver;
mod facts;
mod failure;
mod fixer;
mod mender;
mod models;
mod prompts;
pub mod voice;

pub use analyst::RuleAnalyst;
pub use analyzer::{AnalyzerSettings, ModelAnalyst, ToolChoice};
pub use driver::{Clock, Crew, Limits};
pub use fixer::RevertFixer;
pub use mender::{FixerSettings, ModelFixer};
pub use models::{Authorities, Listed, Meter, Model, ModelSettings, Provider, listed};
pub use voice::Speaker;
