//! The only way from a verdict to a patch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::brief::{Grounds, Suspect};
use crate::id::{CommitSha, IncidentId};
use crate::incident::IncidentIdentity;
use crate::repository::{Repository, RepositoryStanding};
use crate::verdict::{Category, Confidence, Verdict};

/// The confidence from which a verdict may become a patch, 70 unless the file says otherwise.
pub const MIN_CONFIDENCE: u8 = 70;

/// A verdict that may be mended: a code or configuration cause, sure enough, in an allowed repository, with a suspect.
/// Made by [`Handoff::from_verdict`] alone; the fields are private so that no other can be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    incident: IncidentId,
    identity: IncidentIdentity,
    repository: Repository,
    verdict: Box<Verdict>,
    suspects: Vec<Suspect>,
    canary_commit: CommitSha,
}

/// Why a verdict ends as an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum NoHandoff {
    /// No repository can mend it.
    #[error("open a pull request: the cause is {category}, which no change to the repository mends")]
    NotInRepository {
        /// The category.
        category: Category,
    },
    /// The cause is not known.
    #[error("open a pull request: the cause is not known")]
    Unknown,
    /// Not sure enough.
    #[error("open a pull request: confidence {confidence} is below {needed}")]
    NotSureEnough {
        /// What it is.
        confidence: u8,
        /// What is needed.
        needed: u8,
    },
    /// No repository is named.
    #[error(
        "open a pull request: nothing names the repository; set the annotation rollmend.dev/repository on the Rollout"
    )]
    NoRepository,
    /// The named one is not allowed.
    #[error("open a pull request: {reason}")]
    RepositoryRefused {
        /// Why.
        reason: String,
    },
    /// No commit stands out.
    #[error("open a pull request: no commit of the range stands out")]
    NoSuspect,
}

impl Handoff {
    /// Checks every condition. `suspects` of the result are those whose evidence stands on its own, prime first.
    pub fn from_verdict(
        identity: &IncidentIdentity,
        verdict: &Verdict,
        standing: &RepositoryStanding,
        min_confidence: Confidence,
    ) -> Result<Self, NoHandoff> {
        match verdict.category {
            Category::Code | Category::Configuration => {}
            Category::Unknown => return Err(NoHandoff::Unknown),
            category @ (Category::Infrastructure | Category::AnalysisTemplate) => {
                return Err(NoHandoff::NotInRepository { category });
            }
        }
        // Asked before the confidence, which cannot be high where the repository may not be read.
        let repository = match standing {
            RepositoryStanding::Allowed { repository } => repository.clone(),
            RepositoryStanding::NotNamed => return Err(NoHandoff::NoRepository),
            RepositoryStanding::Refused { reason } => {
                return Err(NoHandoff::RepositoryRefused { reason: reason.clone() });
            }
        };
        if verdict.confidence < min_confidence {
            return Err(NoHandoff::NotSureEnough {
                confidence: verdict.confidence.get(),
                needed: min_confidence.get(),
            });
        }
        let suspects: Vec<Suspect> =
            verdict.suspects.iter().filter(|s| s.grounds != Grounds::Weak).cloned().collect();
        let (Some(_), Some(canary_commit)) = (suspects.first(), verdict.canary_commit.clone()) else {
            return Err(NoHandoff::NoSuspect);
        };
        Ok(Self {
            incident: verdict.incident.clone(),
            identity: identity.clone(),
            repository,
            verdict: Box::new(verdict.clone()),
            suspects,
            canary_commit,
        })
    }

    /// The incident.
    pub fn incident(&self) -> &IncidentId {
        &self.incident
    }

    /// Its identity.
    pub fn identity(&self) -> &IncidentIdentity {
        &self.identity
    }

    /// Where the patch goes.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The verdict.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The commits whose evidence stands on its own, prime first; never empty.
    pub fn suspects(&self) -> &[Suspect] {
        &self.suspects
    }

    /// The canary's commit.
    pub fn canary_commit(&self) -> &CommitSha {
        &self.canary_commit
    }
}
