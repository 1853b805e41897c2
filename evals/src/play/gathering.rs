//! Reads what a demo left, with the commands and files that any user has.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, ensure};
use domain::Cost;
use domain::ports::{Ledger, RecordedEvent};
use domain::workflow::Run;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{Archive, SqliteJournal};

use super::command::{self, Printed};
use super::last_words;
use crate::remains::{Exported, Incident, Listed, Remains, Replayed};

/// The binary with the configuration that a demo left in its folder.
pub(super) struct Binary<'a> {
    pub(super) program: &'a Path,
    pub(super) configuration: &'a Path,
    pub(super) folder: &'a Path,
}

/// What `rollmend show --json` prints; its case is read from the export.
#[derive(Deserialize)]
struct Shown {
    incident: Run,
    history: Vec<RecordedEvent>,
}

impl Binary<'_> {
    /// Fills in incidents and cost.
    pub(super) async fn gather(&self, remains: &mut Remains) -> anyhow::Result<()> {
        remains.incidents = self.read::<Vec<Listed>>(&["incidents", "--json"]).await?;
        if let Some(latest) = remains.incidents.first() {
            remains.incident = Some(self.incident(&latest.id).await?);
        }
        remains.cost = self.cost(&remains.incidents).await?;
        Ok(())
    }

    async fn incident(&self, id: &str) -> anyhow::Result<Incident> {
        let shown: Shown = self.read(&["show", id, "--json"]).await?;
        let archive = self.folder.join("exported.rollmend.gz");
        let path = archive.display().to_string();
        self.run(&["export", id, "--output", &path]).await?;
        let exported = Archive::read(File::open(&archive)?)
            .map_err(|error| anyhow::anyhow!("failed to {error}"))?
            .cases
            .iter()
            .map(|case| Exported { id: case.id().clone(), case: case.case().clone() })
            .collect();
        let replayed = match self.ask(&["replay", &path]).await? {
            Printed { succeeded: true, .. } => Replayed::Same,
            Printed { output, errors, .. } => {
                let said = format!("{} {errors}", String::from_utf8_lossy(&output));
                Replayed::Differs { said: last_words(&said) }
            }
        };
        Ok(Incident { run: shown.incident, history: shown.history, exported, replayed })
    }

    /// What models cost, fixers' calls included, which no command prints: the ledger knows.
    async fn cost(&self, incidents: &[Listed]) -> anyhow::Result<Cost> {
        let path = self.folder.join("data/rollmend.db");
        let journal =
            SqliteJournal::read_only(&path).await.map_err(|error| anyhow::anyhow!("failed to {error}"))?;
        let mut sum = Cost::default();
        for listed in incidents {
            let spent = journal.spent(&listed.id.parse()?).await;
            sum += spent.map_err(|failure| anyhow::anyhow!(failure.sentence()))?;
        }
        journal.close().await;
        Ok(sum)
    }

    async fn read<T: DeserializeOwned>(&self, arguments: &[&str]) -> anyhow::Result<T> {
        let printed = self.run(arguments).await?;
        serde_json::from_slice(&printed.output)
            .with_context(|| format!("failed to understand what rollmend {} printed", arguments.join(" ")))
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<Printed> {
        let printed = self.ask(arguments).await?;
        ensure!(
            printed.succeeded,
            "rollmend {} failed: {}",
            arguments.join(" "),
            last_words(&printed.errors)
        );
        Ok(printed)
    }

    async fn ask(&self, arguments: &[&str]) -> anyhow::Result<Printed> {
        let mut command = command::quiet(self.program);
        command.args(arguments).arg("--config").arg(self.configuration);
        command::run(&mut command).await
    }
}
