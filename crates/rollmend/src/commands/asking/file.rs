//! The file for one question, with the agents that a person wants this time.

use std::path::Path;

use agents::voice::plain::plain;
use miette::miette;

use super::{Subject, Work};
use crate::cli::ModelChoice;
use crate::config::{Analyzer, Config, ConfigError, Fixer};

/// Without a file there is still a cluster to ask, or a case.
pub(super) fn configuration(path: &Path, subject: &Subject) -> miette::Result<(Config, Vec<String>)> {
    let path = match (Config::read(path), subject) {
        (Ok(config), _) => return Ok((config, Vec::new())),
        (Err(ConfigError::Absent { path }), Subject::Rollout(_) | Subject::Archive(_)) => path,
        (Err(error), _) => return Err(error.into()),
    };
    let config = Config::parse("", "").map_err(miette::Report::from)?;
    let notes = match subject {
        Subject::Rollout(_) => vec![format!(
            "{} does not exist: no Prometheus is asked and no repository read; `rollmend init` writes one",
            path.display()
        )],
        Subject::Archive(_) | Subject::Incident(_) => Vec::new(),
    };
    Ok((config, notes))
}

/// The file with the agents that a person wants this time. Whoever only judges needs no fixer's key.
pub(super) fn chosen(config: Config, choice: ModelChoice, work: Work) -> miette::Result<Config> {
    let config = match choice {
        ModelChoice::AsFile => config,
        ModelChoice::None => Config { analyzer: None, fixer: None, ..config },
        ModelChoice::Named(name) if config.models.contains_key(&name) => asking(config, &name),
        ModelChoice::Named(name) => return Err(not_there(&config, &name)),
    };
    let fixer = config.fixer.filter(|_| work == Work::Mend);
    Ok(Config { fixer, ..config })
}

/// Both agents with this model, and else as the file says.
fn asking(config: Config, name: &str) -> Config {
    let model = name.to_owned();
    let analyzer = match config.analyzer {
        Some(analyzer) => Analyzer { model: model.clone(), ..analyzer },
        None => Analyzer::asking(model.clone()),
    };
    let fixer = match config.fixer {
        Some(fixer) => Fixer { model, ..fixer },
        None => Fixer::asking(model),
    };
    Config { analyzer: Some(analyzer), fixer: Some(fixer), ..config }
}

fn not_there(config: &Config, name: &str) -> miette::Report {
    let names: Vec<&str> = config.models.keys().map(String::as_str).collect();
    let has =
        if names.is_empty() { "it names none".to_owned() } else { format!("it has {}", names.join(", ")) };
    let advice = format!("--model takes a NAME of [models.NAME] in agents.toml; {has}");
    miette!(help = advice, "there is no [models.{}]", plain(name, 100))
}
