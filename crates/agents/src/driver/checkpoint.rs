//! Where a run has come to, kept so that a restart goes on from there.

use std::time::Duration;

use domain::Cost;
use rig_agent::run::AgentRun;
use serde::{Deserialize, Serialize};

use super::Crew;
use super::patience::Patience;

/// Goes up when what is kept means something else. rig's own format has a version inside.
const FORMAT: u32 = 1;

/// What is kept of a run.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub format: u32,
    /// The conversation, without secrets.
    pub agent: AgentRun,
    /// What lies beside it for the tools.
    pub state: String,
    pub cost: Cost,
    pub patience: Patience,
    /// How long the run has worked before.
    pub worked: Duration,
}

impl Kept {
    /// A run at its beginning.
    pub(super) fn new(agent: AgentRun, state: String) -> Self {
        Self {
            format: FORMAT,
            agent,
            state,
            cost: Cost::default(),
            patience: Patience::default(),
            worked: Duration::ZERO,
        }
    }

    /// The last one under the key. What cannot be read, such as another version's, is as good as none: the run begins anew.
    pub(super) async fn load(crew: &Crew, key: &str) -> Option<Self> {
        let bytes = match crew.checkpoints.load(key).await {
            Ok(bytes) => bytes?,
            Err(failure) => {
                tracing::warn!(%failure, "the run begins anew");
                return None;
            }
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(kept) if kept.format == FORMAT => Some(kept),
            Ok(_) | Err(_) => {
                tracing::warn!("a checkpoint of another version is dropped, the run begins anew");
                None
            }
        }
    }

    /// Keeps it. A run whose checkpoint cannot be kept goes on: what a restart would pay again is bounded by the
    /// budget.
    pub(super) async fn save(self, crew: &Crew, key: &str) {
        let saved = match serde_json::to_vec(&self) {
            Ok(bytes) => crew.checkpoints.save(key, &bytes).await.map_err(|failure| failure.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = saved {
            tracing::warn!(why, "a checkpoint was not kept");
        }
    }
}
