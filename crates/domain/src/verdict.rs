//! The verdict: what broke, how sure we are, and what shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::brief::Suspect;
use crate::cost::Cost;
use crate::gate::Standing;
use crate::id::{AttemptNumber, CaseId, CommitSha, ExhibitId, IncidentId};
use crate::trouble::Fingerprint;

/// What an analyst found in a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The incident.
    pub incident: IncidentId,
    /// The attempt it belongs to.
    pub attempt: AttemptNumber,
    /// The case it was made from.
    pub case: CaseId,
    /// Where the cause lies.
    pub category: Category,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence of at most 200 characters **without text from logs, commits or the cluster's messages**: it goes where text is believed.
    pub headline: String,
    /// What happened, in the voice of the product, for the AnalysisRun and the terminal; may quote evidence.
    pub analysis: String,
    /// The cause in one or two sentences; may quote evidence.
    pub root_cause: String,
    /// What to do next, in one or two sentences.
    pub remediation: String,
    /// What shows it.
    pub claims: Vec<Claim>,
    /// What was looked at and found not to be the cause.
    pub ruled_out: Vec<Claim>,
    /// Commits that may be to blame, most suspicious first.
    pub suspects: Vec<Suspect>,
    /// The canary's commit, where it was traced.
    pub canary_commit: Option<CommitSha>,
    /// What the gate may say.
    pub standing: Standing,
    /// The kinds of trouble it was made for.
    pub fingerprint: Fingerprint,
    /// Who made it.
    pub analyst: AnalystKind,
}

/// Where a cause lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The service's code.
    Code,
    /// Its configuration: pod template, variables, manifests.
    Configuration,
    /// The cluster or something the service depends on.
    Infrastructure,
    /// The AnalysisTemplate itself.
    AnalysisTemplate,
    /// Not known: an honest answer.
    Unknown,
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code => "code",
            Self::Configuration => "configuration",
            Self::Infrastructure => "infrastructure",
            Self::AnalysisTemplate => "analysis template",
            Self::Unknown => "unknown",
        })
    }
}

/// From 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
pub struct Confidence(u8);

impl Confidence {
    /// Clamps to 100.
    pub fn of(value: u8) -> Self {
        Self(value.min(100))
    }

    /// From 0 to 100.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Confidence {
    type Error = &'static str;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if value <= 100 { Ok(Self(value)) } else { Err("confidence is at most 100") }
    }
}

impl From<Confidence> for u8 {
    fn from(confidence: Confidence) -> u8 {
        confidence.0
    }
}

/// A statement with the exhibit that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The exhibit.
    pub exhibit: ExhibitId,
    /// What it shows, in words of ours; text from evidence stands between backticks.
    pub text: String,
    /// The canary's figure, where there is one.
    pub canary: String,
    /// Stable's figure, where there is one.
    pub stable: String,
    /// A quote that stands in the exhibit exactly so.
    pub quote: Option<String>,
}

/// Who made a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnalystKind {
    /// The rules, without a model.
    Rules,
    /// A model, checked.
    Model {
        /// Its name in the file.
        model: String,
        /// What it cost.
        cost: Cost,
    },
    /// The rules, since the model that was asked gave no usable answer.
    RulesInstead {
        /// Why, in words of ours: a fragment that fits after "the rules judged, since".
        why: String,
        /// What it cost.
        cost: Cost,
    },
}
