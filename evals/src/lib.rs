//! How well rollmend does: scenarios are played through the real binary, and what they leave behind is scored.
//!
//! A scenario is data, `scenarios/*.toml`: what is played and what must come of it ([`Scenario`]). It is played as a person would play it:
//! the command line, the door of the gate, the files and the git repository that are left (`play`). What was left is a value
//! ([`Remains`]), and a scorer is a pure function over it ([`SCORERS`]), so that each can be shown to fail without playing anything.
//!
//! Refuses to know: how the binary comes to anything. Of its rooms it reads what users read: the nouns of `domain`, in which commands print and
//! archives are written, and from `store` the archive's reader and the ledger of what models cost.

mod commit;
mod mind;
mod play;
mod remains;
mod report;
mod scenario;
mod score;
mod scorers;

pub use commit::{Commit, Tree};
pub use mind::{GivenModel, Mind};
pub use play::Player;
pub use remains::{Ended, Exported, GateAnswer, Incident, Listed, PullRequest, Remains, Replayed};
pub use report::{PlayedOnce, Report, ScenarioReport};
pub use scenario::{Band, ExpectedGate, ExpectedPatch, ExpectedVerdict, Layer, Scenario, read_all};
pub use score::{Bond, Finding, Measures, Scored, Weight};
pub use scorers::{SCORERS, Scorer, score};
