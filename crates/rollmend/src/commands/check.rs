//! `rollmend check`.

use std::path::Path;

use crate::cli::CheckOptions;
use crate::config::{Config, ConfigError};
use crate::console::{Ending, print, print_json};

pub(crate) fn run(path: &Path, options: &CheckOptions) -> miette::Result<Ending> {
    match (Config::read(path), options.json) {
        (Ok(_), true) => print_json(&Vec::<()>::new())?,
        (Ok(config), false) => {
            let repositories = config.repositories.iter().count();
            print([format!(
                "{} is valid: mode {}, {repositories} listed {}",
                path.display(),
                mode(&config),
                noun(repositories)
            )])?;
        }
        (Err(ConfigError::Problems(problems)), true) => {
            print_json(&problems.listed())?;
            return Ok(Ending::Problems);
        }
        (Err(error), _) => return Err(error.into()),
    }
    Ok(Ending::Done)
}

fn mode(config: &Config) -> &'static str {
    match config.daemon.mode {
        domain::Mode::Observe => "observe",
        domain::Mode::Explain => "explain",
        domain::Mode::Propose => "propose",
    }
}

fn noun(count: usize) -> &'static str {
    if count == 1 { "repository" } else { "repositories" }
}
