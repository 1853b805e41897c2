//! Plays a scenario through the binary, as a person at a terminal would.

mod command;
mod gate;
mod gathering;
mod repository;
mod telling;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use domain::Cost;

use self::command::Printed;
use self::gathering::Binary;
use self::telling::Told;
use crate::mind::Mind;
use crate::remains::{Ended, Remains};
use crate::scenario::Scenario;

/// The longest a demo by the rules takes, several times over: it gives up by itself when a step of it takes 45 s.
const LIMIT: Duration = Duration::from_secs(180);
/// The same with a model, for which the demo waits 600 s per step.
const LIMIT_WITH_MODEL: Duration = Duration::from_secs(1_800);
/// The last part of what a failed command said.
const SAID: usize = 600;

/// Plays scenarios with one binary.
#[derive(Debug, Clone)]
pub struct Player {
    binary: PathBuf,
    mind: Mind,
}

impl Player {
    /// For that `rollmend`, with that mind.
    pub fn new(binary: PathBuf, mind: Mind) -> Self {
        Self { binary, mind }
    }

    /// Plays a scenario and leaves everything in `folder`, which must be new or empty. A story that does not come to its end is a result
    /// like any other; needs git on PATH.
    ///
    /// # Errors
    /// When the binary cannot be started, or what it left cannot be read.
    pub async fn play(&self, scenario: &Scenario, folder: &Path) -> anyhow::Result<Remains> {
        let begun = Instant::now();
        let (told, printed) = self.tell(scenario, folder).await?;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = match printed {
            Printed { succeeded: true, .. } => Ended::Well,
            Printed { errors, .. } => Ended::Badly { said: last_words(&errors) },
        };
        let configuration = folder.join("agents.toml");
        let mut remains = Remains {
            ended,
            incidents: Vec::new(),
            incident: None,
            gate: told.gate,
            pull_requests: Vec::new(),
            commits: Vec::new(),
            cost: Cost::default(),
            took_ms,
        };
        if configuration.is_file() {
            let binary = Binary { program: &self.binary, configuration: &configuration, folder };
            binary.gather(&mut remains).await?;
        }
        let bare = folder.join("github/acme/shop.git");
        if bare.is_dir() {
            let read = || -> Result<_, git2::Error> {
                let repository = git2::Repository::open_bare(&bare)?;
                Ok((repository::pull_requests(&repository)?, repository::commits(&repository)?))
            };
            (remains.pull_requests, remains.commits) =
                read().with_context(|| format!("failed to read {}", bare.display()))?;
        }
        Ok(remains)
    }

    async fn tell(&self, scenario: &Scenario, folder: &Path) -> anyhow::Result<(Told, Printed)> {
        let mut command = command::quiet(&self.binary);
        command.args(["demo", "--json", "--scenario", &scenario.demo, "--keep"]).arg(folder);
        command.args(self.mind.arguments());
        let limit = match self.mind {
            Mind::Rules => LIMIT,
            Mind::Model(_) => LIMIT_WITH_MODEL,
        };
        telling::follow(command, limit).await
    }
}

/// The end of what was said, in one line.
fn last_words(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let surplus = words.chars().count().saturating_sub(SAID);
    words.chars().skip(surplus).collect()
}
