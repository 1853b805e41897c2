//! `rollmend check`.

mod paragraph;

use std::path::Path;

use crate::cli::CheckOptions;
use crate::config::{Config, ConfigError};
use crate::console::{Ending, print, print_json};

pub(crate) fn run(path: &Path, options: &CheckOptions) -> miette::Result<Ending> {
    match (Config::read(path), options.json) {
        (Ok(_), true) => print_json(&Vec::<()>::new())?,
        (Ok(config), false) => {
            print([format!("{} is valid: {}", path.display(), paragraph::of(&config))])?;
        }
        (Err(ConfigError::Problems(problems)), true) => {
            print_json(&problems.listed())?;
            return Ok(Ending::Problems);
        }
        (Err(error), _) => return Err(error.into()),
    }
    Ok(Ending::Done)
}
